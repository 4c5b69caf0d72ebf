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
        for word in words.split(separator: UInt8(ascii: " ")) {
            if word.equals("LOGINDISABLED") { loginDisabled = true }
            if word.equals("STARTTLS") { startTLS = true }
            if word.equals("ID") { id = true }
            if word.equals("AUTH=PLAIN") { authPlain = true }
            if word.equals("SASL-IR") { saslInitialResponse = true }
            // IMAP4rev2 holds UIDPLUS within it.
            if word.equals("UIDPLUS") || word.equals("IMAP4REV2") { uidPlus = true }
            if word.equals("LITERAL+") { nonSynchronizingLimit = .max }
            // IMAP4rev2 holds LITERAL- within it (RFC 9051, appendix E).
            if word.equals("LITERAL-") || word.equals("IMAP4REV2") {
                nonSynchronizingLimit = max(nonSynchronizingLimit, 4096)
            }
        }
    }

    /// From a status's response code (`CAPABILITY IMAP4rev1 …`); nil when it is another code.
    init?(code: ArraySlice<UInt8>?) {
        guard let (word, rest) = code?.firstWord, word.equals("CAPABILITY") else { return nil }
        self.init(rest)
    }
}
