/// Reads what a shell would make of a text, as far as that needs no execution: quotes and backslashes, no variables, no
/// commands.
struct ShellWords {
    private var rest: Substring

    private init(_ text: some StringProtocol) { rest = Substring(text) }

    /// The words of a text, as a shell splits a command line. `$` and `` ` `` stand for themselves.
    static func split(_ text: String) throws(PoolmonMistake) -> [String] {
        var reader = ShellWords(text)
        var words: [String] = []
        while true {
            reader.rest = reader.rest.drop(while: \.isWhitespace)
            guard !reader.rest.isEmpty else { return words }
            words.append(try reader.word(isExpanded: false))
        }
    }

    /// The value that `name` has after all assignments of a file such as /etc/default/poolmon; nil when it has none.
    static func value(of name: String, in text: String) throws(PoolmonMistake) -> String? {
        var reader = ShellWords(text)
        var value: String?
        while !reader.rest.isEmpty {
            reader.rest = reader.rest.drop(while: \.isWhitespace)
            let line = reader.rest.prefix { !$0.isNewline }
            var assignment = line
            if assignment.hasPrefix("export ") { assignment = assignment.dropFirst(7).drop { $0 == " " } }
            let variable = assignment.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            let isWanted = variable == name
            var behind = assignment[variable.endIndex...]
            let appends = behind.hasPrefix("+=")
            if appends { behind = behind.dropFirst() }
            guard !variable.isEmpty, behind.first == "=" else {
                reader.rest = reader.rest.drop { !$0.isNewline }
                continue
            }
            reader.rest = reader.rest[behind.dropFirst().startIndex...]
            // The word of any variable may go on over lines, but only one has to be understood.
            let word = try reader.word(isExpanded: isWanted)
            if isWanted {
                value = (appends ? value ?? "" : "") + word
                try reader.expectEndOfAssignment(of: name)
            }
            reader.rest = reader.rest.drop { !$0.isNewline }
        }
        return value
    }

    /// To a shell, words behind a value without quotes are a command; to systemd they belong to the value.
    private func expectEndOfAssignment(of name: String) throws(PoolmonMistake) {
        let behind = rest.prefix { !$0.isNewline }.drop(while: \.isWhitespace)
        guard behind.isEmpty || behind.first == "#" || behind.first == ";" else {
            throw PoolmonMistake("there are words behind the value of \(name): put all of it in quotes")
        }
    }

    /// The word that begins here.
    private mutating func word(isExpanded: Bool) throws(PoolmonMistake) -> String {
        var word = ""
        var quote: Character?
        while let character = rest.first {
            if quote == nil, character.isWhitespace || (isExpanded && character == ";") { return word }
            rest = rest.dropFirst()
            switch (quote, character) {
            case (nil, "'"), (nil, "\""): quote = character
            case (let mark?, _) where character == mark: quote = nil
            case ("'", _): word.append(character)
            case (_, "\\"):
                guard let escaped = rest.popFirst() else { return word + "\\" }
                if quote == "\"", !"$`\"\\\n".contains(escaped) { word.append("\\") }
                if !escaped.isNewline { word.append(escaped) }
            case (_, "$") where isExpanded, (_, "`") where isExpanded:
                throw PoolmonMistake("the options have a variable or a command in them, which are not executed here")
            default: word.append(character)
            }
        }
        if quote != nil { throw PoolmonMistake("a quotation has no end") }
        return word
    }
}

/// Why poolmon's options cannot be taken over. It says nothing of what a credentials file has in it.
package struct PoolmonMistake: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    package let description: String

    init(_ description: String) { self.description = description }
}
