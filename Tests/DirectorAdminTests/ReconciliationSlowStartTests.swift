import DirectorAdmin
import Site
import Testing

/// A backend that comes back gets its users step by step.
@Suite struct ReconciliationSlowStartTests {
    private static let rule = SlowStart(duration: .seconds(200), steps: 5)

    private func bench(_ rows: Host..., change: (inout Reconciliation.Manners) -> Void = { _ in }) -> Bench {
        var bench = Bench {
            $0.slowStart = Self.rule
            change(&$0)
        }
        #expect(bench.wake() == [.list])
        _ = bench.list(rows)
        return bench
    }

    /// One that has come up with its first step.
    private func risen(change: (inout Reconciliation.Manners) -> Void = { _ in }) -> Bench {
        var bench = bench(row(1, .down), change: change)
        #expect(bench.want(.up, row(1)) == [weigh(1, row(1), 20)])
        #expect(bench.reply(1, .ok) == [.list])
        #expect(bench.list(row(1, .down, vhosts: 20)) == [set(row(1, .down, vhosts: 20), 100), up(2, row(1))])
        #expect(bench.reply(2, .ok) == [.list])
        _ = bench.list(row(1, vhosts: 20))
        #expect(bench.machine.slowStart(of: row(1).address)?.target == 100)
        return bench
    }

    /// Takes the next step, which is due within so long.
    private func step(_ bench: inout Bench, _ id: Int, _ before: Int, _ after: Int, within time: Duration) {
        let commands = bench.watch(row(1, vhosts: before), for: time)
        #expect(commands.asked == [weigh(id, row(1), after)])
        _ = bench.reply(id, .ok)
        _ = bench.list(row(1, vhosts: after))
    }

    @Test func itComesUpWithTheFirstStepAndHasItsWholeWeightWhenTheTimeIsOver() {
        var bench = risen()
        #expect(bench.watch(row(1, vhosts: 20), for: .seconds(49)).asked == [])
        step(&bench, 3, 20, 40, within: .seconds(3))
        step(&bench, 4, 40, 60, within: .seconds(52))
        step(&bench, 5, 60, 80, within: .seconds(52))
        let last = bench.watch(row(1, vhosts: 80), for: .seconds(52))
        #expect(last.asked == [weigh(6, row(1), 100)])
        _ = bench.reply(6, .ok)
        #expect(bench.list(row(1)) == [.report(.weightChanged(row(1), .restored(wasDrained: false)))])
        #expect(bench.machine.weights == [:])
        #expect(bench.machine.slowStart(of: row(1).address) == nil)
        #expect(bench.watch(row(1), for: .seconds(300)).asked == [])
    }

    @Test func withoutItABackendComesUpAtOnce() {
        var bench = bench(row(1, .down)) { $0.slowStart = nil }
        #expect(bench.want(.up, row(1)) == [up(1, row(1))])
    }

    @Test(arguments: [1, 0, 1001])
    func aWeightThatHasNoStepsIsLeftAlone(vhosts: Int) {
        var bench = bench(row(1, .down, vhosts: vhosts))
        let commands = bench.want(.up, row(1)).asked
        #expect(commands == (vhosts == 0 ? [] : [up(1, row(1))]))
    }

    @Test func eachStepIsWrittenDownBeforeItIsSent() {
        var bench = bench(row(1, .down)) { $0.recordsDowns = true }
        #expect(bench.want(.up, row(1)) == [.record(1)])
        #expect(bench.machine.weights == [row(1).address: WeightMemory(target: 100, ours: [100, 20], asked: 20)])
        #expect(bench.machine.recorded(1, at: bench.now) == [weigh(1, row(1), 20)])
    }

    /// A director that was restarted knows the whole weight alone, until one that was away joins it again.
    @Test func aStepThatComesBackWithARingIsStillItsOwn() {
        func troubled() -> Bench {
            var bench = risen()
            _ = bench.pass(.seconds(11))
            _ = bench.list([row(1, vhosts: 20)], ring: .syncing)
            return bench
        }
        var bench = troubled()
        _ = bench.watch(row(1), for: .seconds(100))
        #expect(bench.machine.weights[row(1).address]?.target == 100)
        #expect(bench.watch(row(1, vhosts: 20), for: .seconds(60)).asked == [weigh(3, row(1), 40)])
        // It counts from the latest trouble.
        bench = troubled()
        _ = bench.watch(row(1), for: .seconds(100))
        _ = bench.pass(.seconds(11))
        _ = bench.list([row(1)], ring: .syncing)
        _ = bench.watch(row(1), for: .seconds(60))
        #expect(bench.machine.weights[row(1).address]?.target == 100)
        bench = troubled()
        _ = bench.watch(row(1), for: .seconds(145))
        #expect(bench.machine.weights == [:])
    }

