import DirectorAdmin
import Monitor
import Probes
import Site
import Testing

private let slow = PollFailure(phase: .greeting, kind: .timeout, text: "no answer in time")

/// Each of the rules, from the policy to the director: each test fails where its rule is ignored.
@Suite struct DecidingTests {
    private let broken = [row(1).address: [imap: refused]]

    private func policy(_ change: (inout Policy) -> Void) -> Policy {
        var policy = Policy.polling(imap)
        change(&policy)
        return policy
    }

    @Test func theSeedsRulesUseNoneOfThese() {
        var watch = Watch(.polling(imap), row(1))
        watch.faults = [row(1).address: [imap: slow]]
        watch.run(to: 45)
        #expect(watch.timeouts == [Duration](repeating: .seconds(3), count: 4))
        #expect(watch.sent == [DirectorCommand(.hostDown, row(1)), DirectorCommand(.hostResetUsers, row(1))])
    }

    @Test func timeoutsGrow() {
        var watch = Watch(policy { $0.deciding.timeoutGrows = true }, row(1))
        watch.faults = [row(1).address: [imap: slow]]
        watch.run(to: 45)
        #expect(watch.timeouts == [.seconds(3), .seconds(6), .seconds(9), .seconds(9)])
        watch.faults = [:]
        watch.run(to: 65)
        #expect(watch.timeouts.suffix(2) == [.seconds(9), .seconds(3)])
    }

    @Test func withARetryIntervalADeadBackendIsDownWithinSeconds() {
        var watch = Watch(policy { $0.deciding.retryInterval = .seconds(1) }, row(1))
        watch.run(to: 15)
        watch.faults = broken
        watch.run(to: 22.1)
        #expect(watch.rows == [row(1, .down)])
        // It is known to be down: nothing is gained by asking every second.
        let polls = watch.plans.count
        watch.run(to: 62)
        #expect(watch.plans.count - polls == 4)
    }

    @Test func rapidPollsFollowTheLastFailure() {
        var watch = Watch(
            policy {
                $0.deciding.rapidRounds = 10
                $0.deciding.rapidFailuresNeeded = 4
                $0.deciding.rapidTimeout = .milliseconds(1500)
            }, row(1))
        watch.faults = broken
        watch.run(to: 30)
        #expect(watch.plans.count == 3)
        #expect(watch.sent == [])
        watch.run(to: 30.1)
        #expect(watch.plans.count == 7)
        #expect(watch.timeouts.suffix(5) == [.seconds(3)] + [Duration](repeating: .milliseconds(1500), count: 4))
        #expect(watch.sent == [DirectorCommand(.hostDown, row(1)), DirectorCommand(.hostResetUsers, row(1))])
        watch.run(to: 65)
        #expect(watch.plans.count == 10)
    }

