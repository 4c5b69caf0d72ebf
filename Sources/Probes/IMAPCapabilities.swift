/// What an IMAP server says it can do, as far as a poll depends on it.
struct IMAPCapabilities: Equatable, Sendable {
    /// LOGIN is refused here (RFC 9051, section 6.2.3).
    var loginDisabled = false
    /// STARTTLS is offered.
    var startTLS = false
    /// ID is known (RFC 2971).
    var id = false
    /// AUTHENTICATE PLAIN is offered.
    var authPlain = false
    /// AUTHENTICATE takes an initial response (RFC 4959).
    var saslInitialResponse = false
    /// UID EXPUNGE is known (RFC 4315).
    var uidPlus = false
    /// The longest literal that may be sent without waiting (RFC 7888): any for LITERAL+, 4096 bytes for LITERAL-.
    var nonSynchronizingLimit = 0

    init(_ words: ArraySlice<UInt8>) {
        words.withUnsafeBufferPointer { bytes in
            var start = 0
            for (place, byte) in bytes.enumerated() where byte == UInt8(ascii: " ") {
                note(bytes[start..<place])
                start = place + 1
            }
            note(bytes[start...])
        }
    }

    /// There may be some thirty in each poll: nearly all are told by their length and their first letter.
    private mutating func note(_ word: Slice<UnsafeBufferPointer<UInt8>>) {
        switch (word.count, word.first?.uppercased) {
        case (13, UInt8(ascii: "L")): if word.equals("LOGINDISABLED") { loginDisabled = true }
        case (8, UInt8(ascii: "S")): if word.equals("STARTTLS") { startTLS = true }
        case (2, UInt8(ascii: "I")): if word.equals("ID") { id = true }
        case (10, UInt8(ascii: "A")): if word.equals("AUTH=PLAIN") { authPlain = true }
        case (7, UInt8(ascii: "S")): if word.equals("SASL-IR") { saslInitialResponse = true }
        case (7, UInt8(ascii: "U")): if word.equals("UIDPLUS") { uidPlus = true }
        case (8, UInt8(ascii: "L")):
            if word.equals("LITERAL+") { nonSynchronizingLimit = .max }
            if word.equals("LITERAL-") { nonSynchronizingLimit = max(nonSynchronizingLimit, 4096) }
        case (9, UInt8(ascii: "I")) where word.equals("IMAP4REV2"):
            // It holds UIDPLUS and LITERAL- within it (RFC 9051, appendix E).
            uidPlus = true
            nonSynchronizingLimit = max(nonSynchronizingLimit, 4096)
        default: break
        }
    }

    /// From a status's response code (`CAPABILITY IMAP4rev1 …`); nil when it is another code.
    init?(code: ArraySlice<UInt8>?) {
        guard let (word, rest) = code?.firstWord, word.equals("CAPABILITY") else { return nil }
        self.init(rest)
    }
}
