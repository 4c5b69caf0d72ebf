import Site
import Testing

@testable import Probes

@Suite struct RoundOrderTests {
    private static let delivering = PollOptions(imap: IMAPChecks(selects: true), lmtp: LMTPChecks(delivers: true))

    private func order(
        _ protocols: MailProtocol..., options: PollOptions = delivering, account: Account? = PollPlan.joe
    ) -> RoundOrder {
        RoundOrder(
            protocols.enumerated().map { place, mailProtocol in
                PollPlan(service: Service(mailProtocol, port: place), account: account, options: options)
            })
    }

    private func report(_ id: String?) -> PollReport {
        PollReport(failure: nil, phases: [], duration: .zero, deliveredMessage: id)
    }

    @Test func `IMAP waits for LMTP, and nothing else waits`() {
        var order = order(.imap, .pop3, .lmtp, .sieve, .submission)
        #expect(order.first == [1, 2, 3, 4])
        #expect(order.ended(1, report("pop")) == [])
        #expect(order.ended(2, report("id")) == [0])
        #expect(order.plan(0).expectedMessage == "id")
        #expect(order.ended(0, report(nil)) == [])
        #expect(order.ended(2, report("again")) == [])
    }

    @Test func `what was not delivered is not looked for`() {
        var order = order(.imap, .lmtp)
        #expect(order.ended(1, report(nil)) == [0])
        #expect(order.plan(0).expectedMessage == nil)
    }

    @Test(arguments: [
        PollOptions(), PollOptions(imap: IMAPChecks(selects: true)), PollOptions(lmtp: LMTPChecks(delivers: true)),
        PollOptions(imap: IMAPChecks(selects: true, appends: true), lmtp: LMTPChecks(tests: true)),
    ])
    func `where nothing delivered is looked for, all start together`(options: PollOptions) {
        #expect(order(.imap, .pop3, .lmtp, options: options).first == [0, 1, 2])
    }

    @Test func `without an account, or without LMTP, all start together`() {
        #expect(order(.imap, .lmtp, account: nil).first == [0, 1])
        #expect(order(.imap, .pop3).first == [0, 1])
    }

    @Test func `several of each make pairs`() {
        var order = order(.imap, .imap, .lmtp, .imap, .lmtp)
        #expect(order.first == [2, 3, 4])
        #expect(order.ended(4, report("b")) == [1])
        #expect(order.ended(2, report("a")) == [0])
        #expect([0, 1, 3].map { order.plan($0).expectedMessage } == ["a", "b", nil])
    }

    @Test func `who empties the INBOX waits until nobody looks for anything`() {
        var options = Self.delivering
        options.pop3 = POP3Checks(stats: true, removal: .all)
        var order = order(.imap, .pop3, .lmtp, options: options)
        #expect(order.first == [2])
        #expect(order.ended(2, report("id")) == [0])
        #expect(order.ended(0, report(nil)) == [1])
        #expect(order.plan(1).expectedMessage == nil)
        options.pop3.removal = .marked
        #expect(self.order(.imap, .pop3, .lmtp, options: options).first == [1, 2])
    }
}
