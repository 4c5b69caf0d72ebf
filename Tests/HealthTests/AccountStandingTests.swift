import Health
import Site
import Testing

@Suite struct AccountStandingTests {
    private var standing = AccountStanding()

    private func report(_ phase: Phase, _ kind: FailureKind, code: String? = nil) -> PollReport {
        PollReport(
            failure: PollFailure(phase: phase, kind: kind, code: code, text: "no"),
            phases: [.init(.connect, .zero), .init(.login, .zero)], duration: .zero)
    }
    private let success = PollReport(failure: nil, phases: [.init(.login, .zero)], duration: .zero)
    private let delivery = PollReport(failure: nil, phases: [.init(.command, .zero)], duration: .zero)

    @Test(arguments: ["AUTHENTICATIONFAILED", "AUTH", "authenticationfailed", "535"])
    mutating func aRejectedAccountCountsOrAlerts(code: String) {
        let rejected = report(.login, .rejected, code: code)
        #expect(standing.judge(rejected, Rejection())?.meaning == .fault)
        #expect(standing.judge(rejected, Rejection(account: .warning))?.meaning == .warning)
        #expect(standing.judge(rejected, Rejection(account: .warning))?.isAccountRejected == true)
        #expect(standing.isRejected)
    }

    @Test(arguments: ["UNAVAILABLE", "SYS/TEMP", nil])
    mutating func theServersTroubleAlwaysCounts(code: String?) {
        let failure = standing.judge(report(.login, .rejected, code: code), Rejection(account: .warning))
        #expect(failure?.meaning == .fault && failure?.isAccountRejected == false)
    }

    /// Another monitor has the POP3 mailbox locked.
    @Test mutating func aLockedMailboxNeverCounts() {
        #expect(standing.judge(report(.login, .rejected, code: "LIMIT"), Rejection())?.meaning == .warning)
        #expect(standing.judge(report(.login, .rejected, code: "IN-USE"), Rejection())?.meaning == .warning)
    }

    @Test mutating func oneRejectionMakesLoginTimeoutsTheSameUntilALoginSucceeds() {
        let late = report(.login, .timeout)
        #expect(standing.judge(late, Rejection(account: .warning))?.meaning == .fault)
        _ = standing.judge(report(.login, .rejected, code: "AUTH"), Rejection(account: .warning))
        #expect(standing.judge(late, Rejection(account: .warning))?.meaning == .warning)
        #expect(standing.judge(report(.connect, .timeout), Rejection(account: .warning))?.meaning == .fault)
        // A poll without a login shows nothing of the account.
        #expect(standing.judge(delivery, Rejection(account: .warning)) == nil)
        #expect(standing.judge(late, Rejection())?.isAccountRejected == true)
        #expect(standing.judge(success, Rejection(account: .warning)) == nil)
        #expect(standing.judge(late, Rejection(account: .warning))?.meaning == .fault)
    }

    @Test mutating func aRelaysTroubleAlertsOrCounts() {
        let relay = report(.login, .relay, code: "451")
        #expect(standing.judge(relay, Rejection())?.meaning == .warning)
        #expect(standing.judge(relay, Rejection(relay: .fault))?.meaning == .fault)
    }

    @Test mutating func whatComesBehindTheLoginShowsThatItSucceeded() {
        _ = standing.judge(report(.login, .rejected, code: "AUTH"), Rejection(account: .warning))
        _ = standing.judge(report(.command, .rejected), Rejection(account: .warning))
        #expect(!standing.isRejected)
    }
}
