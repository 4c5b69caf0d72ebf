import Site
import Testing
import Transport

@testable import Probes

extension PollPlan {
    /// The same with STARTTLS.
    var startingTLS: PollPlan {
        var plan = self
        plan.service = Service(service.mailProtocol, port: service.port, tls: .starttls)
        return plan
    }

    static func submission(_ account: Account? = joe) -> PollPlan {
        PollPlan(
            service: Service(.submission, port: 587), account: account,
            options: PollOptions(clientName: "monitor.example"))
    }
    static func sieve(_ account: Account? = joe) -> PollPlan {
        PollPlan(service: Service(.sieve, port: 4190), account: account)
    }
}

@Suite struct StartTLSTests {
    private static let tls = Performance.handshake

    @Test func `IMAP asks for its capabilities anew`() {
        let poll = rehearse(
            .imap(list: false).startingTLS,
            [
                "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi", "* OK soon", "d1 OK [CAPABILITY X] go ahead",
                "* CAPABILITY IMAP4rev1", "d2 OK", "d3 OK in", "* BYE", "d4 OK",
            ])
        #expect(
            poll.said == [
                "d1 STARTTLS\r\n", Self.tls, "d2 CAPABILITY\r\n", "d3 LOGIN \"joe\" \"hunter2\"\r\n", "d4 LOGOUT\r\n",
            ])
        #expect(poll.report.succeeded)
        #expect(poll.phases == "connect 2, greeting 1, tls 6, login 1, logout 2")
    }

    @Test func `IMAP believes no capabilities from before the encryption`() {
        let poll = rehearse(
            .imap().startingTLS,
            ["* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR] hi", "d1 OK", "d2 OK"])
        #expect(
            poll.report.failure
                == PollFailure(phase: .tls, kind: .malformed, text: "not preceded by capabilities: d2 OK"))
    }

    @Test func `POP3 finds STLS among its capabilities`() {
        let poll = rehearse(.pop3().startingTLS, ["+OK hi", "+OK", "TOP", "stls", ".", "+OK", "+OK", "+OK", "+OK"])
        #expect(
            poll.said == ["CAPA\r\n", "STLS\r\n", Self.tls, "USER joe\r\n", "PASS hunter2\r\n", "QUIT\r\n"])
        #expect(poll.report.succeeded)
        #expect(poll.phases == "connect 2, greeting 5, tls 3, login 2, logout 1")
    }

    @Test func `POP3 without an account looks at the capabilities behind the encryption too`() {
        let poll = rehearse(.pop3(nil).startingTLS, ["+OK hi", "+OK", "STLS", ".", "+OK", "+OK", "TOP", ".", "+OK"])
        #expect(poll.said == ["CAPA\r\n", "STLS\r\n", Self.tls, "CAPA\r\n", "QUIT\r\n"])
        #expect(poll.report.succeeded)
    }

    @Test func `LMTP and submission say hello again`() {
        let lines = ["220 hi", "250-mx", "250-starttls", "250 X", "220 go", "250-mx", "250 AUTH PLAIN"]
        let lmtp = rehearse(.lmtp().startingTLS, lines + ["221"])
        #expect(
            lmtp.said == [
                "LHLO monitor.example\r\n", "STARTTLS\r\n", Self.tls, "LHLO monitor.example\r\n", "QUIT\r\n",
            ])
        #expect(lmtp.phases == "connect 2, greeting 4, tls 3, command 2, logout 1")
        let submission = rehearse(.submission().startingTLS, lines + ["235 in", "221"])
        #expect(
            submission.said == [
                "EHLO monitor.example\r\n", "STARTTLS\r\n", Self.tls, "EHLO monitor.example\r\n",
                "AUTH PLAIN AGpvZQBodW50ZXIy\r\n", "QUIT\r\n",
            ])
        #expect(submission.phases == "connect 2, greeting 4, tls 5, login 1, logout 1")
        #expect(lmtp.report.succeeded && submission.report.succeeded)
    }

    @Test func `submission believes no capabilities from before the encryption`() {
        let poll = rehearse(
            .submission().startingTLS, ["220 hi", "250-mx", "250-AUTH PLAIN", "250 STARTTLS", "220 go", "250 mx"])
        #expect(poll.report.failure?.kind == .loginDisabled)
    }

    @Test func `ManageSieve is told the capabilities anew, unasked`() {
        let poll = rehearse(
            .sieve().startingTLS,
            [
                "\"SASL\" \"\"", "\"STARTTLS\"", "OK", "OK \"Begin\"", "\"SASL\" \"PLAIN\"", "OK \"Hi\"", "OK", "OK",
                "OK",
            ])
        #expect(
            poll.said == [
                "STARTTLS\r\n", Self.tls, "AUTHENTICATE \"PLAIN\" \"AGpvZQBodW50ZXIy\"\r\n", "CAPABILITY\r\n",
                "LOGOUT\r\n",
            ])
        #expect(poll.report.succeeded)
        #expect(poll.phases == "connect 2, greeting 3, tls 5, login 1, command 1, logout 1")
    }

    @Test(arguments: [
        (PollPlan.imap(), ["* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi"]),
        (.imap(), ["* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi"]),
        (.pop3(), ["+OK hi", "+OK", "STLSX", "SASL PLAIN STLS", "."]), (.pop3(), ["+OK hi", "-ERR what?"]),
        (.lmtp(), ["220-STARTTLS", "220 hi", "250-mx STARTTLS", "250 STARTTLSX"]),
        (.submission(), ["220-STARTTLS", "220 hi", "250-mx", "250 AUTH STARTTLS"]),
        (.sieve(), ["\"SASL\" \"PLAIN\"", "\"X\" \"STARTTLS\"", "OK"]),
    ])
    func `a server that does not offer it fails, and gets no password`(plan: PollPlan, lines: [String]) {
        let poll = rehearse(plan.startingTLS, lines)
        #expect(poll.report.failure == PollFailure(phase: .tls, kind: .tls, text: "STARTTLS is not offered"))
        #expect(!poll.said.joined().contains("joe") && !poll.said.joined().contains("STLS"))
        #expect(!poll.said.contains(Self.tls))
    }

    @Test(
        arguments: [
            (.imap(), ["* OK [CAPABILITY STARTTLS]", "d1 NO [UNAVAILABLE] not now"], "UNAVAILABLE", "not now"),
            (.imap(), ["* OK [CAPABILITY STARTTLS]", "d1 BAD what?"], nil, "what?"),
            (.pop3(), ["+OK", "+OK", "STLS", ".", "-ERR [SYS/TEMP] not now"], "SYS/TEMP", "not now"),
            (.lmtp(), ["220", "250 STARTTLS", "454 4.7.0 not now"], "454", "4.7.0 not now"),
            (.submission(), ["220", "250-a", "250 STARTTLS", "454 not now"], "454", "not now"),
            (.sieve(), ["\"STARTTLS\"", "OK", "NO (TRYLATER) \"not now\""], "TRYLATER", "not now"),
            (.sieve(), ["\"STARTTLS\"", "OK", "BYE"], nil, ""),
        ] as [(PollPlan, [String], String?, String)])
    func `a refusal is told, and there is no handshake`(plan: PollPlan, lines: [String], code: String?, text: String) {
        let poll = rehearse(plan.startingTLS, lines)
        #expect(poll.report.failure == PollFailure(phase: .tls, kind: .rejected, code: code, text: text))
        #expect(!poll.said.contains(Self.tls))
    }
}
