import DirectorAdmin
import Monitor
import Site
import Testing

/// What was true before the process was stopped is not enough for a command after it (found by simulated seeds).
@Suite struct StoppedProcessTests {
    /// A backend is faulty, and its HOST-DOWN put off by a minute, when the process is stopped for two.
    private func watchStopped() -> Watch {
        var policy = Policy.polling(imap)
        policy.deciding.delayedDown = Deciding.DelayedDown(delay: .seconds(60), limit: 2)
        var watch = Watch(policy, row(1), row(2))
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 45)
        watch.now = watch.now + .seconds(120)
        return watch
    }

    @Test func whoHasRecoveredMeanwhileIsNotTakenDown() {
        var watch = watchStopped()
        watch.faults = [:]
        watch.handle(.woke)
        watch.run(to: 400)
        #expect(watch.sent.isEmpty)
    }

    @Test func whoIsStillFaultyIsTakenDownAfterAnotherFailure() {
        var watch = watchStopped()
        watch.handle(.woke)
        #expect(watch.sent.isEmpty)
        watch.run(to: 400)
        #expect(watch.sent.first?.verb == .hostDown)
    }

    /// The machine's clock stands still while it is suspended.
    @Test func whatWaitedForTheDiskWaitsForAnotherFailureBehindASuspension() {
        var policy = Policy.polling(imap, failuresNeeded: 1)
        policy.hasStateFile = true
        var watch = Watch(policy, row(1), row(2))
        watch.faults[row(1).address] = [imap: refused]
        watch.diskHangs = true
        watch.run(to: 15)
        #expect(watch.states.count == 1 && watch.sent.isEmpty)
        watch.handle(.suspended)
        watch.diskHangs = false
        watch.handle(.saved(version: watch.states.count))
        watch.run(to: 19)
        #expect(watch.sent.isEmpty)
        watch.run(to: 25)
        #expect(watch.sent.first?.verb == .hostDown)
    }

    /// An administrator has taken the backend in hand meanwhile, and the list's answer is older than that.
    @Test func aListThatWasUnderWayIsNoGroundForACommand() {
        var watch = Watch(Policy.polling(imap, failuresNeeded: 1), row(1), row(2))
        watch.run(to: 20)
        watch.faults[row(1).address] = [imap: refused]
        watch.now = watch.now + .seconds(8)
        watch.run(to: 28)
        watch.rows = [row(1, vhosts: 0), row(2)]
        watch.run(to: 29)
        #expect(watch.failedPolls > 0)
        #expect(watch.sent.isEmpty)
    }

    @Test func theMachinesOwnTroubleIsNoFurtherFailure() {
        var watch = watchStopped()
        watch.faults[row(1).address] = [imap: local]
        watch.handle(.woke)
        watch.run(to: 400)
        #expect(watch.sent.isEmpty)
    }
}
