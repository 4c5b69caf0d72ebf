import Site
import Testing

@testable import Probes

@Suite struct IMAPLoginTests {
    private func failure(_ kind: FailureKind, code: String? = nil, _ text: String) -> PollFailure {
        PollFailure(phase: .login, kind: kind, code: code, text: text)
    }

    @Test(
        arguments: [
            ("d1 NO [AUTHENTICATIONFAILED] Authentication failed.", "AUTHENTICATIONFAILED", "Authentication failed."),
            ("d1 NO [UNAVAILABLE] Temporary failure", "UNAVAILABLE", "Temporary failure"),
            ("d1 no [privacyrequired]", "privacyrequired", ""),
            ("d1 NO", nil, ""), ("d1 NO ", nil, ""), ("d1 NO go away", nil, "go away"),
            ("d1 BAD Error in IMAP command", nil, "Error in IMAP command"),
            ("d1 NO [not closed", nil, "[not closed"), ("d1 NO []x", "", "x"), ("d1 NO [A]  two", "A", " two"),
            ("d1 NO [A [B] c] d", "A [B", "c] d"),
            ("D1 NO late", nil, nil),
        ] as [(String, String?, String?)])
    func `a refused login keeps the server's code and words`(line: String, code: String?, text: String?) {
        let poll = rehearse(.imap(), ["* OK [CAPABILITY IMAP4rev1]", line])
        #expect(
            poll.report.failure
                == text.map { failure(.rejected, code: code, $0) } ?? failure(.malformed, "not a reply to d1: \(line)"))
        #expect(poll.phases == "connect 2, greeting 1, login 1")
    }

    @Test func `a code and a text are escaped, and cut to 64 and 200 bytes`() {
        let code = String(repeating: "C", count: 65)
        let text = "\u{1B}[2J" + String(repeating: "t", count: 300)
        let failed = rehearse(.imap(), ["* OK [CAPABILITY IMAP4rev1]", "d1 NO [\(code)] \(text)"]).report.failure
        #expect(failed?.code == String(repeating: "C", count: 61) + "…")
        #expect(failed?.text == "\\x1b[2J" + String(repeating: "t", count: 190) + "…")
        #expect(failed?.text.utf8.count == 200)
    }

    @Test(arguments: ["d1 PREAUTH", "d1 BYE"])
    func `a tagged response that may not be tagged is malformed`(line: String) {
        #expect(
            rehearse(.imap(), ["* OK [CAPABILITY IMAP4rev1]", line]).report.failure
                == failure(.malformed, "not a reply to d1: \(line)"))
    }

    @Test(arguments: ["d0 OK", "d2 OK", "d11 OK", "d OK", "x OK in", "A001 NO no", "** OK"])
    func `a reply to another command is malformed`(line: String) {
        #expect(
            rehearse(.imap(), ["* OK [CAPABILITY IMAP4rev1]", line]).report.failure
                == failure(.malformed, "not a reply to d1: \(line)"))
    }

    @Test func `a continuation that nothing was held back for is malformed`() {
        #expect(
            rehearse(.imap(), ["* OK [CAPABILITY IMAP4rev1]", "+ go on"]).report.failure
                == failure(.malformed, "not asked for: + go on"))
    }

    @Test func `a server that says goodbye in the middle refuses`() {
        #expect(
            rehearse(.imap(), ["* OK [CAPABILITY IMAP4rev1]", "* BYE [UNAVAILABLE] Shutting down", "d1 OK"])
                .report.failure == failure(.rejected, code: "UNAVAILABLE", "Shutting down"))
    }

    @Test(arguments: ["* OK [ALERT] Mind the gap", "* NO [ALERT] full", "* BAD hm", "* PREAUTH no"])
    func `a remark in the middle is no reply`(remark: String) {
        let poll = rehearse(.imap(list: false), ["* OK [CAPABILITY IMAP4rev1]", remark, "d1 OK", "d2 OK"])
        #expect(poll.report.succeeded)
        #expect(poll.phases == "connect 2, greeting 1, login 2, logout 1")
    }

    @Test(arguments: ["LOGINDISABLED", "LOGINDISABLED AUTH=CRAM-MD5 SASL-IR", "logindisabled AUTH=PLAINER XAUTH=PLAIN"])
    func `a server that offers no way to log in is told apart from one that refuses`(words: String) {
        let poll = rehearse(.imap(), ["* OK [CAPABILITY IMAP4rev1 \(words)] hi"])
        #expect(poll.said == [])
        #expect(
            poll.report.failure
                == failure(.loginDisabled, "LOGINDISABLED, and no AUTH=PLAIN: encryption may be wanted"))
        #expect(poll.phases == "connect 2, greeting 1, login 0")
    }

    @Test(arguments: ["LOGINDISABLED AUTH=PLAIN SASL-IR", "sasl-ir auth=plain logindisabled"])
    func `where LOGIN is disabled and an initial response is taken, PLAIN goes in one line`(words: String) {
        let poll = rehearse(
            .imap(list: false), ["* OK [CAPABILITY IMAP4rev1 \(words)] hi", "d1 OK in", "* BYE", "d2 OK"])
        #expect(poll.said == ["d1 AUTHENTICATE PLAIN AGpvZQBodW50ZXIy\r\n", "d2 LOGOUT\r\n"])
        #expect(poll.report.succeeded)
    }

    @Test(arguments: ["+ ", "+", "+ Ready"])
    func `where LOGIN is disabled, PLAIN awaits the server's continuation`(continuation: String) {
        let poll = rehearse(
            .imap(list: false),
            ["* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN] hi", continuation, "d1 OK in", "d2 OK"])
        #expect(poll.said == ["d1 AUTHENTICATE PLAIN\r\n", "AGpvZQBodW50ZXIy\r\n", "d2 LOGOUT\r\n"])
        #expect(poll.report.succeeded)
    }

    @Test func `a success before the response was sent is malformed`() {
        let poll = rehearse(.imap(), ["* OK [CAPABILITY LOGINDISABLED AUTH=PLAIN]", "d1 OK in"])
        #expect(poll.report.failure == failure(.malformed, "not to be said yet: d1 OK in"))
    }

    @Test func `LOGIN is preferred where it is offered`() {
        let poll = rehearse(.imap(), ["* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN]"])
        #expect(poll.said == ["d1 LOGIN \"joe\" \"hunter2\"\r\n"])
    }

    @Test func `capabilities told again count from then on`() {
        let poll = rehearse(
            .imap(), ["* OK hi", "* CAPABILITY IMAP4rev1", "* CAPABILITY LOGINDISABLED", "d1 OK"])
        #expect(poll.report.failure?.kind == .loginDisabled)
    }
}