    @Test func aBackendThatRapidPollsFindHealthyIsLeftAlone() {
        var watch = Watch(
            policy {
                $0.deciding.rapidRounds = 4
                $0.deciding.rapidFailuresNeeded = 2
            }, row(1))
        watch.faults = broken
        watch.run(to: 30.004)
        watch.silent = [row(1).address]
        watch.run(to: 30.006)
        watch.faults = [:]
        watch.silent = []
        watch.release()
        watch.run(to: 200)
        #expect(watch.sent == [])
        #expect(
            watch.told.contains { if case .rapidStagePassed(row(1).spelling, imap, _) = $0 { true } else { false } })
        #expect(!watch.told.contains { if case .backendFaulty = $0 { true } else { false } })
    }

    @Test func soManyGoodRoundsComeBeforeAnUp() {
        var watch = Watch(policy { $0.deciding.goodRoundsNeeded = 3 }, row(1, .down))
        watch.run(to: 25)
        #expect(watch.sent == [])
        watch.run(to: 31)
        #expect(watch.sent == [DirectorCommand(.hostUp, row(1))])
    }

    @Test func aFailedRoundBetweenThemBeginsTheCountAnew() {
        var watch = Watch(policy { $0.deciding.goodRoundsNeeded = 3 }, row(1, .down))
        watch.run(to: 25)
        watch.faults = broken
        watch.run(to: 35)
        watch.faults = [:]
        watch.run(to: 55)
        #expect(watch.sent == [])
        watch.run(to: 61)
        #expect(watch.sent == [DirectorCommand(.hostUp, row(1))])
    }

    @Test func aDownIsPutOff() {
        var watch = Watch(policy { $0.deciding.delayedDown = .init(delay: .seconds(120), limit: 2) }, row(1))
        watch.faults = broken
        watch.run(to: 149)
        #expect(watch.sent == [])
        #expect(
            watch.told.contains {
                if case .backendFaulty(_, _, .delayedDown(.seconds(120))) = $0 { true } else { false }
            })
        watch.run(to: 152)
        #expect(watch.sent.first == DirectorCommand(.hostDown, row(1)))
    }

    @Test func aDownThatIsPutOffIsOnlyToldWhereTooManyAre() {
        var watch = Watch(
            policy { $0.deciding.delayedDown = .init(delay: .seconds(120), limit: 1) }, row(1), row(2))
        watch.faults = [row(1).address: [imap: refused], row(2).address: [imap: refused]]
        watch.run(to: 400)
        #expect(watch.sent == [])
        let reason = WithheldDowns(hosts: [row(2)], waiting: 2, down: 0, limit: 1)
        #expect(watch.told.contains(.director(.downsWithheld(reason))))
    }

    @Test func usersAreFlushed() {
        var watch = Watch(policy { $0.deciding.flushes = true }, row(1))
        watch.faults = broken
        watch.run(to: 60)
        #expect(watch.sent == [DirectorCommand(.hostDown, row(1)), DirectorCommand(.hostFlush, row(1))])
    }

    @Test func usersAreMovedSoManyAtOnce() {
        var watch = Watch(policy { $0.deciding.parallelMoves = 7 }, row(1))
        watch.faults = broken
        watch.run(to: 60)
        #expect(
            watch.sent == [
                DirectorCommand(.hostDown, row(1)), DirectorCommand(.hostResetUsers, row(1), parallelMoves: 7),
            ])
    }

    @Test func aDryRunOnlyTells() {
        var watch = Watch(policy { $0.isDryRun = true }, row(1), row(2, .down))
        watch.faults = broken
        watch.run(to: 300)
        #expect(watch.sent == [])
        let told = watch.told.filter { if case .director(.wouldSend) = $0 { true } else { false } }
        #expect(
            told == [
                .director(.wouldSend(row(2, .down), .hostUp)), .director(.wouldSend(row(1), .hostDown)),
                .director(.wouldSend(row(1), .hostResetUsers)),
            ])
        #expect(watch.told.contains { if case .backendFaulty(_, _, .dryRun) = $0 { true } else { false } })
    }

    @Test func aDryRunEndsWithAReload() {
        var watch = Watch(policy { $0.isDryRun = true }, row(1))
        watch.faults = broken
        watch.run(to: 60)
        watch.handle(.policyChanged(.polling(imap)))
        watch.run(to: 62)
        #expect(watch.sent.first == DirectorCommand(.hostDown, row(1)))
    }

    @Test func aFaultUnderMaintenanceIsToldAsSuch() {
        var watch = Watch(.polling(imap), row(1), row(2, vhosts: 0))
        watch.run(to: 5)
        watch.rows = [row(1, vhosts: 0), row(2, vhosts: 0)]
        watch.run(to: 11)
        watch.faults = [row(1).address: [imap: refused], row(2).address: [imap: refused]]
        watch.run(to: 100)
        let told = watch.told.count {
            if case .underMaintenance(.backendFaulty(_, _, .maintenance)) = $0 { true } else { false }
        }
        #expect(told == 2)
        #expect(watch.sent == [])
    }
}
