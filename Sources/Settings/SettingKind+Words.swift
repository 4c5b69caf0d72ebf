import Site

extension SettingKind where Value == Bool {
    /// A Boolean of YAML 1.1.
    static let yesNo = SettingKind(
        accepted: "yes or no",
        read: { node throws(Complaint) in
            let text = try node.plainText()
            if YAMLBoolean.yes.contains(text) { return true }
            if YAMLBoolean.no.contains(text) { return false }
            throw Complaint(node, "\(quoted(text)) is neither yes nor no")
        },
        write: { $0 ? "yes" : "no" })
}

/// https://yaml.org/type/bool.html
private enum YAMLBoolean {
    static let yes: Set = ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]
    static let no: Set = ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"]
}

extension SettingKind where Value == TLSMode {
    /// Whether TLS is used from the first byte on.
    static let ssl = SettingKind(
        accepted: SettingKind<Bool>.yesNo.accepted,
        read: { node throws(Complaint) in try SettingKind<Bool>.yesNo.read(node) ? .implicit : .none },
        write: { SettingKind<Bool>.yesNo.write($0 == .implicit) })
}

extension SettingKind where Value: RawRepresentable<String> & CaseIterable & Sendable {
    /// One of the cases' raw values.
    static var oneOf: Self {
        SettingKind(
            accepted: Value.allCases.map(\.rawValue).joined(separator: ", "),
            read: { node throws(Complaint) in
                let text = try node.anyText()
                if let value = Value(rawValue: text) { return value }
                throw Complaint(node, "\(quoted(text)) is none of the names")
            },
            write: { yamlText($0.rawValue) })
    }
}

extension SettingKind where Value == String {
    /// The path of a Unix socket, which the kernel limits to 107 bytes (unix(7)).
    static let socketPath = SettingKind(
        accepted: "an absolute path of at most 107 bytes",
        read: { node throws(Complaint) in
            let text = try node.anyText()
            guard text.utf8.first == UInt8(ascii: "/") else {
                throw Complaint(node, "\(quoted(text)) is no absolute path")
            }
            guard !text.utf8.contains(0) else { throw Complaint(node, "a path with a NUL in it") }
            guard text.utf8.count <= 107 else { throw Complaint(node, "a path of \(text.utf8.count) bytes") }
            return text
        },
        write: { yamlText($0) })
}

extension YAMLNode {
    /// The text of a scalar, in quotes or not.
    func anyText() throws(Complaint) -> String {
        switch content {
        case .scalar(let text, let isPlain):
            guard !isPlain || !["", "~", "null", "Null", "NULL"].contains(text) else {
                throw Complaint(self, "no value")
            }
            return text
        case .mapping: throw Complaint(self, "a mapping instead of a value")
        case .sequence: throw Complaint(self, "a list instead of a value")
        // The reader has reported it, and the settings' reader leaves it alone.
        case .refused: throw Complaint(self, "no value")
        }
    }

    /// The text of a scalar that YAML would take for something else than text: one without quotes.
    func plainText() throws(Complaint) -> String {
        let text = try anyText()
        guard case .scalar(_, isPlain: true) = content else {
            throw Complaint(self, "\(quoted(text)) is a text, being in quotes or a block")
        }
        return text
    }
}

/// A foreign text for a diagnostic.
func quoted(_ text: String) -> String { "\"\(printable(text, limit: 40))\"" }