    /// A director was restarted before it passed the step on to all, or was away itself.
    @Test func aStepThatGotNoAnswerIsStillItsOwnWhenItComesBack() {
        var bench = risen()
        #expect(bench.watch(row(1, vhosts: 20), for: .seconds(55)).asked == [weigh(3, row(1), 40)])
        _ = bench.reply(3, .closed)
        _ = bench.list(row(1))
        _ = bench.watch(row(1), for: .seconds(50))
        #expect(bench.machine.weights[row(1).address]?.target == 100)
        #expect(bench.watch(row(1, vhosts: 40), for: .seconds(60)).asked == [weigh(4, row(1), 60)])
    }

    @Test func aFailureGivesItItsWholeWeightWhileItIsDownAndItBeginsAnew() {
        var bench = risen()
        step(&bench, 3, 20, 40, within: .seconds(55))
        let low = row(1, vhosts: 40)
        #expect((bench.want(.down, low) + bench.watch(low, for: .seconds(1))).asked == [down(4, low)])
        _ = bench.reply(4, .ok)
        let broken = row(1, .down, vhosts: 40)
        #expect(bench.list(broken).asked == [move(5, broken)])
        #expect((bench.reply(5, .ok) + bench.list(broken)).asked == [weigh(6, broken, 100)])
        _ = bench.reply(6, .ok)
        let told = bench.list(row(1, .down))
        #expect(told.contains(.report(.weightChanged(row(1, .down), .restored(wasDrained: false)))))
        _ = bench.watch(row(1, .down), for: .seconds(5))
        let commands = bench.want(.up, row(1)) + bench.watch(row(1, .down), for: .seconds(1))
        #expect(commands.asked == [weigh(7, row(1), 20)])
    }

    @Test func aBackendThatFailsGetsNoMoreUsers() {
        var bench = risen()
        let failing = PollEvidence(failing: .init(since: bench.now, asOf: bench.now))
        _ = bench.polled(failing, nil, row(1))
        #expect(bench.watch(row(1, vhosts: 20), for: .seconds(120)).asked == [])
        let recovered = bench.polled(PollEvidence(), .up, row(1)) + bench.watch(row(1, vhosts: 20), for: .seconds(2))
        #expect(recovered.asked == [weigh(3, row(1), 40)])
    }

    @Test func whatAnAdministratorSetsIsLeftToThem() {
        var bench = risen()
        _ = bench.watch(row(1, vhosts: 20), for: .seconds(5))
        let other = row(1, vhosts: 70)
        let told = bench.watch(other, for: .seconds(20))
        #expect(told == [.report(.weightChanged(other, .left(target: 100, wasDrained: false)))])
        #expect(bench.machine.weights == [:])
        #expect(bench.watch(other, for: .seconds(300)).asked == [])
    }

