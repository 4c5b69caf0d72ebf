internal import Site

/// How a string argument goes to an IMAP server (RFC 9051, section 4.3), and a whole command with it.
enum IMAPString {
    /// The longest text that goes as a quoted string: old servers limit their lines.
    private static let longestQuoted = 512

    /// Whether `text` can be sent between quotes: printable ASCII, and not too long.
    static func isQuotable(_ text: String) -> Bool {
        text.utf8.count <= longestQuoted && text.utf8.allSatisfy { (0x20...0x7e).contains($0) }
    }

    /// `text` between quotes, where only quote and backslash need an escape.
    static func quotedContent(_ text: some Sequence<UInt8>) -> [UInt8] {
        var content: [UInt8] = []
        quote(text, behind: &content)
        return content
    }

    private static func quote(_ text: some Sequence<UInt8>, behind content: inout [UInt8]) {
        for byte in text {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { content.append(UInt8(ascii: "\\")) }
            content.append(byte)
        }
    }

    /// The command that tells a server who asks (RFC 2971, section 3.1).
    static let identification = "ID (\"name\" \"dovemon\" \"version\" \"\(dovemonVersion)\")"

    /// A command with string arguments, in the pieces in which it can be sent: before each piece but the first, the server's
    /// continuation is awaited.
    static func command(_ words: String, arguments: [String], nonSynchronizingLimit: Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var piece = Array(words.utf8)
        for argument in arguments {
            piece.append(UInt8(ascii: " "))
            if isQuotable(argument) {
                piece.append(UInt8(ascii: "\""))
                quote(argument.utf8, behind: &piece)
                piece.append(UInt8(ascii: "\""))
                continue
            }
            let synchronizing = argument.utf8.count > nonSynchronizingLimit
            piece += Array("{\(argument.utf8.count)\(synchronizing ? "" : "+")}".utf8) + crlf
            if synchronizing {
                pieces.append(piece)
                piece = []
            }
            piece += Array(argument.utf8)
        }
        piece += crlf
        pieces.append(piece)
        return pieces
    }

    /// A command that ends with a literal, in pieces likewise.
    static func command(_ words: String, literal: [UInt8], nonSynchronizingLimit: Int) -> [[UInt8]] {
        let isSynchronizing = literal.count > nonSynchronizingLimit
        let announcement = Array("\(words) {\(literal.count)\(isSynchronizing ? "" : "+")}".utf8) + crlf
        return isSynchronizing ? [announcement, literal + crlf] : [announcement + literal + crlf]
    }
}
