import Testing

@testable import Site

@Suite struct PasswordTests {
    private static let secret = "Tr0ub4dor&3"
    private static let password = Password(secret)
    private static let account = Account(username: "joe", password: password)

    private struct Refusal: Error {
        var account = PasswordTests.account
        var attempts = [PasswordTests.password]
        var last: Password? = PasswordTests.password
        var named = ["joe": PasswordTests.password]
    }

    private enum Step { case login(Password, then: Account?) }

    /// Whatever a password can be in when something is printed.
    private static var holders: [(String, Any)] {
        [
            ("itself", password),
            ("optional", Optional(password) as Any),
            ("array", [password]),
            ("set", Set([password])),
            ("dictionary", [password: password]),
            ("tuple", (1, password)),
            ("account", account),
            ("optional account", Optional(account) as Any),
            ("enum", Step.login(password, then: account)),
            ("error", Refusal() as any Error),
            ("result", Result<Account, any Error>.failure(Refusal())),
        ]
    }

    @Test func `it is what it was made of, and compares by it`() {
        #expect(Self.password.secret == Self.secret)
        #expect(Self.password == Password(Self.secret))
        #expect(Self.password != Password("other"))
    }

    @Test func `no description of it shows the secret`() {
        #expect(Self.password.description == "[password]")
        #expect(Self.password.debugDescription == "[password]")
        #expect("\(Self.password)" == "[password]")
    }

    @Test func `nothing that holds it shows the secret when it is described`() {
        for (name, holder) in Self.holders {
            #expect(!String(describing: holder).contains(Self.secret), "\(name)")
            #expect(!String(reflecting: holder).contains(Self.secret), "\(name)")
        }
    }

    @Test func `nothing that holds it shows the secret when it is dumped`() {
        for (name, holder) in Self.holders {
            var text = ""
            dump(holder, to: &text)
            #expect(!text.isEmpty)
            #expect(!text.contains(Self.secret), "\(name)")
        }
    }

    @Test func `a mirror finds nothing in it`() {
        #expect(Mirror(reflecting: Self.password).children.isEmpty)
    }
}