    @Test func theWeightZeroIsMaintenance() {
        var bench = risen()
        let out = row(1, vhosts: 0)
        let told = bench.watch(out, for: .seconds(20))
        #expect(
            told == [
                .report(.maintenanceChanged(out)), .report(.weightChanged(out, .left(target: 100, wasDrained: false))),
            ])
        #expect(bench.watch(out, for: .seconds(300)).asked == [])
    }

    /// Another monitor's slow start may be at a step: that is no weight to come back to.
    @Test func aWeightThatOthersHaveChangedOfLateIsTakenAsItIs() {
        var bench = bench(row(1, .down))
        let low = row(1, .down, vhosts: 20)
        _ = bench.watch(low, for: .seconds(20))
        #expect((bench.want(.up, low) + bench.watch(low, for: .seconds(1))).asked == [up(1, low)])
    }

    /// Takes down what is up with a weight of 20, and has it go up again; gives what is sent for that.
    private func fallAndRise(_ bench: inout Bench) -> [Action] {
        let (low, fallen) = (row(1, vhosts: 20), row(1, .down, vhosts: 20))
        #expect((bench.want(.down, low) + bench.watch(low, for: .seconds(1))).asked == [down(1, low)])
        _ = bench.reply(1, .ok)
        #expect(bench.list(fallen).asked == [move(2, fallen)])
        _ = bench.reply(2, .ok)
        _ = bench.list(fallen)
        return (bench.want(.up, fallen) + bench.watch(fallen, for: .seconds(1))).asked
    }

    /// It was first listed while the ring was not synced.
    @Test func aChangeByOthersCountsOnceTheRingIsSynced() {
        var bench = bench(row(1, .down))
        let low = row(1, .down, vhosts: 20)
        _ = bench.list([low], ring: .syncing)
        _ = bench.watch(low, for: .seconds(20))
        #expect((bench.want(.up, low) + bench.watch(low, for: .seconds(1))).asked == [up(1, low)])
    }

    @Test func aWeightThatOthersChangedLongAgoIsTheirs() {
        var bench = bench(row(1))
        _ = bench.watch(row(1, vhosts: 20), for: .seconds(215))
        #expect(fallAndRise(&bench) == [weigh(3, row(1), 4)])
    }

    /// The slow start of whoever it is stands still as long.
    @Test func theTimeThatItIsDownDoesNotCountForThat() {
        var bench = bench(row(1))
        _ = bench.watch(row(1, vhosts: 20), for: .seconds(15))
        let low = row(1, .down, vhosts: 20)
        _ = bench.watch(low, for: .seconds(300))
        #expect((bench.want(.up, low) + bench.watch(low, for: .seconds(1))).asked == [up(1, low)])
    }

    @Test func aDirectorThatDoesNotTakeWeightsKeepsNobodyDown() {
        var bench = bench(row(1, .down))
        #expect(bench.want(.up, row(1)) == [weigh(1, row(1), 20)])
        var commands: [Action] = []
        var id = 1
        for _ in 0..<3 {
            _ = bench.reply(id, .closed)
            commands = bench.watch(row(1, .down), for: .seconds(6)).asked
            id += 1
        }
        #expect(commands == [up(id, row(1))])
        _ = bench.reply(id, .ok)
        #expect(bench.watch(row(1), for: .seconds(300)).asked == [])
        #expect(bench.machine.weights == [:])
    }

    @Test func withoutItByAReloadItHasItsWholeWeightAtOnce() {
        var bench = risen()
        bench.machine.manners.slowStart = nil
        #expect(bench.watch(row(1, vhosts: 20), for: .seconds(2)).asked == [weigh(3, row(1), 100)])
    }

    @Test func aRestartGoesOnWhereItWas() {
        var earlier = risen()
        step(&earlier, 3, 20, 40, within: .seconds(55))
        var bench = Bench(
            Reconciliation(manners: earlier.machine.manners, weights: earlier.machine.weights), at: earlier.now)
        #expect(bench.wake() == [.list])
        #expect(bench.list(row(1, vhosts: 40)).asked == [])
        _ = bench.want(.up, row(1))
        #expect(bench.watch(row(1, vhosts: 40), for: .seconds(49)).asked == [])
        #expect(bench.watch(row(1, vhosts: 40), for: .seconds(3)).asked == [weigh(1, row(1), 60)])
    }

    @Test func aRestartTakesTheStepThatWasDecidedBeforeIt() {
        let memory = WeightMemory(target: 100, ours: [100, 20], asked: 20)
        var manners = Reconciliation.Manners(interval: .seconds(10))
        manners.slowStart = Self.rule
        manners.recordsDowns = true
        var bench = Bench(Reconciliation(manners: manners, weights: [row(1).address: memory]))
        #expect(bench.wake() == [.list])
        _ = bench.list(row(1, .down))
        #expect(bench.want(.up, row(1)) == [.record(1)])
        #expect(bench.machine.recorded(1, at: bench.now) == [weigh(1, row(1), 20)])
    }

    @Test func aRestartLeavesToAnAdministratorWhatTheyHaveChangedMeanwhile() {
        let memory = WeightMemory(target: 100, ours: [40], asked: 40)
        var manners = Reconciliation.Manners(interval: .seconds(10))
        manners.slowStart = Self.rule
        var bench = Bench(Reconciliation(manners: manners, weights: [row(1).address: memory]))
        #expect(bench.wake() == [.list])
        let other = row(1, vhosts: 70)
        #expect(bench.list(other).contains(.report(.weightChanged(other, .left(target: 100, wasDrained: false)))))
    }

    @Test func aDryRunOnlyTells() {
        var bench = bench(row(1, .down)) { $0.isDryRun = true }
        let told = [Action.report(.wouldSetWeight(row(1, .down), 20)), wouldSend(row(1, .down), .hostUp)]
        #expect(bench.want(.up, row(1)) == told)
        #expect(bench.watch(row(1, .down), for: .seconds(100)) == [])
        // Each wish is told in whole.
        _ = bench.want(nil, row(1))
        #expect((bench.want(.up, row(1)) + bench.watch(row(1, .down), for: .seconds(2))).filter { $0 != .list } == told)
    }

    /// What a ring that is not synced takes over it may forget when it heals.
    @Test func aStepThatTheRingHasForgottenIsTakenAgain() {
        var bench = risen()
        #expect(bench.watch(row(1, vhosts: 20), for: .seconds(55)).asked == [weigh(3, row(1), 40)])
        #expect(bench.reply(3, .ringSyncTimedOut) == [.list])
        _ = bench.list([row(1, vhosts: 40)], ring: .syncing)
        _ = bench.pass(.seconds(1))
        _ = bench.list(row(1, vhosts: 40))
        #expect(bench.watch(row(1, vhosts: 20), for: .seconds(60)).asked == [weigh(4, row(1), 40)])
    }

    @Test func weightsLeavePlacesForHostDown() {
        let crowd = (1...12).map { row($0, .down) }
        var bench = Bench { $0.slowStart = Self.rule }
        #expect(bench.wake() == [.list])
        _ = bench.list(crowd)
        var commands: [Action] = []
        for host in crowd { commands += bench.want(.up, host).asked }
        #expect(commands.count == 4)
    }
}
