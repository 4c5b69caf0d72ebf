internal import Site

/// The message that polls write to a mailbox, to find it there again (RFC 5322).
struct TestMessage: Equatable, Sendable {
    /// Tells it from all others.
    let mark: MessageMark
    /// The whole message: 7-bit, with CR LF, and no line longer than 998 bytes.
    let bytes: [UInt8]

    /// What it says to people, each line with its end: the same in all of them.
    static let text = Array(
        ([
            "The mail servers' monitor dovemon writes this message to see whether",
            "mail is stored and can be read. It can be deleted at any time.",
        ].joined(separator: "\r\n") + "\r\n").utf8)

    /// The message of a poll with this stamp; `recipient` is an address or a user name.
    init(_ options: PollOptions, _ stamp: MessageStamp, to recipient: String) {
        mark = MessageMark(options, stamp)
        let domain = Self.domain(mark.host)
        let lines = [
            "Date: \(CivilTime(unixSeconds: stamp.seconds).mailDate)",
            "From: dovemon <dovemon@\(domain)>",
            "To: \(Self.address(recipient, in: domain))",
            "Message-ID: <\(mark.seconds).\(mark.number)@\(domain)>",
            "Subject: dovemon test message",
            // Nobody's holiday has to answer it (RFC 3834, section 5).
            "Auto-Submitted: auto-generated",
            "\(MessageMark.field): \(mark)",
            "",
        ]
        bytes = lines.flatMap { Array($0.utf8) + crlf } + Self.text
    }

    /// As DATA sends it (RFC 5321, section 4.5.2): points at the start of a line doubled, and the one that ends it.
    var dotStuffed: [UInt8] {
        var stuffed: [UInt8] = []
        var isLineStart = true
        for byte in bytes {
            if isLineStart, byte == UInt8(ascii: ".") { stuffed.append(byte) }
            stuffed.append(byte)
            isLineStart = byte == UInt8(ascii: "\n")
        }
        return stuffed + [UInt8(ascii: ".")] + crlf
    }

    /// A dot-atom (RFC 5322, section 3.2.3) of a name that may have points at odd places.
    private static func domain(_ host: String) -> String {
        let labels = host.split(separator: ".")
        return labels.isEmpty ? "localhost" : labels.joined(separator: ".")
    }

    /// The recipient where it can stand in a message as it is, else the group that says nothing.
    private static func address(_ recipient: String, in domain: String) -> String {
        let address = recipient.utf8.contains(UInt8(ascii: "@")) ? recipient : "\(recipient)@\(domain)"
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = parts.count == 2 && address.utf8.count <= 320 && parts.allSatisfy(MailPath.isDotAtom)
        return isPlain ? "<\(address)>" : "undisclosed-recipients:;"
    }
}

/// An address between angle brackets, as MAIL and RCPT take it.
enum MailPath {
    /// The path for an address or a user name; the local part is quoted where it has to be (RFC 5321, section 4.1.2).
    static func path(_ address: String) -> String {
        guard !address.isEmpty, address.utf8.first != UInt8(ascii: "\"") else { return "<\(address)>" }
        let at = address.lastIndex(of: "@")
        let local = address[..<(at ?? address.endIndex)]
        let domain = at.map { address[$0...] } ?? ""
        guard !isDotAtom(local) else { return "<\(address)>" }
        return "<\"\(String(decoding: IMAPString.quotedContent(local.utf8), as: UTF8.self))\"\(domain)>"
    }

    /// Whether a text is words of RFC 5322's atom characters with points between them.
    static func isDotAtom(_ text: Substring) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { word in
            !word.isEmpty && word.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !specials.contains($0) }
        }
    }

    private static let specials = Set("()<>[]:;@\\,.\"".utf8)
}
