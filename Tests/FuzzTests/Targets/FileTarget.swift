internal import Site

@testable internal import Settings

/// The files that dovemon reads. Their authors are no enemies, and make every mistake.
enum FileTarget {
    /// What stands as a password in the corpus: wherever it has slipped to, it is never shown.
    private static let secret = "tosivaikeasalasana"

    static func settings(_ bytes: [UInt8]) -> [String] {
        let loaded = Settings.read(bytes, file: "c")
        var complaints = check(loaded)
        guard let settings = loaded.value else { return complaints.texts }
        let text = effectiveConfiguration(settings, Accounts())
        // The accounts follow as a document of their own.
        let end = text.firstRange(of: "\n---\n")?.upperBound ?? text.endIndex
        let again = Settings.read(Array(text[..<end].utf8.dropLast(4)), file: "again")
        complaints.unless(again.value == settings, "not read again as it was shown: \(again.diagnostics)\n\(text)")
        return complaints.texts
    }

    static func accounts(_ bytes: [UInt8]) -> [String] {
        let loaded = Accounts.read(bytes, file: "a")
        var complaints = check(loaded)
        for diagnostic in loaded.diagnostics {
            complaints.unless(!"\(diagnostic)".contains(secret), "a password is shown: \(diagnostic)")
        }
        guard let accounts = loaded.value else { return complaints.texts }
        for account in accounts.map(\.account) + [accounts.fallback].compactMap({ $0 }) {
            for text in [account.username, account.password.secret, account.masterUser, account.lmtpAddress] {
                complaints.unless(
                    text?.unicodeScalars.contains { $0 == "\r" || $0 == "\n" || $0 == "\0" } != true,
                    "more than a line: \(account)")
            }
        }
        let text = accounts.yaml { $0.secret }
        let again = Accounts.read(Array(text.utf8), file: "again")
        complaints.unless(again.value == accounts, "not read again as it was written: \(again.diagnostics)\n\(text)")
        return complaints.texts
    }

    static func poolmon(_ bytes: [UInt8]) -> [String] {
        if let words = try? PoolmonImport.options(inFile: bytes) { _ = try? PoolmonImport(words) { _ in bytes } }
        return []
    }

    private static func check<Value>(_ loaded: Loaded<Value>) -> Complaints {
        var complaints = Complaints()
        let isWrong = loaded.diagnostics.contains { $0.severity == .error }
        complaints.unless((loaded.value == nil) == isWrong, "errors, and a value: \(loaded.diagnostics)")
        for diagnostic in loaded.diagnostics {
            complaints.unless(isShowable("\(diagnostic)", limit: 8_192), "not to be shown: \(diagnostic)")
        }
        return complaints
    }
}
