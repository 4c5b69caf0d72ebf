import Site

/// A place in a text file.
package struct Position: Hashable, Sendable, Comparable {
    /// The line, from 1.
    package let line: Int
    /// The column in characters, from 1.
    package let column: Int

    /// Makes a position.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// By line, then by column.
    package static func < (left: Position, right: Position) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// One mistake, one doubt or one piece of advice about a settings or accounts file.
///
/// No user name and no password ever appears in it, whatever the file looks like.
package struct Diagnostic: Equatable, Sendable {
    /// How bad it is.
    package enum Severity: Sendable {
        /// The file cannot be used.
        case error
        /// The file can be used, though it may not mean what its author thinks.
        case warning
        /// The file says what its author means, and has consequences that are worth knowing.
        case advice
    }

    /// How bad it is.
    package let severity: Severity
    /// The file's path, as it was given.
    package let file: String
    /// Where in the file; nil when it is about the file as a whole.
    package let position: Position?
    /// The setting or the backend that it is about, as the file spells it.
    package let key: String?
    /// What is wrong, and what is accepted or can be done.
    package let message: String

    /// Makes a diagnostic.
    package init(_ severity: Severity, file: String, at position: Position?, key: String? = nil, _ message: String) {
        self.severity = severity
        self.file = file
        self.position = position
        self.key = key
        self.message = message
    }

    /// The line, from 1.
    package var line: Int? { position?.line }
    /// The column in characters, from 1.
    package var column: Int? { position?.column }
}

extension Diagnostic: CustomStringConvertible {
    /// `FILE:LINE:COLUMN: key: what is wrong, what is accepted`, with `warning: ` or `advice: ` before the key of such;
    /// what does not apply is left out.
    package var description: String {
        var text = printable(file, limit: 4096)
        if let position { text += ":\(position.line):\(position.column)" }
        text += ": "
        switch severity {
        case .error: break
        case .warning: text += "warning: "
        case .advice: text += "advice: "
        }
        if let key { text += printable(key, limit: 80) + ": " }
        return text + message
    }
}
