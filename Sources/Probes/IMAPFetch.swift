/// One piece of a response that holds literals.
enum IMAPPiece: Equatable, Sendable {
    /// A line, or what of it stands before a literal's announcement.
    case text(ArraySlice<UInt8>)
    /// A literal's content.
    case literal(ArraySlice<UInt8>)
}

/// What a FETCH response (RFC 9051, section 7.5.2) says of one message: its UID, the header fields asked for, and the
/// text.
struct IMAPFetch: Equatable, Sendable {
    let uid: UInt32
    let header: ArraySlice<UInt8>
    /// Its beginning; nil where it was not told.
    let text: ArraySlice<UInt8>?

    /// Reads a response, the `*` cut off; nil when it is none, or says less or more than UID and header once each.
    init?(_ pieces: [IMAPPiece]) {
        guard var tokens = Self.tokens(pieces).map({ $0[...] }) else { return nil }
        guard case .atom = tokens.popFirst(), case .atom(let word) = tokens.popFirst(), word.equals("FETCH"),
            tokens.popFirst() == .open
        else { return nil }
        var uids: [UInt32] = []
        var headers: [ArraySlice<UInt8>] = []
        var texts: [ArraySlice<UInt8>] = []
        while case .atom(let name) = tokens.first {
            tokens.removeFirst()
            guard let value = tokens.popFirst() else { return nil }
            switch value {
            case .atom(let number) where name.equals("UID"):
                guard let uid = UInt32(String(decoding: number, as: UTF8.self)), uid > 0 else { return nil }
                uids.append(uid)
            case .string(let text) where name.hasPrefix("BODY[HEADER.FIELDS"): headers.append(text)
            case .string(let text) where name.hasPrefix("BODY[TEXT]"): texts.append(text)
            case .open: guard Self.skipGroup(&tokens) else { return nil }
            case .atom, .string: break
            case .close: return nil
            }
        }
        guard tokens.elementsEqual([.close]), uids.count == 1, headers.count == 1, texts.count <= 1 else {
            return nil
        }
        uid = uids[0]
        header = headers[0]
        text = texts.first
    }

    private enum Token: Equatable {
        case open, close
        case atom(ArraySlice<UInt8>)
        case string(ArraySlice<UInt8>)
    }

    private static func tokens(_ pieces: [IMAPPiece]) -> [Token]? {
        var tokens: [Token] = []
        // An atom goes on behind a literal in its brackets: a server may name the fields so (`BODY[HEADER.FIELDS ({14}`).
        var isInBrackets = false
        for piece in pieces {
            switch piece {
            case .literal(let text): if !isInBrackets { tokens.append(.string(text)) }
            case .text(var rest):
                if isInBrackets { _ = atom(&rest, &isInBrackets) }
                while let first = rest.first {
                    switch first {
                    case UInt8(ascii: " "): rest.removeFirst()
                    case UInt8(ascii: "("), UInt8(ascii: ")"):
                        tokens.append(first == UInt8(ascii: "(") ? .open : .close)
                        rest.removeFirst()
                    case UInt8(ascii: "\""):
                        guard let text = quoted(&rest) else { return nil }
                        tokens.append(.string(text))
                    default: tokens.append(.atom(atom(&rest, &isInBrackets)))
                    }
                }
            }
        }
        return tokens
    }

    /// Takes a quoted string; nil when it has no end.
    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        rest.removeFirst()
        var text: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return text[...] }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard let escaped = rest.popFirst() else { return nil }
            text.append(escaped)
        }
        return nil
    }

    /// Takes an atom, or what of it follows a literal; brackets within it (`BODY[…]`) may hold anything.
    private static func atom(_ rest: inout ArraySlice<UInt8>, _ isInBrackets: inout Bool) -> ArraySlice<UInt8> {
        let end = rest.firstIndex { byte in
            if byte == UInt8(ascii: "[") { isInBrackets = true }
            if byte == UInt8(ascii: "]") { isInBrackets = false }
            return !isInBrackets
                && (byte == UInt8(ascii: " ") || byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")"))
        }
        let atom = rest[..<(end ?? rest.endIndex)]
        rest = rest[(end ?? rest.endIndex)...]
        return atom
    }

    /// Passes over a group whose opening parenthesis has been taken; false when it has no end.
    private static func skipGroup(_ tokens: inout ArraySlice<Token>) -> Bool {
        var depth = 1
        while depth > 0 {
            switch tokens.popFirst() {
            case nil: return false
            case .open: depth += 1
            case .close: depth -= 1
            case .atom, .string: break
            }
        }
        return true
    }
}

/// What a server found: SEARCH (RFC 3501, section 7.2.5) or ESEARCH (RFC 9051, section 7.3.4).
enum IMAPSearch {
    /// The numbers in a response, the `*` cut off: at most `limit` of them, and none in a response of another kind.
    static func numbers(_ response: ArraySlice<UInt8>, limit: Int) -> [UInt32] {
        var words = response.split(separator: UInt8(ascii: " "))[...]
        guard let kind = words.popFirst() else { return [] }
        if kind.equals("SEARCH") { return Array(words.lazy.compactMap(number).prefix(limit)) }
        guard kind.equals("ESEARCH"), let all = words.firstIndex(where: { $0.equals("ALL") }), all + 1 < words.endIndex
        else { return [] }
        var numbers: [UInt32] = []
        for range in words[all + 1].split(separator: UInt8(ascii: ",")) {
            let ends = range.split(separator: UInt8(ascii: ":")).compactMap(number)
            guard let first = ends.min(), let last = ends.max() else { continue }
            numbers += (first...last).prefix(limit - numbers.count)
        }
        return numbers
    }

    private static func number(_ word: ArraySlice<UInt8>) -> UInt32? {
        guard let first = word.first, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(first) else { return nil }
        return UInt32(String(decoding: word, as: UTF8.self))
    }
}
