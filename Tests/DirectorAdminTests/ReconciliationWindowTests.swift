import DirectorAdmin
import Site
import Testing

/// Maintenance windows, and what they do to weights.
@Suite struct ReconciliationWindowTests {
    private func order(_ order: MaintenanceOrder, _ bench: inout Bench) -> [Action] {
        bench.machine.ordered(order, for: row(1).address, at: bench.now)
    }

    @Test func aBackendInAWindowIsNotCommanded() {
        var bench = Bench(listing: row(1))
        #expect(order(.handsOff, &bench) == [])
        #expect(bench.want(.down, row(1)) == [])
        #expect(bench.watch(row(1), for: .seconds(30)) == [])
        #expect((order(.none, &bench) + bench.watch(row(1), for: .seconds(2))).asked == [down(1, row(1))])
    }

    @Test func aCommandThatIsOutWhenItBeginsIsLetGoToItsEnd() {
        var bench = Bench(listing: row(1, users: 5))
        #expect(bench.want(.down, row(1)) == [down(1, row(1))])
        #expect(order(.handsOff, &bench) == [])
        #expect(bench.reply(1, .ok) == [.list])
        let out = row(1, .down, users: 5)
        #expect(bench.list(out) == [confirmed(out, .ok, .milliseconds(2))])
        #expect(bench.machine.isOwnDown(row(1).address))
        #expect(bench.watch(out, for: .seconds(60)) == [])
        // Its users are still this monitor's to move.
        #expect((order(.none, &bench) + bench.watch(out, for: .seconds(2))).asked == [move(2, row(1))])
    }

    @Test func itIsCountedOutOfThePool() {
        var bench = Bench(listing: row(1), row(2)) { $0.minHealthy = .count(1) }
        #expect(bench.machine.ordered(.handsOff, for: row(2).address, at: bench.now) == [])
        _ = bench.polled(PollEvidence(failing: .init(since: bench.now, asOf: bench.now)), .down, row(1))
        let later = bench.now + .seconds(1)
        _ = bench.polled(PollEvidence(goodRounds: [later...later]), .up, row(2))
        #expect(bench.watch(row(1), row(2), for: .seconds(5)).asked == [])
    }

