/// One line of a ManageSieve server (RFC 5804, section 4), as far as a poll has to understand it.
enum SieveResponse {
    /// `OK`, `NO` or `BYE`, which ends a response.
    case status(SieveStatus)
    /// A line of strings: a capability and its value, where it has one.
    case strings([[UInt8]])
    /// None of ManageSieve's.
    case malformed

    /// Reads a line; a literal at its end is left out.
    init(_ line: ArraySlice<UInt8>) {
        if let status = SieveStatus(line) {
            self = .status(status)
            return
        }
        var rest = line
        var strings: [[UInt8]] = []
        while rest.first == UInt8(ascii: "\"") {
            guard let string = rest.popQuoted() else {
                self = .malformed
                return
            }
            strings.append(string)
            rest = rest.drop { $0 == UInt8(ascii: " ") }
        }
        self = strings.isEmpty || !(rest.isEmpty || IMAPLiteral(atEndOf: rest) != nil) ? .malformed : .strings(strings)
    }
}

/// `NO (TRYLATER) "Not now."`, as OK, NO or BYE.
struct SieveStatus {
    enum Condition { case ok, no, bye }

    let condition: Condition
    /// What stood in parentheses.
    let code: ArraySlice<UInt8>?
    /// For people, quotes and escapes taken away where that leaves a part of the line.
    let text: ArraySlice<UInt8>
    /// The text follows the line as a literal.
    let literal: IMAPLiteral?

    init?(_ line: ArraySlice<UInt8>) {
        let (word, rest) = line.firstWord
        switch word {
        case _ where word.equals("OK"): condition = .ok
        case _ where word.equals("NO"): condition = .no
        case _ where word.equals("BYE"): condition = .bye
        default: return nil
        }
        let (code, text) = Self.codeAndText(rest)
        self.code = code
        literal = IMAPLiteral(atEndOf: text)
        self.text = literal == nil ? text.trimmingQuotes : []
    }

    /// The content of the parentheses at the start, which may hold quoted strings, and what follows.
    private static func codeAndText(_ rest: ArraySlice<UInt8>) -> (ArraySlice<UInt8>?, ArraySlice<UInt8>) {
        guard rest.first == UInt8(ascii: "(") else { return (nil, rest) }
        var inner = rest.dropFirst()
        while let byte = inner.first, byte != UInt8(ascii: ")") {
            if byte != UInt8(ascii: "\"") {
                inner = inner.dropFirst()
            } else if inner.popQuoted() == nil {
                return (nil, rest)
            }
        }
        guard !inner.isEmpty else { return (nil, rest) }
        let code = rest[(rest.startIndex + 1)..<inner.startIndex]
        return (code, inner.dropFirst().drop { $0 == UInt8(ascii: " ") })
    }
}

extension ArraySlice<UInt8> {
    /// Takes a quoted string (RFC 5804, section 4) from the start and gives its content; nil where there is none.
    mutating func popQuoted() -> [UInt8]? {
        guard first == UInt8(ascii: "\"") else { return nil }
        var content: [UInt8] = []
        var index = startIndex + 1
        while index < endIndex {
            switch self[index] {
            case UInt8(ascii: "\""):
                self = self[(index + 1)...]
                return content
            case UInt8(ascii: "\\"):
                index += 1
                guard index < endIndex else { return nil }
                content.append(self[index])
            default: content.append(self[index])
            }
            index += 1
        }
        return nil
    }

    /// Without a quote at either end.
    fileprivate var trimmingQuotes: ArraySlice<UInt8> {
        guard count >= 2, first == UInt8(ascii: "\""), last == UInt8(ascii: "\"") else { return self }
        return dropFirst().dropLast()
    }
}
