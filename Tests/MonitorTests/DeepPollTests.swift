import DirectorAdmin
import Monitor
import Probes
import Site
import Testing

/// Polls that write messages, and what they notice.
@Suite struct DeepPollTests {
    private static let account = Account(username: "joe", password: Password("secret"))

    private static func policy(_ options: PollOptions) -> Policy {
        var policy = Policy.polling(imap, pop3, lmtp)
        policy.defaultAccount = account
        policy.options = options
        return policy
    }

    private let delivering = PollOptions(imap: IMAPChecks(selects: true), lmtp: LMTPChecks(delivers: true))

    @Test func `the IMAP poll waits for the message that LMTP delivers, and is told its id`() {
        var watch = Watch(Self.policy(delivering), row(1))
        watch.reports[lmtp] = PollReport(
            failure: nil, phases: [], duration: .milliseconds(5), deliveredMessage: "a/b/1/0000000000000001")
        watch.run(to: 15)
        #expect(watch.plans.map(\.service) == [pop3, lmtp, imap])
        #expect(watch.plans.map(\.expectedMessage) == [nil, nil, "a/b/1/0000000000000001"])
        #expect(watch.goodPolls == 3)
        // The next round looks for its own.
        watch.reports[lmtp] = nil
        watch.run(to: 25)
        #expect(watch.plans.suffix(3).map(\.service) == [pop3, lmtp, imap])
        #expect(watch.plans.last?.expectedMessage == nil)
    }

    @Test func `a failed delivery leaves the IMAP poll without a message to find, and both count`() {
        var watch = Watch(Self.policy(delivering), row(1))
        watch.faults = [row(1).address: [lmtp: refused, imap: refused]]
        watch.run(to: 15)
        #expect(watch.plans.map(\.service) == [pop3, lmtp, imap])
        #expect(watch.plans.last?.expectedMessage == nil)
        #expect(watch.goodPolls == 1)
        #expect(watch.told.count { if case .pollFailed = $0 { true } else { false } } == 2)
    }

    @Test func `rapid polls of a failed delivery start the IMAP poll no second time`() {
        var policy = Self.policy(delivering)
        policy.deciding.rapidRounds = 4
        policy.deciding.rapidFailuresNeeded = 4
        policy.failuresNeeded = 1
        var watch = Watch(policy, row(1))
        watch.faults = [row(1).address: [lmtp: refused]]
        watch.run(to: 15)
        #expect(watch.plans.count { $0.service == lmtp } == 5)
        #expect(watch.plans.count { $0.service == imap } == 1)
        #expect(watch.sent.first == DirectorCommand(.hostDown, row(1)))
        #expect(watch.machine.recentRounds.map(\.rounds.text) == ["failed"])
    }

    @Test func `a poll that waits for another has the time that it has earned`() {
        var policy = Self.policy(delivering)
        policy.deciding.timeoutGrows = true
        var watch = Watch(policy, row(1))
        let slow = PollFailure(phase: .greeting, kind: .timeout, text: "no answer in time")
        watch.faults = [row(1).address: [imap: slow]]
        watch.run(to: 25)
        #expect(watch.plans.map(\.service) == [pop3, lmtp, imap, pop3, lmtp, imap])
        #expect(watch.timeouts == [Duration](repeating: .seconds(3), count: 5) + [.seconds(6)])
    }

    @Test func `all other polls start together`() {
        var watch = Watch(Self.policy(PollOptions()), row(1))
        watch.silent = [row(1).address]
        watch.run(to: 15)
        #expect(watch.plans.map(\.service) == [imap, pop3, lmtp])
    }

    @Test func `what a poll notices is told when it is new`() {
        let warning = PollWarning(.notRemoved, "no UIDPLUS")
        let told = MonitorEvent.pollWarned(backend: "10.0.0.1", imap, warning)
        var watch = Watch(.polling(imap), row(1))
        watch.reports[imap] = PollReport(failure: nil, phases: [], duration: .milliseconds(5), warnings: [warning])
        watch.run(to: 45)
        #expect(watch.told.count { $0 == told } == 1)
        watch.reports[imap] = nil
        watch.run(to: 55)
        watch.reports[imap] = PollReport(failure: nil, phases: [], duration: .milliseconds(5), warnings: [warning])
        watch.run(to: 75)
        #expect(watch.told.count { $0 == told } == 2)
    }
}
