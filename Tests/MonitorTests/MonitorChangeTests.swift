import DirectorAdmin
import Monitor
import Probes
import Site
import Testing

/// A monitor whose settings or backends change while polls are out.
@Suite struct MonitorChangeTests {
    private let broken = [row(1).address: [imap: refused, lmtp: refused]]

    @Test func aServiceThatIsNotPolledAnyMoreTakesNothingDown() {
        var watch = Watch(.polling(imap, lmtp), row(1))
        watch.faults = [row(1).address: [lmtp: refused]]
        watch.run(to: 25)
        watch.silent = [row(1).address]
        watch.run(to: 31)
        watch.handle(.policyChanged(.polling(imap)))
        watch.forgetTold()
        // The third failure of LMTP comes in when it does not matter any more.
        watch.release()
        watch.release()
        watch.silent = []
        watch.run(to: 100)
        #expect(watch.told == [])
        #expect(watch.sent == [])
    }

    @Test func aFaultyServiceThatIsNotPolledAnyMoreKeepsNothingDown() {
        var watch = Watch(.polling(imap, lmtp), row(1))
        watch.faults = [row(1).address: [lmtp: refused]]
        watch.run(to: 55)
        #expect(watch.rows == [row(1, .down)])
        watch.handle(.policyChanged(.polling(imap)))
        watch.run(to: 65)
        #expect(watch.rows == [row(1)])
    }

    @Test func aRoundWithoutANewServiceRaisesNothing() {
        var watch = Watch(.polling(imap), row(1, .down))
        watch.silent = [row(1).address]
        watch.run(to: 15)
        watch.faults = [row(1).address: [lmtp: refused]]
        watch.handle(.policyChanged(.polling(imap, lmtp)))
        // IMAP's answer comes in now: it is all of a round that lacks LMTP.
        watch.silent = []
        watch.release()
        watch.run(to: 100)
        #expect(watch.sent == [])
    }

    @Test func aNewServiceIsPolledFromTheNextRoundOn() {
        var watch = Watch(.polling(imap), row(1))
        watch.faults = [row(1).address: [lmtp: refused]]
        watch.run(to: 15)
        watch.handle(.policyChanged(.polling(imap, lmtp)))
        watch.run(to: 45)
        #expect(watch.sent == [DirectorCommand(.hostDown, row(1)), DirectorCommand(.hostResetUsers, row(1))])
    }

    @Test func fewerFailuresNeededCountAtOnce() {
        var watch = Watch(.polling(imap, failuresNeeded: 5), row(1))
        watch.faults = broken
        watch.run(to: 25)
        watch.handle(.policyChanged(.polling(imap, failuresNeeded: 2)))
        watch.run(to: 26)
        #expect(watch.sent.first == DirectorCommand(.hostDown, row(1)))
    }

    @Test func aNewIntervalHoldsWhilePollsAreOut() {
        var watch = Watch(.polling(imap), row(1))
        watch.silent = [row(1).address]
        watch.run(to: 11)
        #expect(watch.withheld.count == 1)
        var policy = Policy.polling(imap)
        policy.interval = .seconds(1)
        policy.timeout = .seconds(2)
        watch.handle(.policyChanged(policy))
        watch.run(to: 100)
        #expect(watch.withheld.count == 1)
        watch.silent = []
        watch.release()
        watch.run(to: 110.5)
        #expect(watch.goodPolls == 12)
        #expect(watch.timeouts.first == .seconds(3))
        #expect(watch.timeouts.last == .seconds(2))
    }

    @Test func newAccountsAreUsedFromTheNextPollOn() {
        var watch = Watch(.polling(imap), row(1))
        watch.run(to: 15)
        #expect(watch.plans == [PollPlan(service: imap, account: nil)])
        var policy = Policy.polling(imap)
        let account = Account(username: "u", password: Password("p"))
        policy.accounts = [row(1).address: account]
        watch.handle(.policyChanged(policy))
        #expect(watch.plans.count == 1)
        watch.run(to: 25)
        #expect(watch.plans.last == PollPlan(service: imap, account: account))
    }

    @Test func aBackendThatIsNewIsPolledWithinAnInterval() {
        var watch = Watch(.polling(imap), row(1))
        watch.run(to: 15)
        watch.rows.append(row(2))
        watch.run(to: 30.001)
        #expect(watch.told.last == .director(.hostAppeared(row(2))))
        #expect(watch.goodPolls == 3)
    }

    @Test func theLateReportOfABackendThatIsGoneIsPassedOver() {
        var watch = Watch(.polling(imap, failuresNeeded: 1), row(1))
        watch.faults = broken
        watch.silent = [row(1).address]
        watch.run(to: 15)
        watch.rows = []
        watch.run(to: 25)
        watch.forgetTold()
        watch.release()
        watch.run(to: 100)
        #expect(watch.told == [])
        #expect(watch.sent == [])
    }

    @Test func theLateReportIsPassedOverWhenTheBackendHasComeBack() {
        var watch = Watch(.polling(imap, failuresNeeded: 1), row(1))
        watch.faults = broken
        watch.silent = [row(1).address]
        watch.run(to: 15)
        watch.rows = []
        watch.run(to: 25)
        watch.rows = [row(1)]
        watch.run(to: 30.5)
        watch.forgetTold()
        watch.release()
        #expect(watch.told == [])
        watch.run(to: 39)
        #expect(watch.withheld.count == 1)
        watch.faults = [:]
        watch.silent = []
        watch.release()
        watch.run(to: 100)
        #expect(watch.told == [])
        #expect(watch.sent == [])
    }

    @Test func aBackendThatComesBackIsJudgedAnew() {
        var watch = Watch(.polling(imap), row(1))
        watch.faults = broken
        watch.run(to: 25)
        watch.rows = []
        watch.run(to: 35)
        watch.rows = [row(1)]
        watch.run(to: 49)
        #expect(watch.sent == [])
        watch.run(to: 90)
        #expect(watch.sent.first == DirectorCommand(.hostDown, row(1)))
    }
}