    @Test func aDrainSetsTheWeightToZeroAndGivesItBack() {
        var bench = Bench(listing: row(1, vhosts: 80))
        #expect(order(.drain, &bench) == [weigh(1, row(1), 0)])
        #expect(bench.reply(1, .ok) == [.list])
        let out = row(1, vhosts: 0)
        #expect(bench.list(out) == [.report(.maintenanceChanged(out)), set(out, 80)])
        #expect(bench.watch(out, for: .seconds(60)) == [])
        #expect((order(.none, &bench) + bench.watch(out, for: .seconds(30))).asked == [])
        #expect((bench.want(.up, out) + bench.watch(out, for: .seconds(2))).asked == [weigh(2, row(1), 80)])
        _ = bench.reply(2, .ok)
        #expect(
            bench.list(row(1, vhosts: 80)) == [
                .report(.maintenanceChanged(row(1, vhosts: 80))),
                .report(.weightChanged(row(1, vhosts: 80), .restored(wasDrained: true))),
            ])
        #expect(bench.machine.weights == [:])
    }

    @Test func theWeightIsWrittenDownBeforeTheDrain() {
        var bench = Bench(listing: row(1)) { $0.recordsDowns = true }
        #expect(order(.drain, &bench) == [.record(1)])
        let memory = WeightMemory(target: 100, ours: [100, 0], asked: 0, isDrained: true)
        #expect(bench.machine.weights == [row(1).address: memory])
        #expect(bench.machine.recorded(1, at: bench.now) == [weigh(1, row(1), 0)])
    }

    @Test func aDrainWithoutEffectIsRepeated() {
        var bench = Bench(listing: row(1))
        #expect(order(.drain, &bench) == [weigh(1, row(1), 0)])
        _ = bench.reply(1, .tryAgainLater)
        let again = bench.watch(row(1), for: .seconds(3))
        #expect(again.contains(.report(.commandWithoutEffect(row(1), .hostUpdate, .tryAgainLater))))
        #expect(again.asked == [weigh(2, row(1), 0)])
    }

    @Test func aDrainWaitsForASyncedRing() {
        var bench = Bench(listing: row(1))
        _ = bench.pass(.seconds(10))
        _ = bench.list([row(1)], ring: .syncing)
        #expect(order(.drain, &bench).asked == [])
        #expect(bench.watch(row(1), for: .seconds(3)).asked == [weigh(1, row(1), 0)])
    }

    @Test func aWeightThatAnAdministratorHasBroughtBackIsTheirs() {
        var bench = Bench(listing: row(1))
        #expect(order(.drain, &bench) == [weigh(1, row(1), 0)])
        _ = bench.reply(1, .ok)
        _ = bench.list(row(1, vhosts: 0))
        for back in [row(1), row(1, vhosts: 50)] {
            var bench = bench
            let told = bench.watch(back, for: .seconds(15))
            #expect(told.contains(.report(.weightChanged(back, .left(target: 100, wasDrained: true)))))
            // Nor when the director lists it again after a while.
            _ = bench.watch(row(2), for: .seconds(90))
            #expect(bench.watch(back, for: .seconds(15)).asked == [])
            #expect((order(.none, &bench) + bench.watch(back, for: .seconds(60))).asked == [])
        }
    }

    @Test func aDryRunTellsOfADrainOnce() {
        var bench = Bench(listing: row(1)) { $0.isDryRun = true }
        #expect(order(.drain, &bench) == [.report(.wouldSetWeight(row(1), 0))])
        #expect(bench.watch(row(1, users: 1), for: .seconds(15)) == [])
        #expect(bench.watch(row(1, users: 2), for: .seconds(15)) == [])
        #expect(order(.none, &bench) == [])
        #expect(bench.watch(row(1), for: .seconds(15)) == [])
    }

    @Test func aWeightOfZeroIsNotToBeDrained() {
        var bench = Bench(listing: row(1, vhosts: 0))
        #expect(bench.machine.undrainableWeight(of: row(1).address) == 0)
        #expect(order(.drain, &bench) == [])
        #expect((order(.none, &bench) + bench.watch(row(1, vhosts: 0), for: .seconds(30))).asked == [])
    }

    @Test func aRestartGivesTheWeightBack() {
        let memory = WeightMemory(target: 80, ours: [0], asked: 0, isDrained: true)
        var bench = Bench(Reconciliation(manners: .init(interval: .seconds(10)), weights: [row(1).address: memory]))
        #expect(bench.wake() == [.list])
        let out = row(1, vhosts: 0)
        #expect(bench.list(out).asked == [])
        #expect((bench.want(.up, out) + bench.watch(out, for: .seconds(2))).asked == [weigh(1, row(1), 80)])
    }

    @Test func aBackendThatIsNotPolledGetsItsWeightBackAtOnce() {
        var bench = drained()
        _ = bench.polled(PollEvidence(isPolled: false), nil, row(1))
        let asked = (order(.none, &bench) + bench.watch(row(1, vhosts: 0), for: .seconds(2))).asked
        #expect(asked == [weigh(2, row(1), 100)])
    }

    @Test func oneThatIsStillDeadBehindADrainGoesDownBeforeItHasItsWeightBack() {
        var bench = drained()
        let out = row(1, vhosts: 0, users: 3)
        #expect(bench.want(.down, out) == [])
        #expect((order(.none, &bench) + bench.watch(out, for: .seconds(2))).asked == [down(2, row(1))])
        _ = bench.reply(2, .ok)
        let dead = row(1, .down, vhosts: 0, users: 3)
        #expect(bench.list(dead).asked == [move(3, row(1))])
        let empty = row(1, .down, vhosts: 0)
        #expect((bench.reply(3, .ok) + bench.watch(empty, for: .seconds(2))).asked == [weigh(4, row(1), 100)])
    }

    @Test func theSameWithUseDelayedDown() {
        var bench = drained { $0.delayedDown = .init(delay: .seconds(100), limit: 5) }
        let out = row(1, vhosts: 0)
        _ = order(.none, &bench) + bench.want(.down, out)
        #expect(bench.watch(out, for: .seconds(99)).asked == [])
        #expect(bench.watch(out, for: .seconds(2)).asked == [down(2, row(1))])
    }

    /// Its pool does not count on it, and its users are still not to be moved for what may be the monitor's own trouble.
    @Test func thePoolGuardJudgesIt() {
        var bench = drained { $0.minHealthy = .count(1) }
        let out = row(1, vhosts: 0)
        #expect(order(.none, &bench) == [])
        _ = bench.polled(PollEvidence(failing: .init(since: bench.now, asOf: bench.now)), .down, out)
        #expect(bench.watch(out, row(2), for: .seconds(30)).asked == [])
        #expect(bench.machine.isGuarded(row(1).address))
        let good = bench.now...bench.now
        _ = bench.polled(PollEvidence(goodRounds: [good]), .up, row(2))
        let failing = PollEvidence.Failing(since: good.lowerBound + .seconds(-20), asOf: bench.now + .seconds(1))
        _ = bench.pass(.seconds(2))
        _ = bench.polled(PollEvidence(failing: failing), .down, out)
        let later = bench.now...bench.now
        let released = bench.polled(PollEvidence(goodRounds: [good, later]), .up, row(2))
        #expect((released + bench.watch(out, row(2), for: .seconds(2))).asked == [down(2, row(1))])
    }

    @Test func withSlowStartItComesBackStepByStep() {
        var bench = drained { $0.slowStart = SlowStart(duration: .seconds(200), steps: 5) }
        let out = row(1, vhosts: 0)
        _ = order(.none, &bench)
        #expect(bench.machine.slowStart(of: row(1).address)?.vhosts == 0)
        #expect((bench.want(.up, out) + bench.watch(out, for: .seconds(2))).asked == [weigh(2, row(1), 20)])
        // A director may not take it at once.
        _ = bench.reply(2, .tryAgainLater)
        #expect(bench.watch(out, for: .seconds(5)).asked == [weigh(3, row(1), 20)])
        _ = bench.reply(3, .ok)
        _ = bench.list(row(1, vhosts: 20))
        #expect(bench.watch(row(1, vhosts: 20), for: .seconds(49)).asked == [])
        #expect(bench.watch(row(1, vhosts: 20), for: .seconds(3)).asked == [weigh(4, row(1), 40)])
    }

    @Test func noWeightIsSetInAWindowWithoutADrain() {
        var bench = drained()
        let out = row(1, vhosts: 0)
        _ = order(.none, &bench) + order(.handsOff, &bench) + bench.want(.up, out)
        #expect(bench.watch(out, for: .seconds(60)).asked == [])
        #expect((order(.none, &bench) + bench.watch(out, for: .seconds(2))).asked == [weigh(2, row(1), 100)])
    }

    /// Backends of another ring may have the same addresses, and other weights.
    @Test func whatWasDrainedAtAnotherRingIsToldAndForgotten() {
        var bench = drained()
        let unlisted = WeightMemory(target: 80, ours: [0], asked: 0, isDrained: true)
        _ = order(.none, &bench) + bench.machine.found([:], [row(9).address: unlisted])
        let told = bench.machine.directorChanged(isOther: true)
        #expect(
            told == [
                .report(.weightForgotten(backend: "10.0.0.1", vhosts: 0, target: 100)),
                .report(.weightForgotten(backend: "10.0.0.9", vhosts: nil, target: 80)),
            ])
        #expect(bench.machine.weights == [:])
        let out = row(1, vhosts: 0)
        _ = bench.watch(out, row(9, vhosts: 0), for: .seconds(5)) + bench.want(.up, out) + bench.want(.up, row(9))
        #expect(bench.watch(out, row(9, vhosts: 0), for: .seconds(60)).asked == [])
    }

    private func drained(manners change: (inout Reconciliation.Manners) -> Void = { _ in }) -> Bench {
        var bench = Bench(listing: row(1), row(2), manners: change)
        #expect(order(.drain, &bench) == [weigh(1, row(1), 0)])
        _ = bench.reply(1, .ok)
        _ = bench.list(row(1, vhosts: 0), row(2))
        return bench
    }

    /// A run that was ended between its decision and the list that shows it has written down the very thing that the next one
    /// decides.
    @Test func whatAnEarlierRunHasWrittenDownIsWrittenOnceMoreAndSent() {
        let memory = WeightMemory(target: 80, ours: [0, 80], asked: 80, isDrained: true, steppedAt: .origin)
        var manners = Reconciliation.Manners(interval: .seconds(10))
        manners.recordsDowns = true
        var bench = Bench(Reconciliation(manners: manners, weights: [row(1).address: memory]))
        #expect(bench.wake() == [.list])
        let out = row(1, vhosts: 0)
        let decided = bench.list(out) + bench.want(.up, out) + bench.watch(out, for: .seconds(2))
        #expect(decided.contains(.record(1)))
        #expect(bench.machine.recorded(1, at: bench.now).asked == [weigh(1, row(1), 80)])
    }

    @Test func theSameWhereTheBackendWasNotListedForAWhile() {
        var bench = Bench(listing: row(1), row(2)) { $0.recordsDowns = true }
        #expect(order(.drain, &bench) == [.record(1)])
        #expect(bench.watch(row(1), row(2), for: .seconds(12)) == [.record(2)])
        _ = bench.watch(row(2), for: .seconds(15))
        #expect(bench.machine.recorded(2, at: bench.now).asked == [])
        #expect(bench.watch(row(1), row(2), for: .seconds(15)).contains(.record(3)))
        let sent = bench.machine.recorded(3, at: bench.now) + bench.watch(row(1), row(2), for: .seconds(2))
        #expect(sent.asked == [weigh(1, row(1), 0)])
    }

    @Test func aRestartInTheWindowLeavesItDrained() {
        let memory = WeightMemory(target: 80, ours: [80, 0], asked: 0, isDrained: true)
        var bench = Bench(
            Reconciliation(
                manners: .init(interval: .seconds(10)), weights: [row(1).address: memory],
                orders: [row(1).address: .drain]))
        #expect(bench.wake() == [.list])
        #expect(bench.list(row(1, vhosts: 0)).asked == [])
        #expect(bench.watch(row(1, vhosts: 0), for: .seconds(30)).asked == [])
    }

    @Test func slowStartHoldsInAWindowAndGoesOnBehindIt() {
        let memory = WeightMemory(target: 100, ours: [40], asked: 40, steppedAt: .origin)
        var manners = Reconciliation.Manners(interval: .seconds(10))
        manners.slowStart = SlowStart(duration: .seconds(200), steps: 5)
        var bench = Bench(
            Reconciliation(
                manners: manners, weights: [row(1).address: memory], orders: [row(1).address: .handsOff]))
        #expect(bench.wake() == [.list])
        _ = bench.list(row(1, vhosts: 40))
        _ = bench.want(.up, row(1))
        #expect(bench.watch(row(1, vhosts: 40), for: .seconds(120)).asked == [])
        let low = row(1, vhosts: 40)
        #expect((order(.none, &bench) + bench.watch(low, for: .seconds(2))).asked == [weigh(1, row(1), 60)])
    }

    @Test func aDrainInSlowStartBeginsAnewBehindIt() {
        let memory = WeightMemory(target: 100, ours: [40], asked: 40, steppedAt: .origin)
        var manners = Reconciliation.Manners(interval: .seconds(10))
        manners.slowStart = SlowStart(duration: .seconds(200), steps: 5)
        var bench = Bench(
            Reconciliation(manners: manners, weights: [row(1).address: memory], orders: [row(1).address: .drain]))
        #expect(bench.wake() == [.list])
        #expect(bench.list(row(1, vhosts: 40)).asked == [weigh(1, row(1), 0)])
        _ = bench.reply(1, .ok)
        let out = row(1, vhosts: 0)
        _ = bench.list(out)
        _ = order(.none, &bench)
        #expect((bench.want(.up, out) + bench.watch(out, for: .seconds(2))).asked == [weigh(2, row(1), 20)])
    }

    @Test func aBackendThatIsNotListedForAWhileComesBackAsItWas() {
        var bench = Bench(listing: row(1), row(2))
        #expect(order(.drain, &bench) == [weigh(1, row(1), 0)])
        _ = bench.reply(1, .ok)
        _ = bench.list(row(1, vhosts: 0), row(2))
        _ = bench.watch(row(2), for: .seconds(30))
        #expect(bench.machine.weights[row(1).address]?.target == 100)
        #expect(order(.none, &bench) == [])
        let out = row(1, vhosts: 0)
        _ = bench.watch(out, row(2), for: .seconds(12))
        #expect((bench.want(.up, out) + bench.watch(out, row(2), for: .seconds(2))).asked == [weigh(2, row(1), 100)])
    }
}
