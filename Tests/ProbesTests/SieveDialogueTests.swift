import Site
import Testing

@testable import Probes

@Suite struct SieveDialogueTests {
    private static let greeting = [
        "\"IMPLEMENTATION\" \"Dovecot \\\"Pigeonhole\\\"\"", "\"SIEVE\" \"fileinto reject\"",
        "\"SASL\" \"PLAIN LOGIN\"",
        "\"STARTTLS\"", "\"VERSION\" \"1.0\"", "OK \"Dovecot ready.\"",
    ]
    private static let login = "AUTHENTICATE \"PLAIN\" \"AGpvZQBodW50ZXIy\"\r\n"

    @Test func `a poll greets, logs in, asks and leaves`() {
        let poll = rehearse(
            .sieve(), Self.greeting + ["OK \"Logged in.\"", "\"SIEVE\" \"x\"", "OK", "OK \"Logout completed.\""])
        #expect(poll.said == [Self.login, "CAPABILITY\r\n", "LOGOUT\r\n"])
        #expect(poll.report.succeeded)
        #expect(poll.phases == "connect 2, greeting 6, login 1, command 2, logout 1")
    }

    @Test func `without an account the capabilities are looked at`() {
        let poll = rehearse(.sieve(nil), ["\"SASL\" \"\"", "OK", "BYE"])
        #expect(poll.said == ["LOGOUT\r\n"])
        #expect(poll.report.succeeded)
    }

    @Test func `literals are read over, and into where they matter`() {
        let poll = rehearse(
            .sieve(),
            [
                "\"X\" {12}", "OK no", "", "NO ", "\"sasl\" {5}", "PLAIN", "OK (TAG \"a)b\") {6}", "NO", "NO",
                "ok (SASL \"x\") {0}", "", "ok", "BYE {9}",
            ])
        #expect(poll.said == [Self.login, "CAPABILITY\r\n", "LOGOUT\r\n"])
        #expect(poll.report.succeeded)
    }

    @Test func `a very long response goes as a literal`() {
        let account = Account("joe", String(repeating: "p", count: 900))
        let response = String(decoding: SASL.plain(account), as: UTF8.self)
        let poll = rehearse(.sieve(account), ["\"SASL\" \"PLAIN\"", "OK", "OK", "OK", "OK"])
        #expect(poll.said.first == "AUTHENTICATE \"PLAIN\" {\(response.count)+}\r\n\(response)\r\n")
        #expect(poll.report.succeeded)
    }

    @Test(
        arguments: [
            ("NO \"Wrong.\"", nil, "Wrong."), ("NO", nil, ""), ("no (AUTH-TOO-WEAK) \"x\"", "AUTH-TOO-WEAK", "x"),
            ("BYE (TRYLATER) \"Down\"", "TRYLATER", "Down"), ("NO {5}\r\nnever", nil, "never"),
            ("BYE (REFERRAL \"sieve://a)b\") {3}\r\nno\r\n", "REFERRAL \"sieve://a)b\"", "no"),
            ("NO (open \"x\"", nil, "(open \"x\""), ("NO ()", "", ""), ("NO plain words", nil, "plain words"),
        ] as [(String, String?, String)])
    func `a refusal keeps its code and text, wherever it comes`(line: String, code: String?, text: String) {
        for (before, phase) in [
            ([], Phase.greeting), (Self.greeting, .login), (Self.greeting + ["OK"], .command),
        ] {
            #expect(
                rehearse(.sieve(), before + [line]).report.failure
                    == PollFailure(phase: phase, kind: .rejected, code: code, text: text))
        }
    }

    @Test(arguments: [
        "", " ", "* OK ready", "+OK", "220 hi", "\"open", "\"x\" y", "\"x\\\"", "OKAY", "{3}", "\0", "\"\\",
    ])
    func `a line that is no response is malformed, wherever it comes`(line: String) {
        for (before, phase) in [
            ([], Phase.greeting), (Self.greeting, .login), (Self.greeting + ["OK"], .command),
        ] {
            #expect(
                rehearse(.sieve(), before + [line]).report.failure
                    == PollFailure(
                        phase: phase, kind: .malformed, text: printable("not a ManageSieve response: \(line)")))
        }
    }

    @Test func `a challenge is malformed`() {
        #expect(
            rehearse(.sieve(), Self.greeting + ["\"\""]).report.failure
                == PollFailure(phase: .login, kind: .malformed, text: "not asked for: \"\""))
    }

    @Test(arguments: ["\"SASL\" \"\"", "\"SASL\" \"XPLAIN\"", "\"SASL\"", "\"X\" \"PLAIN\"", "\"SASL\" {6}\r\nXPLAIN"])
    func `a login that is not offered is told`(line: String) {
        #expect(
            rehearse(.sieve(), [line, "OK"]).report.failure
                == PollFailure(phase: .login, kind: .loginDisabled, text: "no SASL PLAIN: encryption may be wanted"))
    }

    @Test(arguments: ["\"X\" {99999999999999999999}", "OK {1048577}"])
    func `a literal that is larger than a poll reads is refused at once`(line: String) {
        #expect(rehearse(.sieve(), [line]).report.failure?.kind == .oversized)
    }

    @Test func `nothing that follows the success can spoil it`() {
        for end in [[], ["BYE"], ["NO \"x\""], ["garbage"], ["OK {5}"]] {
            #expect(rehearse(.sieve(), Self.greeting + ["OK", "OK"] + end).report.succeeded)
        }
    }
}
