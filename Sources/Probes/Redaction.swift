internal import Site

/// Strikes an account's password out of what a server says: some repeat the command that they refuse.
struct Redaction: Sendable {
    private static let replacement = Array("[password]".utf8)
    /// The password in each form in which it goes over the wire.
    private let secrets: [[UInt8]]

    init(_ account: Account?) {
        guard let account, !account.password.secret.isEmpty else {
            secrets = []
            return
        }
        let password = Array(account.password.secret.utf8)
        var secrets = [password, IMAPString.quotedContent(password), SASL.plain(account)]
        // A longer form may hold a shorter one: it has to go first.
        secrets.sort { $0.count > $1.count }
        self.secrets = secrets
    }

    func apply(to bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        secrets.reduce(bytes) { text, secret in Self.replace(secret, in: text) }
    }

    private static func replace(_ secret: [UInt8], in text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.count >= secret.count, let first = secret.first else { return text }
        var result: [UInt8] = []
        var rest = text
        while let index = rest.firstIndex(of: first) {
            result += rest[..<index]
            rest = rest[index...]
            if rest.starts(with: secret) {
                result += replacement
                rest = rest.dropFirst(secret.count)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return ArraySlice(result + rest)
    }
}
