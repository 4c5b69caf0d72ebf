/// Gathers the diagnostics of one file.
///
/// What a file can make it keep is bounded: beyond `limit` errors, or as many warnings, they are only counted.
struct Findings {
    static let limit = 200

    let file: String
    private var kept: [Diagnostic] = []
    private var errors = 0
    private var warnings = 0
    private var advice: [Diagnostic] = []

    init(file: String) { self.file = file }

    var hasErrors: Bool { errors > 0 }

    /// The diagnostics in the file's order, those without a position last.
    var diagnostics: [Diagnostic] {
        // The offset keeps the order among equals, which `sort` does not promise.
        var sorted = (kept + advice).enumerated().sorted { left, right in
            let end = Position(line: .max, column: .max)
            return (left.element.position ?? end, left.offset) < (right.element.position ?? end, right.offset)
        }.map(\.element)
        let unlisted = max(0, errors - Self.limit) + max(0, warnings - Self.limit)
        if unlisted > 0 {
            let severity = errors > Self.limit ? Diagnostic.Severity.error : .warning
            sorted.append(
                Diagnostic(severity, file: file, at: nil, "\(unlisted) more are not listed, mend the ones above first"))
        }
        return sorted
    }

    mutating func error(at position: Position?, key: String? = nil, _ wrong: String, accepted: String) {
        errors += 1
        guard errors <= Self.limit else { return }
        kept.append(Diagnostic(.error, file: file, at: position, key: key, "\(wrong), accepted: \(accepted)"))
    }

    mutating func error(_ failure: FileFailure) {
        errors += 1
        kept.append(Diagnostic(.error, file: file, at: nil, failure.message))
    }

    mutating func warning(at position: Position?, key: String? = nil, _ doubt: String) {
        warnings += 1
        guard warnings <= Self.limit else { return }
        kept.append(Diagnostic(.warning, file: file, at: position, key: key, doubt))
    }

    /// There is as much advice as there are rules, whatever the file is.
    mutating func advice(at position: Position?, key: String?, _ text: String) {
        advice.append(Diagnostic(.advice, file: file, at: position, key: key, text))
    }

    /// What the file gives when `value` is what could be read of it.
    func loaded<Value>(_ value: Value) -> Loaded<Value> {
        hasErrors ? .wrong(diagnostics) : .read(value, from: file, warnings: diagnostics)
    }
}
