import Site

extension SettingKind where Value == String {
    /// The path of a Unix socket, which the kernel limits to 107 bytes (unix(7)).
    static let socketPath = absolutePath(limit: 107)

    /// The path of a file.
    fileprivate static func absolutePath(limit: Int) -> SettingKind {
        SettingKind(
            accepted: "an absolute path of at most \(limit) bytes",
            read: { node throws(Complaint) in
                let text = try node.anyText()
                guard text.utf8.first == UInt8(ascii: "/") else {
                    throw Complaint(node, "\(quoted(text)) is no absolute path")
                }
                guard !text.utf8.contains(0) else { throw Complaint(node, "a path with a NUL in it") }
                guard text.utf8.count <= limit else { throw Complaint(node, "a path of \(text.utf8.count) bytes") }
                return text
            },
            write: { yamlText($0) })
    }

    /// The sender of messages.
    static let reversePath = SettingKind(
        accepted: "a mail address, or nothing",
        read: { node throws(Complaint) in
            if node.isNothing { return "" }
            let text = try node.anyText()
            guard isMailAddress(text) else { throw Complaint(node, "\(quoted(text)) is no mail address") }
            return text
        },
        write: { yamlText($0) })
}

extension SettingKind where Value == String? {
    /// The path of a file (limits.h: PATH_MAX), or nothing.
    static let path = noneOr(.absolutePath(limit: 4_095))

    /// A socket's absolute path; empty for none.
    static let socketPathOrNone = noneOr(.socketPath)

    private static func noneOr(_ path: SettingKind<String>) -> SettingKind {
        SettingKind(
            accepted: path.accepted,
            read: { node throws(Complaint) in node.isNothing ? nil : try path.read(node) },
            write: { yamlText($0 ?? "") })
    }
}

extension SettingKind where Value == ServerName {
    /// A name, or how to find it.
    static let serverName = SettingKind(
        accepted: ServerName.accepted,
        read: { node throws(Complaint) in
            let text = try node.anyText()
            guard let name = ServerName(setting: text) else {
                throw Complaint(node, "\(quoted(text)) is no host name")
            }
            return name
        },
        write: { yamlText($0.setting) })
}

extension ServerName {
    /// What a file can say.
    static let accepted = "a host name, \"%{ptr}\" or \"%{address}\""

    /// By what a file says; nil when that is neither a host name nor one of the words.
    init?(setting text: String) {
        switch text {
        case "%{address}": self = .address
        case "%{ptr}": self = .pointer
        default:
            guard isHostName(text) else { return nil }
            self = .name(text)
        }
    }

    /// What a file says.
    var setting: String {
        switch self {
        case .address: "%{address}"
        case .pointer: "%{ptr}"
        case .name(let name): name
        }
    }
}

/// Whether a certificate can have this name (RFC 1123, section 2.1, and underscores, which are about): an address is
/// none.
func isHostName(_ text: String) -> Bool {
    guard text.utf8.count <= 253, IPAddress(text) == nil else { return false }
    return text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
        (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
            && label.allSatisfy { isASCIILetter($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F }
    }
}

private func isASCIILetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

/// Whether a text can stand between the angle brackets of MAIL FROM and RCPT TO (RFC 5321, section 4.1.2), which it must
/// not end: printable ASCII without spaces and brackets, of at most 254 bytes.
func isMailAddress(_ text: String) -> Bool {
    (1...254).contains(text.utf8.count)
        && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") }
}
