import Site
import Testing

@testable import Probes

@Suite struct LMTPTransactionTests {
    private static func plan(
        tests: Bool = false, delivers: Bool = false, from: String = "", address: String? = nil
    ) -> PollPlan {
        let account = Account(username: "joe", password: Password("hunter2"), lmtpAddress: address)
        var plan = PollPlan.lmtp(account)
        plan.options.instance = "a1"
        plan.options.lmtp = LMTPChecks(tests: tests, delivers: delivers, from: from)
        return plan
    }

    private static let greeted = ["220 hi", "250-mx", "250 PIPELINING"]
    private static let id = "monitor.example/a1/1795231546/0000000000007f3a"

    @Test func `the account's address is tried, and nothing delivered`() {
        let poll = rehearse(
            Self.plan(tests: true), Self.greeted + ["250 2.1.0 OK", "250 2.1.5 OK", "250 2.0.0 OK", "221 bye"])
        #expect(poll.said.dropFirst() == ["MAIL FROM:<>\r\nRCPT TO:<joe>\r\nRSET\r\nQUIT\r\n"])
        #expect(poll.report.failure == nil)
        #expect(poll.report.deliveredMessage == nil)
        #expect(poll.phases == "connect 2, greeting 1, command 5, logout 1")
    }

    @Test(arguments: [["250 mx"], ["250-PIPELININGS", "250 X PIPELINING"]])
    func `where pipelining is not offered, each reply is waited for`(offer: [String]) {
        let replies = ["250", "250", "250", "250", "250", "354", "250", "221"]
        let poll = rehearse(
            Self.plan(tests: true, delivers: true, from: "a@b"), ["220-PIPELINING", "220 PIPELINING"] + offer + replies)
        #expect(
            poll.said.dropFirst().map { $0.prefix { $0 != ":" && $0 != "\r\n" } }.map(String.init) == [
                "MAIL FROM", "RCPT TO", "RSET", "MAIL FROM", "RCPT TO", "DATA", "Date", "QUIT",
            ])
        #expect(poll.report.deliveredMessage == Self.id)
    }

    @Test func `what was offered in clear does not hold behind STARTTLS`() {
        var plan = Self.plan(tests: true)
        plan.service = Service(.lmtp, port: 24, tls: .starttls)
        let poll = rehearse(
            plan, ["220 hi", "250-PIPELINING", "250 STARTTLS", "220 go", "250 mx", "250", "250", "250", "221"])
        #expect(poll.said.suffix(4) == ["MAIL FROM:<>\r\n", "RCPT TO:<joe>\r\n", "RSET\r\n", "QUIT\r\n"])
        #expect(poll.report.succeeded)
    }

    @Test func `the sender that is named is tried, too`() {
        let poll = rehearse(
            Self.plan(tests: true, from: "probe@example.org"), Self.greeted + ["250", "250", "250", "221"])
        #expect(poll.said.last?.hasPrefix("MAIL FROM:<probe@example.org>\r\n") == true)
        #expect(poll.report.succeeded)
    }

    @Test func `a message is delivered, and the report names it`() {
        let poll = rehearse(
            Self.plan(delivers: true, from: "probe@example.org", address: "joe@example.org"),
            Self.greeted + ["250 OK", "250 OK", "354 go on", "250 2.0.0 <joe> saved", "221 bye"])
        let message = TestMessage(Self.plan().options, .test, to: "joe@example.org")
        #expect(
            poll.said.dropFirst() == [
                "MAIL FROM:<probe@example.org>\r\nRCPT TO:<joe@example.org>\r\nDATA\r\n",
                String(decoding: message.dotStuffed, as: UTF8.self) + "QUIT\r\n",
            ])
        #expect(poll.report.succeeded)
        #expect(poll.report.deliveredMessage == Self.id)
    }

    @Test func `a delivery counts without a goodbye too`() {
        let poll = rehearse(Self.plan(delivers: true), Self.greeted + ["250", "250", "354", "250"])
        #expect(poll.report.succeeded)
        #expect(poll.report.deliveredMessage == Self.id)
    }

    @Test func `both can be done`() {
        let poll = rehearse(
            Self.plan(tests: true, delivers: true, from: "a@b"),
            Self.greeted + ["250", "250", "250", "250", "250", "354", "250", "221"])
        #expect(
            poll.said.dropFirst().first
                == "MAIL FROM:<a@b>\r\nRCPT TO:<joe>\r\nRSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<joe>\r\nDATA\r\n")
        #expect(poll.said.count == 3 && poll.said.last?.hasSuffix(".\r\nQUIT\r\n") == true)
        #expect(poll.report.deliveredMessage == Self.id)
    }

    @Test(
        arguments: [
            (0, "452 4.3.1 full", "MAIL"), (1, "550 5.1.1 User doesn't exist: joe", "RCPT"),
            (1, "451 4.3.0 later", "RCPT"),
            (1, "354 go on", "RCPT"), (2, "503 5.5.1 no", "DATA"), (2, "250 OK", "DATA"),
            (3, "552 5.2.2 Quota", "DATA"),
            (3, "451 4.2.0 later", "DATA"), (3, "354 more", "DATA"),
        ])
    func `a refusal keeps its code, wherever it comes`(count: Int, line: String, verb: String) {
        let poll = rehearse(Self.plan(delivers: true), Self.greeted + ["250", "250", "354"].prefix(count) + [line])
        #expect(
            poll.report.failure
                == PollFailure(
                    phase: .command, kind: .rejected, code: String(line.prefix(3)),
                    text: "\(verb): \(line.dropFirst(4))"))
        #expect(poll.report.deliveredMessage == nil)
    }

    @Test func `a server that closes behind the message has not delivered it`() {
        let poll = rehearse(Self.plan(delivers: true), Self.greeted + ["250", "250", "354"])
        #expect(poll.report.failure?.kind == .closed)
        #expect(poll.report.deliveredMessage == nil)
    }

    @Test func `without an account there is nobody to deliver to`() {
        var plan = Self.plan(tests: true, delivers: true)
        plan.account = nil
        let poll = rehearse(plan, Self.greeted + ["221"])
        #expect(poll.said == ["LHLO monitor.example\r\n", "QUIT\r\n"])
        #expect(poll.report.deliveredMessage == nil)
    }
}
