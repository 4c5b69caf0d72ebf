import Settings
import Site
import Testing

private func read(_ text: String) -> Loaded<Accounts> { Accounts.read(Array(text.utf8), file: "a") }

private func complaints(_ text: String) -> [String] { read(text).diagnostics.map(\.description) }

private func entry(_ fields: String) -> String { "10.2.2.75:\n  \(fields)\n" }

@Suite struct AccountsFileTests {
    static let form = "an address, and indented below it `username: …` and `password: …`"
    static let text = "a text, in quotes where it has special characters"
    static let address = "the backend's address as `doveadm director status` shows it, or default"

    @Test func eachBackendHasItsAccount() throws {
        let accounts = try #require(
            read(
                """
                10.2.2.76: {username: user0002, password: b}
                2001:db8::1:
                  password: c
                  username: user0003
                "10.2.2.75":
                  username: user0001
                  password: a
                """
            ).value)
        let first = try #require(IPAddress("10.2.2.75"))
        let other = try #require(IPAddress("10.2.2.77"))
        #expect(accounts[first] == Account(username: "user0001", password: Password("a")))
        #expect(accounts[other] == nil)
        #expect(accounts.map(\.address.description) == ["10.2.2.75", "10.2.2.76", "2001:db8::1"])
        #expect(accounts.map(\.account.username) == ["user0001", "user0002", "user0003"])
    }

    @Test(arguments: ["", "# none yet\n", "{}\n"])
    func aFileWithoutAccountsIsValid(text: String) {
        #expect(read(text) == .read(Accounts(), from: "a", warnings: []))
    }

    @Test(arguments: [
        ("0123", "0123"), ("yes", "yes"), ("1e3", "1e3"), ("~", "~"), ("null", "null"), ("'0123'", "0123"),
        ("\"a\\\"b\\\\\"", "a\"b\\"), ("a#b:c", "a#b:c"), ("pä ss😀", "pä ss😀"), ("''", ""),
        ("'it''s'", "it's"), ("2026-11-21", "2026-11-21"), ("|-\n    block", "block"),
    ])
    func aPasswordIsTheTextThatStandsThere(written: String, meant: String) throws {
        let username = meant.isEmpty ? "u" : written
        let accounts = try #require(read(entry("username: \(username)\n  password: \(written)")).value)
        #expect(accounts.map(\.account.password.secret) == [meant])
        #expect(accounts.map(\.account.username) == [meant.isEmpty ? "u" : meant])
    }

    @Test(arguments: [
        ("username: u", "a:1:1: 10.2.2.75: no password, accepted: both username and password"),
        ("password: p", "a:1:1: 10.2.2.75: no username, accepted: both username and password"),
        ("username: u\n  password:", "a:3:3: password: no value, accepted: \(text)"),
        ("username:\n  password: p", "a:2:3: username: no value, accepted: \(text)"),
        ("username: ''\n  password: p", "a:2:13: username: an empty user name, accepted: the name of a test account"),
        (
            "username: [u]\n  password: p",
            "a:2:13: username: a list or mapping instead of a text, accepted: \(text)"
        ),
        ("username: \"a\\0\"\n  password: p", "a:2:13: username: a CR, LF or NUL in it, accepted: a text of one line"),
        ("username: u\n  password: \"a\\0\"", "a:3:13: password: a CR, LF or NUL in it, accepted: a text of one line"),
        (
            "username: u\n  password: \"a\\r\\nb\"",
            "a:3:13: password: a CR, LF or NUL in it, accepted: a text of one line"
        ),
        (
            "username: u\n  password: |\n    p",
            "a:3:13: password: a CR, LF or NUL in it, accepted: a text of one line"
        ),
        (
            "username: u\n  password: " + String(repeating: "p", count: 1_025),
            "a:3:13: password: a text of 1025 bytes, accepted: at most 1024 bytes"
        ),
        (
            "username: u\n  password: p\n  username: u",
            "a:4:3: username: set a second time, first in line 2, accepted: one value"
        ),
        ("just text", "a:2:3: 10.2.2.75: no account follows, accepted: \(form)"),
        ("", "a:1:1: 10.2.2.75: no account follows, accepted: \(form)"),
        (
            "username: u\n  password: *p",
            "a:3:13: an alias (*), accepted: the value itself, in quotes where it begins with *"
        ),
        (
            "username: u\n  password: !p x",
            "a:3:13: a tag (!), accepted: the value alone, in quotes where it begins with !"
        ),
        (
            "username: u\n  password:p\n10.2.2.76:",
            "a:3:3: no colon after the key, accepted: `key: value`, with a space after the colon"
        ),
    ])
    func aWrongAccountIsNamed(fields: String, complaint: String) {
        #expect(complaints(entry(fields)) == [complaint])
        #expect(read(entry(fields)).value == nil)
    }

    @Test(arguments: [
        (
            "10.2.2.300: {username: u, password: p}", "a:1:1: not an IP address, accepted: \(address)"
        ),
        ("10.2.2.300: x", "a:1:1: not an IP address, accepted: \(address)"),
        (
            "\"10.0.0.1\\0\": {username: u, password: p}",
            "a:1:1: not an IP address, accepted: \(address)"
        ),
        ("username: u", "a:1:1: not an IP address, accepted: \(address)"),
        ("- 10.0.0.1", "a:1:1: the file is no list of accounts, accepted: \(form)"),
    ])
    func aWrongAddressIsNamed(text: String, complaint: String) {
        #expect(complaints(text + "\n") == [complaint])
    }

    @Test func twoSpellingsOfOneAddressAreOneAddress() {
        #expect(
            complaints(
                """
                2001:db8::1: {username: u, password: p}
                10.2.2.75: {username: u, password: p}
                "2001:DB8:0::1": {username: u, password: p}
                10.2.2.75: {username: u, password: p}
                """
            ) == [
                "a:3:1: 2001:DB8:0::1: the same address as in line 1, accepted: one account for an address",
                "a:4:1: 10.2.2.75: the same address as in line 2, accepted: one account for an address",
            ])
    }

    @Test func anUnknownKeyIsAWarningThatTellsNoSecret() {
        let loaded = read(entry("{username: u, password: se,cret, pasword: p}"))
        #expect(
            loaded.diagnostics.map(\.description) == [
                "a:2:30: warning: 10.2.2.75: unknown key, ignored, known are username, password, masteruser, lmtp_address, ssl_server_name",
                "a:2:36: warning: 10.2.2.75: unknown key, ignored, did you mean password?",
            ])
        #expect(loaded.value?.count == 1)
    }

    @Test func allMistakesAreListedInTheFilesOrder() {
        #expect(
            complaints(
                """
                10.0.0.1:
                  username: u
                10.0.0.2:
                  user: u
                  password: p
                backend3:
                  username: u
                  password: p
                10.0.0.4:
                  username: u
                \tpassword: p
                """
            ) == [
                "a:1:1: 10.0.0.1: no password, accepted: both username and password",
                "a:3:1: 10.0.0.2: no username, accepted: both username and password",
                "a:4:3: warning: 10.0.0.2: unknown key, ignored, known are username, password, masteruser, lmtp_address, ssl_server_name",
                "a:6:1: not an IP address, accepted: \(Self.address)",
                "a:11:1: a tab cannot indent YAML, accepted: spaces",
            ])
    }

    @Test func thousandsOfAccountsAreRead() {
        let text = (0..<20_000).map { number in
            "10.1.\(number / 250).\(number % 250 + 1):\n  username: user\(number)\n  password: p\(number)\n"
        }.joined()
        #expect(read(text).value?.count == 20_000)
    }
}
