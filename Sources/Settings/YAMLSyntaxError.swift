import CLibYAML

/// What keeps a text from being YAML. It says nothing of the text itself, which may be a password.
struct YAMLSyntaxError: Error {
    let position: Position?
    let wrong: String
    let accepted: String
    /// Whether a tab in the indentation can be the cause; between brackets and in quotes a tab is as good as a space.
    private var mayBeTab = true

    init(at position: Position?, _ wrong: String, accepted: String) {
        self.position = position
        self.wrong = wrong
        self.accepted = accepted
    }
}

extension YAMLSyntaxError {
    /// Says libyaml's complaint in the words of somebody who writes settings.
    init(_ parser: yaml_parser_t) {
        let problem = parser.problem.map { String(cString: $0) } ?? ""
        let context = parser.context.map { String(cString: $0) } ?? ""
        let place = Position(parser.problem_mark)
        let opening = Position(parser.context_mark)
        let inQuotes = "quotes around a value that begins with a special character, as in '@value'"
        switch (parser.error, problem) {
        case (YAML_MEMORY_ERROR, _), (YAML_NO_ERROR, _):
            self.init(at: nil, "there was not enough memory to read it", accepted: "a file that fits")
        case (YAML_READER_ERROR, _):
            self.init(at: nil, "not YAML (\(problem) at byte \(parser.problem_offset))", accepted: "UTF-8 text")
        case (_, "found unexpected end of stream") where context == "while scanning a quoted scalar":
            self.init(at: opening, "the quotation that begins here has no end", accepted: "the same mark at its end")
            mayBeTab = false
        case (_, "mapping values are not allowed in this context"):
            self.init(
                at: place, "a colon that follows no key",
                accepted: "one `key: value` a line with a space after the colon, keys of one level indented alike,"
                    + " values with `: ` in them quoted")
        case (_, "could not find expected ':'"):
            self.init(at: opening, "no colon after the key", accepted: "`key: value`, with a space after the colon")
        case (_, "did not find expected key"), (_, "did not find expected <document start>"),
            (_, "did not find expected '-' indicator"):
            self.init(
                at: place, "not where a key can be",
                accepted: "keys of one level indented alike, quotations closed, nothing behind them")
        case (_, "found character that cannot start any token"), (_, "did not find expected node content"),
            (_, "block sequence entries are not allowed in this context"):
            self.init(at: place, "a value cannot begin like this", accepted: inQuotes)
        case _ where Self.specialBeginnings.contains(context):
            self.init(at: opening, "a value cannot begin like this", accepted: inQuotes)
        case (_, "did not find expected ',' or ']'"), (_, "did not find expected ',' or '}'"):
            self.init(
                at: place, "the bracket of line \(opening.line), column \(opening.column) is not closed here",
                accepted: "a comma or the closing bracket; text with brackets or commas in it quoted")
            mayBeTab = false
        case (_, "found unknown escape character"), (_, "did not find expected hexdecimal number"):
            self.init(
                at: place, "a backslash that escapes nothing in double quotes",
                accepted: "two backslashes, or single quotes, in which a backslash stands for itself")
            mayBeTab = false
        default:
            self.init(at: place, "not YAML (\(problem))", accepted: "YAML 1.1; text with special characters quoted")
        }
    }

    /// What libyaml was doing after a character that begins something special, so that text has to be quoted.
    private static let specialBeginnings: Set = [
        "while scanning an alias", "while scanning an anchor", "while scanning a tag", "while parsing a tag",
        "while scanning a block scalar",
    ]

    /// The same error, or the tab that is behind it: libyaml trips over a tab in many ways.
    func blamingTab(in bytes: [UInt8]) -> YAMLSyntaxError {
        guard mayBeTab, let line = position?.line, let column = indentingTab(of: line, in: bytes) else { return self }
        return YAMLSyntaxError(
            at: Position(line: line, column: column), "a tab cannot indent YAML", accepted: "spaces")
    }

    /// The column of the first tab in a line's indentation.
    private func indentingTab(of line: Int, in bytes: [UInt8]) -> Int? {
        // Empty lines count, and CRLF makes one line break.
        var number = 1
        var column = 1
        var isIndentation = true
        var previous: UInt8 = 0
        for byte in bytes {
            if byte == 0x0A, previous == 0x0D {
                previous = byte
                continue
            }
            previous = byte
            if byte == 0x0A || byte == 0x0D {
                if number == line { return nil }
                number += 1
                column = 1
                isIndentation = true
                continue
            }
            guard number == line, isIndentation else { continue }
            if byte == 0x09 { return column }
            if byte != 0x20 { isIndentation = false }
            column += 1
        }
        return nil
    }
}
