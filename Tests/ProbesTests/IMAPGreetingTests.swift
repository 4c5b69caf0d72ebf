import Site
import Testing

@testable import Probes

@Suite struct IMAPGreetingTests {
    @Test func `capabilities in the greeting are not asked for again`() {
        let poll = rehearse(
            .imap(),
            [
                "* OK [CAPABILITY IMAP4rev1 LITERAL+ AUTH=PLAIN] Dovecot ready.", "d1 OK Logged in",
                "* LIST (\\HasNoChildren) \".\" INBOX", "d2 OK List completed", "* BYE Logging out", "d3 OK Bye",
            ])
        #expect(poll.said == ["d1 LOGIN \"joe\" \"hunter2\"\r\n", "d2 LIST \"\" \"%\"\r\nd3 LOGOUT\r\n"])
        #expect(poll.report.failure == nil)
        #expect(poll.phases == "connect 2, greeting 1, login 1, command 2, logout 2")
        #expect(poll.report.duration == .milliseconds(8))
    }

    @Test func `capabilities that the greeting does not tell are asked for`() {
        let poll = rehearse(
            .imap(),
            [
                "* OK ready", "* CAPABILITY IMAP4rev1", "d1 OK done", "d2 OK in", "d3 OK listed", "* BYE", "d4 OK bye",
            ])
        #expect(
            poll.said == [
                "d1 CAPABILITY\r\n", "d2 LOGIN \"joe\" \"hunter2\"\r\n", "d3 LIST \"\" \"%\"\r\nd4 LOGOUT\r\n",
            ])
        #expect(poll.report.succeeded)
        #expect(poll.phases == "connect 2, greeting 3, login 1, command 1, logout 2")
    }

    @Test func `a greeting with another response code does not tell capabilities`() {
        let poll = rehearse(.imap(), ["* OK [ALERT] The disk is nearly full"])
        #expect(poll.said == ["d1 CAPABILITY\r\n"])
    }

    @Test(arguments: ["* PREAUTH [CAPABILITY IMAP4rev1] Welcome", "* preauth [capability imap4rev1]"])
    func `a server that knows the client already is not logged in to`(greeting: String) {
        let poll = rehearse(.imap(), [greeting, "d1 OK listed", "d2 OK bye"])
        #expect(poll.said == ["d1 LIST \"\" \"%\"\r\nd2 LOGOUT\r\n"])
        #expect(poll.report.succeeded)
        #expect(poll.phases == "connect 2, greeting 1, command 1, logout 1")
    }

    @Test func `a server that knows the client already is asked for untold capabilities first`() {
        let poll = rehearse(.imap(), ["* PREAUTH hi", "* CAPABILITY IMAP4rev1", "d1 OK", "d2 OK", "d3 OK"])
        #expect(poll.said == ["d1 CAPABILITY\r\n", "d2 LIST \"\" \"%\"\r\nd3 LOGOUT\r\n"])
        #expect(poll.report.succeeded)
    }

    @Test(
        arguments: [
            ("* BYE [UNAVAILABLE] Too busy", "UNAVAILABLE", "Too busy"), ("* BYE", nil, ""),
            ("* bye later", nil, "later"),
        ] as [(String, String?, String)])
    func `a server that says goodbye at once refuses`(greeting: String, code: String?, text: String) {
        let poll = rehearse(.imap(), [greeting])
        #expect(poll.said == [])
        #expect(poll.report.failure == PollFailure(phase: .greeting, kind: .rejected, code: code, text: text))
        #expect(poll.phases == "connect 2, greeting 1")
    }

    @Test(arguments: [
        "* NO not today", "* BAD not today", "* CAPABILITY IMAP4rev1", "* 1 EXISTS", "* LIST () \".\" {5}", "d1 OK",
        "d0 OK", "a OK hello",
    ])
    func `a response that is no greeting is malformed`(line: String) {
        let poll = rehearse(.imap(), [line])
        #expect(poll.said == [])
        #expect(
            poll.report.failure
                == PollFailure(phase: .greeting, kind: .malformed, text: "not an IMAP greeting: \(line)"))
    }

    @Test(arguments: [
        "+OK Dovecot ready.", "220 mx.example ESMTP", "SSH-2.0-OpenSSH_9.2", "HTTP/1.1 400 Bad Request", "", "*", "* ",
        " * OK", "*OK", "OK", "\0\0\0",
    ])
    func `what is no IMAP at all is malformed`(line: String) {
        let poll = rehearse(.imap(), [line])
        #expect(
            poll.report.failure
                == PollFailure(phase: .greeting, kind: .malformed, text: printable("not an IMAP response: \(line)")))
    }

    @Test func `a continuation in place of the greeting is malformed`() {
        #expect(
            rehearse(.imap(), ["+ go on"]).report.failure
                == PollFailure(phase: .greeting, kind: .malformed, text: "not asked for: + go on"))
    }

    @Test func `a reply to CAPABILITY that told none is malformed`() {
        #expect(
            rehearse(.imap(), ["* OK hi", "d1 OK done"]).report.failure
                == PollFailure(phase: .greeting, kind: .malformed, text: "not preceded by capabilities: d1 OK done"))
    }

    @Test func `a refused CAPABILITY is a refusal`() {
        #expect(
            rehearse(.imap(), ["* OK hi", "d1 BAD [CLIENTBUG] What?"]).report.failure
                == PollFailure(phase: .greeting, kind: .rejected, code: "CLIENTBUG", text: "What?"))
    }

    @Test(arguments: [true, false])
    func `without an account only the capabilities are looked at`(told: Bool) {
        let poll =
            told
            ? rehearse(.imap(nil), ["* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi", "* BYE", "d1 OK"])
            : rehearse(.imap(nil), ["* OK hi", "* CAPABILITY IMAP4rev1 LOGINDISABLED", "d1 OK", "* BYE", "d2 OK"])
        #expect(poll.said == (told ? ["d1 LOGOUT\r\n"] : ["d1 CAPABILITY\r\n", "d2 LOGOUT\r\n"]))
        #expect(poll.report.succeeded)
        #expect(poll.report.phases.map(\.phase) == [.connect, .greeting, .logout])
    }
}
