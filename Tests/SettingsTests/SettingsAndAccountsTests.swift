import Settings
import Site
import Testing

@Suite struct SettingsAndAccountsTests {
    private func told(_ settings: String, _ accounts: String?) -> [String] {
        let none = Loaded<Accounts>.read(Accounts(), from: nil, warnings: [])
        return doubts(
            between: Settings.read(Array(settings.utf8), file: "c"),
            accounts.map { Accounts.read(Array($0.utf8), file: "a") } ?? none
        ).map(\.description)
    }

    private let plain = "10.0.0.1: {username: u, password: secret}\n"
    private let master = "default: {username: u, password: secret, masteruser: m}\n"

    @Test func aMasterUserGoesWithSASL() {
        #expect(told("", plain) == [])
        #expect(told("auth: sasl\n", master) == [])
        #expect(
            told("auth: sasl\n", master + plain) == [
                "a:2:1: 10.0.0.1: no masteruser, accepted: a masteruser in each entry with `auth: sasl`"
            ])
        #expect(
            told("", plain + master) == ["a:2:1: warning: default: masteruser has no effect without `auth: sasl`"])
    }

    @Test func whatNeedsAccountsIsDoubtfulWithoutAny() {
        let settings = """
            auth: sasl
            poll_unknown_backends: no
            poll_imap_select: yes
            poll_imap_append: yes
            poll_imap_expunge: yes
            poll_pop3: yes
            poll_pop3_stat: yes
            poll_pop3_delete: yes
            poll_lmtp: yes
            poll_lmtp_rcpt: yes
            poll_lmtp_deliver: yes
            """
        let names = [
            "auth", "poll_imap_select", "poll_imap_append", "poll_imap_expunge", "poll_pop3_stat", "poll_pop3_delete",
            "poll_lmtp_rcpt", "poll_lmtp_deliver",
        ]
        #expect(
            told(settings, nil)
                == names.map { "c: warning: \($0): has no effect without test accounts, and there are none" } + [
                    "c: warning: poll_unknown_backends: no backend is polled without test accounts, and there are none"
                ])
        #expect(told(settings, master) == [])
        #expect(told("poll_lmtp_rcpt: yes\n", nil) == [])
        #expect(told("poll_lmtp_rcpt: yes\npoll_ports: 24\n", nil).count == 1)
    }

    @Test func whatIsDeliveredElsewhereIsNotFound() {
        let accounts = """
            10.0.0.1: {username: u, password: secret, lmtp_address: u}
            10.0.0.2: {username: u, password: secret, lmtp_address: x@y}
            default: {username: u, password: secret, lmtp_address: z@y}

            """
        let advice =
            "what is delivered there has to come into the INBOX of that user, or each IMAP poll fails with message_lost"
        let delivery = "poll_lmtp: yes\npoll_lmtp_deliver: yes\n"
        for settings in ["poll_imap_select: yes\n", "poll_imap_expunge: yes\n"] {
            #expect(
                told(delivery + settings, accounts) == [
                    "a:2:1: advice: 10.0.0.2: lmtp_address is not username (and 1 more): \(advice)"
                ])
        }
        for settings in [
            delivery, delivery + "poll_imap_select: yes\npoll_imap: no\n", "poll_lmtp: yes\npoll_imap_select: yes\n",
            "poll_lmtp_deliver: yes\npoll_imap_select: yes\n",
        ] {
            #expect(told(settings, accounts) == [])
        }
    }

    @Test func aFileThatIsWrongIsNotLookedAtTwice() {
        #expect(told("auth: sasl\ninterval: x\n", plain) == [])
        #expect(told("auth: sasl\n", "x: y\n") == [])
    }
}

@Suite struct AccountEntriesTests {
    private func read(_ text: String) -> Loaded<Accounts> { Accounts.read(Array(text.utf8), file: "a") }

    @Test func theDefaultAccountServesAllOthers() throws {
        let accounts = try #require(
            read(
                """
                default: {username: all, password: p}
                10.0.0.1: {username: one, password: p, lmtp_address: one@example.com, ssl_server_name: "%{ptr}"}
                """
            ).value)
        let own = try #require(IPAddress("10.0.0.1"))
        let other = try #require(IPAddress("10.0.0.2"))
        #expect(
            accounts[own]
                == Account(
                    username: "one", password: Password("p"), lmtpAddress: "one@example.com", serverName: .pointer))
        #expect(accounts[other] == Account(username: "all", password: Password("p")))
        #expect(accounts.addresses == [own])
        #expect(accounts.count == 2 && !accounts.isEmpty)
        #expect(!Accounts(fallback: accounts[other]).isEmpty)
    }

    @Test(arguments: [
        ("masteruser: ''", "masteruser: an empty user name, accepted: the name of a master user", 15),
        ("lmtp_address: 'a b'", "lmtp_address: no mail address, accepted: such as test@example.com", 17),
        ("lmtp_address: 'a>'", "lmtp_address: no mail address, accepted: such as test@example.com", 17),
        (
            "ssl_server_name: 'a b'",
            "ssl_server_name: no host name, accepted: a host name, \"%{ptr}\" or \"%{address}\"", 20
        ),
    ])
    func aWrongFieldIsNamedWithoutItsText(field: String, complaint: String, column: Int) {
        let text = "default:\n  username: u\n  password: p\n  \(field)\n"
        #expect(read(text).diagnostics.map(\.description) == ["a:4:\(column): \(complaint)"])
    }

    @Test func thereIsOneDefault() {
        let entry = "default: {username: u, password: p}\n"
        #expect(
            read(entry + entry).diagnostics.map(\.description) == [
                "a:2:1: default: set a second time, first in line 1, accepted: one default account"
            ])
        #expect(
            read("default:\n").diagnostics.map(\.description) == [
                "a:1:1: default: no account follows, accepted: \(AccountsFileTests.form)"
            ])
    }

    @Test func allFieldsArePrintedAndReadAgain() throws {
        let text = """
            10.0.0.1:
              username: u
              masteruser: m
              password: "[password]"
              lmtp_address: a@b.c
              ssl_server_name: n.example
            default:
              username: all
              password: "[password]"
              ssl_server_name: "%{ptr}"

            """
        let accounts = try #require(read(text).value)
        #expect(effectiveConfiguration(Settings(), accounts).hasSuffix("---\n" + text))
    }
}
