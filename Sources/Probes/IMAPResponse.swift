/// One line of an IMAP response (RFC 9051, section 7; RFC 3501 likewise), as far as a poll has to understand it.
enum IMAPResponse {
    /// `+ …`: the server waits for more.
    case continuation
    /// `* OK`, `* NO`, `* BAD`, `* PREAUTH`, `* BYE`.
    case untaggedStatus(IMAPStatus)
    /// `* CAPABILITY` with its words.
    case capabilities(ArraySlice<UInt8>)
    /// Any other `* …`: what stands behind the asterisk, and the literal that follows it.
    case data(ArraySlice<UInt8>, IMAPLiteral?)
    /// `TAG OK`, `TAG NO`, `TAG BAD`.
    case tagged(tag: ArraySlice<UInt8>, IMAPStatus)
    /// None of IMAP's.
    case malformed

    /// Reads a line that begins a response.
    init(_ line: ArraySlice<UInt8>) {
        let (first, rest) = line.firstWord
        switch first {
        case _ where first.equals("+"): self = .continuation
        case _ where first.equals("*"):
            if let status = IMAPStatus(rest) {
                self = .untaggedStatus(status)
            } else if rest.isEmpty {
                self = .malformed
            } else if rest.firstWord.word.equals("CAPABILITY") {
                self = .capabilities(rest.firstWord.rest)
            } else {
                self = .data(rest, IMAPLiteral(atEndOf: rest))
            }
        case _ where first.isEmpty: self = .malformed
        default:
            guard let status = IMAPStatus(rest) else {
                self = .malformed
                return
            }
            self = .tagged(tag: first, status)
        }
    }
}

/// A status response without its tag: `NO [AUTHENTICATIONFAILED] Authentication failed.`
struct IMAPStatus {
    enum Condition { case ok, no, bad, preauth, bye }

    let condition: Condition
    /// What stood in brackets.
    let code: ArraySlice<UInt8>?
    /// For people.
    let text: ArraySlice<UInt8>

    /// Reads what follows the tag; nil when it is no status.
    init?(_ line: ArraySlice<UInt8>) {
        let (word, rest) = line.firstWord
        switch word {
        case _ where word.equals("OK"): condition = .ok
        case _ where word.equals("NO"): condition = .no
        case _ where word.equals("BAD"): condition = .bad
        case _ where word.equals("PREAUTH"): condition = .preauth
        case _ where word.equals("BYE"): condition = .bye
        default: return nil
        }
        (code, text) = rest.responseCode
    }
}

/// The announcement of a literal at the end of a line: `{12}`, `{12+}`, `~{12}`.
struct IMAPLiteral: Equatable, Sendable {
    /// Where in the line it is announced.
    let start: Int
    /// How many bytes follow; `Int.max` where the number has no meaning that a poll could wait for.
    let count: Int

    /// Reads the end of a line; nil when no literal follows.
    init?(atEndOf line: ArraySlice<UInt8>) {
        guard line.last == UInt8(ascii: "}"), let open = line.lastIndex(of: UInt8(ascii: "{")) else { return nil }
        start = open > line.startIndex && line[open - 1] == UInt8(ascii: "~") ? open - 1 : open
        var digits = line[(open + 1)...].dropLast()
        if digits.last == UInt8(ascii: "+") { digits.removeLast() }
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        count = Int(String(decoding: digits, as: UTF8.self)) ?? .max
    }
}
