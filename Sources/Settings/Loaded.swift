import Glibc

/// What came of reading a file.
package enum Loaded<Value: Sendable>: Sendable {
    /// It was read, with what there is to tell all the same. `from` is the path, nil where no file is needed and none is
    /// there.
    case read(Value, from: String?, warnings: [Diagnostic])
    /// There is a file and it cannot be used; all that is wrong with it, and the warnings, in the file's order.
    case wrong([Diagnostic])
    /// No file is at the path that was given, or at the default places; the diagnostic says where it was looked for.
    case absent(Diagnostic)

    /// The value, when there is one.
    package var value: Value? {
        guard case .read(let value, _, _) = self else { return nil }
        return value
    }

    /// The path of the file that was read.
    package var path: String? {
        guard case .read(_, let path, _) = self else { return nil }
        return path
    }

    /// Everything there is to tell the user, in the file's order.
    package var diagnostics: [Diagnostic] {
        switch self {
        case .read(_, _, let warnings): warnings
        case .wrong(let diagnostics): diagnostics
        case .absent(let diagnostic): [diagnostic]
        }
    }
}

extension Loaded: Equatable where Value: Equatable {}

extension Loaded {
    /// Reads the file at `path`, or, without a path, at the first of `places` that has one.
    ///
    /// A place whose file is there and cannot be read is an error: the next one would hide it. `absent` says what no file
    /// means; it is given the diagnostic where the file was asked for by its path. `doubt` says what is doubtful about
    /// permissions.
    static func load(
        path: String?, places: [String], limit: FileSizeLimit, absent: (Diagnostic?) -> Self,
        doubt: (mode_t) -> String? = { _ in nil }, read: ([UInt8], String) -> Self
    ) -> Self {
        for place in path.map({ [$0] }) ?? places {
            do throws(FileFailure) {
                let file = try regularFile(place, limit: limit)
                let loaded = read(file.bytes, place)
                guard let doubt = doubt(file.permissions) else { return loaded }
                return loaded.warning(Diagnostic(.warning, file: place, at: nil, doubt))
            } catch {
                if path == nil, error.isAbsent { continue }
                var findings = Findings(file: place)
                findings.error(error)
                return error.isAbsent ? absent(findings.diagnostics.first) : .wrong(findings.diagnostics)
            }
        }
        return absent(nil)
    }

    /// The same with one more warning, behind all others, as it has no place in the file.
    private func warning(_ warning: Diagnostic) -> Self {
        switch self {
        case .read(let value, let path, let warnings): .read(value, from: path, warnings: warnings + [warning])
        case .wrong(let diagnostics): .wrong(diagnostics + [warning])
        case .absent: self
        }
    }
}
