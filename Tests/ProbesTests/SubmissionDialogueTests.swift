import Site
import Testing

@testable import Probes

@Suite struct SubmissionDialogueTests {
    private static let hello = ["220-mx", "220 hi", "250-mx", "250-SIZE 1", "250-AUTH LOGIN plain", "250 DSN"]

    @Test func `a poll greets, logs in and quits`() {
        let poll = rehearse(.submission(), Self.hello + ["235-2.7.0 in", "235 in", "221 bye"])
        #expect(poll.said == ["EHLO monitor.example\r\n", "AUTH PLAIN AGpvZQBodW50ZXIy\r\n", "QUIT\r\n"])
        #expect(poll.report.succeeded)
        #expect(poll.phases == "connect 2, greeting 6, login 2, logout 1")
    }

    @Test func `without an account it does not log in`() {
        let poll = rehearse(.submission(nil), ["220 hi", "250 mx", "221 bye"])
        #expect(poll.said == ["EHLO monitor.example\r\n", "QUIT\r\n"])
        #expect(poll.report.succeeded)
    }

    @Test func `a response that makes the line too long is sent when it is asked for`() {
        let account = Account("joe", String(repeating: "p", count: 400))
        let poll = rehearse(.submission(account), Self.hello + ["334 ", "235 in", "221 bye"])
        let response = String(decoding: SASL.plain(account), as: UTF8.self)
        #expect(poll.said == ["EHLO monitor.example\r\n", "AUTH PLAIN\r\n", "\(response)\r\n", "QUIT\r\n"])
        #expect(poll.report.succeeded)
    }

    @Test(
        arguments: [
            ("535 5.7.8 wrong", .rejected, "535", "5.7.8 wrong"), ("454 4.7.0 later", .rejected, "454", "4.7.0 later"),
            ("421 4.3.2 down", .rejected, "421", "4.3.2 down"), ("334 more", .rejected, "334", "more"),
            ("451 4.3.5 relay", .relay, "451", "4.3.5 relay"),
            ("421 4.4.0 relay", .relay, "421", "4.4.0 relay"), ("250-x", .closed, nil, "connection closed by the peer"),
            ("535-no\r\n451 no", .malformed, nil, "not an SMTP reply: 451 no"),
            ("* OK", .malformed, nil, "not an SMTP reply: * OK"),
        ] as [(String, FailureKind, String?, String)])
    func `a refused login is told, and the relay's trouble as that`(
        line: String, kind: FailureKind, code: String?, text: String
    ) {
        let poll = rehearse(.submission(), Self.hello + [line])
        #expect(poll.report.failure == PollFailure(phase: .login, kind: kind, code: code, text: text))
    }

    @Test func `451 is the relay's only in answer to the login`() {
        for lines in [["451 no"], ["220 hi", "451 no"]] {
            #expect(
                rehearse(.submission(), lines).report.failure
                    == PollFailure(phase: .greeting, kind: .rejected, code: "451", text: "no"))
        }
        let long = Account("joe", String(repeating: "p", count: 400))
        #expect(rehearse(.submission(long), Self.hello + ["334", "451 no"]).report.failure?.kind == .relay)
    }

    @Test func `a login that is not offered is told`() {
        for keyword in ["AUTH", "AUTH LOGIN", "AUTHX PLAIN", "X AUTH PLAIN", "AUTH=PLAIN"] {
            let poll = rehearse(.submission(), ["220 hi", "250-mx", "250 \(keyword)"])
            #expect(
                poll.report.failure
                    == PollFailure(
                        phase: .login, kind: .loginDisabled, text: "no AUTH PLAIN: encryption may be wanted"))
        }
    }
}

@Suite struct BannerDialogueTests {
    private let plan = PollPlan(service: Service(.banner, port: 2003), account: PollPlan.joe)

    @Test(arguments: ["220 hi", "", "SSH-2.0-OpenSSH", "\0", "-ERR no"])
    func `any line will do`(line: String) {
        let poll = rehearse(plan, [line, "more"])
        #expect(poll.said == [])
        #expect(poll.report.succeeded)
        #expect(poll.phases == "connect 2, greeting 1, logout 0")
    }

    @Test func `no line is a failure`() {
        let poll = rehearse(plan, [ArraySlice("220 hi".utf8)])
        #expect(
            poll.report.failure == PollFailure(phase: .greeting, kind: .closed, text: "connection closed by the peer"))
    }
}
