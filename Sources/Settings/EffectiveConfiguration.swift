import Site

/// The settings and accounts in force, as `dovemon check-config` prints them: two YAML documents in the form of the two
/// files, every setting in the table's order, every password as `[password]`.
package func effectiveConfiguration(_ settings: Settings, _ accounts: Accounts) -> String {
    var text = ""
    for setting in Setting.table { text += "\(setting.name): \(setting.value(in: settings))\n" }
    // Password's description, not its secret.
    return text + "---\n" + accounts.yaml { $0.description }
}

extension Accounts {
    /// The accounts in the form of their file, with each password as `show` has it.
    func yaml(_ show: (Password) -> String) -> String {
        if isEmpty { return "# no accounts: backends are polled without a login\n{}\n" }
        let others = fallback.map { $0.yaml(as: Owner.others.key, show) } ?? ""
        return map { $0.account.yaml(as: $0.address.description, show) }.joined() + others
    }
}

extension Account {
    fileprivate func yaml(as key: String, _ show: (Password) -> String) -> String {
        var text = "\(yamlText(key)):\n  username: \(yamlText(username))\n"
        if let masterUser { text += "  masteruser: \(yamlText(masterUser))\n" }
        text += "  password: \(yamlText(show(password)))\n"
        if let lmtpAddress { text += "  lmtp_address: \(yamlText(lmtpAddress))\n" }
        if let serverName { text += "  ssl_server_name: \(yamlText(serverName.setting))\n" }
        return text
    }
}

/// A text as a YAML scalar that every reader of YAML takes for that text: plain where it can be nothing else, else in
/// double quotes.
func yamlText(_ text: String) -> String {
    guard !isPlainYAML(text) else { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": quoted += "\\\""
        case "\\": quoted += "\\\\"
        default:
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
    }
    return quoted + "\""
}

private func isPlainYAML(_ text: String) -> Bool {
    func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    guard let first = text.utf8.first else { return false }
    if IPAddress(text)?.isIPv6 == false { return true }
    guard isLetter(first) || first == UInt8(ascii: "/") else { return false }
    let isSimple = text.utf8.allSatisfy { isLetter($0) || isDigit($0) || "/_.@-".utf8.contains($0) }
    let words = ["y", "n", "yes", "no", "true", "false", "on", "off", "null"]
    return isSimple && !words.contains(text.lowercased())
}
