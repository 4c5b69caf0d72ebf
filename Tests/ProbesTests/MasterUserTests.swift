import Site
import Testing

@testable import Probes

@Suite struct MasterUserTests {
    private static let account = Account(
        username: "joe", password: Password("m4ster pw"), masterUser: "admin")
    /// joe NUL admin NUL m4ster pw
    private static let response = "am9lAGFkbWluAG00c3RlciBwdw=="

    @Test func `the authorization identity is the user, the authentication identity the master user`() {
        #expect(String(decoding: SASL.plain(Self.account), as: UTF8.self) == Self.response)
    }

    @Test func `IMAP authenticates, though LOGIN is offered`() {
        let poll = rehearse(
            .imap(Self.account, list: false),
            ["* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi", "d1 OK", "d2 OK"])
        #expect(poll.said == ["d1 AUTHENTICATE PLAIN \(Self.response)\r\n", "d2 LOGOUT\r\n"])
        #expect(poll.report.succeeded)
        let slow = rehearse(
            .imap(Self.account, list: false), ["* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi", "+ ", "d1 OK", "d2 OK"])
        #expect(slow.said == ["d1 AUTHENTICATE PLAIN\r\n", "\(Self.response)\r\n", "d2 LOGOUT\r\n"])
        #expect(slow.report.succeeded)
    }

    @Test func `IMAP without AUTHENTICATE PLAIN is no place for a master user`() {
        let poll = rehearse(.imap(Self.account), ["* OK [CAPABILITY IMAP4rev1] hi"])
        #expect(
            poll.report.failure
                == PollFailure(phase: .login, kind: .loginDisabled, text: "no AUTH=PLAIN: encryption may be wanted"))
        #expect(poll.said == [])
    }

    @Test func `POP3 authenticates once it is asked to go on`() {
        let poll = rehearse(.pop3(Self.account), ["+OK hi", "+ ", "+OK in", "+OK"])
        #expect(poll.said == ["AUTH PLAIN\r\n", "\(Self.response)\r\n", "QUIT\r\n"])
        #expect(poll.report.succeeded)
        #expect(poll.phases == "connect 2, greeting 1, login 2, logout 1")
        #expect(rehearse(.pop3(Self.account), ["+OK hi", "+", "+OK in", "+OK"]) == poll)
    }

    @Test(
        arguments: [
            (["-ERR [AUTH] no"], .rejected, "AUTH", "no"), (["+ ", "-ERR [AUTH] no"], .rejected, "AUTH", "no"),
            (["+OK in"], .malformed, nil, "not asked for: +OK in"),
            (["+ ", "+ x"], .malformed, nil, "not a POP3 reply: + x"),
        ] as [([String], FailureKind, String?, String)])
    func `POP3's refusals are told`(lines: [String], kind: FailureKind, code: String?, text: String) {
        let poll = rehearse(.pop3(Self.account), ["+OK hi"] + lines)
        #expect(poll.report.failure == PollFailure(phase: .login, kind: kind, code: code, text: text))
    }

    @Test func `submission and ManageSieve authenticate in one go`() {
        let submission = rehearse(
            .submission(Self.account), ["220 hi", "250-mx", "250 AUTH LOGIN PLAIN", "235 in", "221"])
        #expect(submission.said.contains("AUTH PLAIN \(Self.response)\r\n"))
        let sieve = rehearse(.sieve(Self.account), ["\"SASL\" \"PLAIN\"", "OK", "OK", "OK", "OK"])
        #expect(sieve.said.contains("AUTHENTICATE \"PLAIN\" \"\(Self.response)\"\r\n"))
        #expect(submission.report.succeeded && sieve.report.succeeded)
    }

    @Test func `the response is struck out wherever a server repeats it`() {
        for said in [Self.response, "am9lAGFkbWluAG00c3RlciBwdw", "m4ster pw"] {
            let poll = rehearse(.pop3(Self.account), ["+OK hi", "+", "-ERR not \(said)?"])
            #expect(poll.report.failure?.text.hasPrefix("not [password]") == true)
            #expect(poll.report.failure?.text.contains(said) == false)
        }
    }
}
