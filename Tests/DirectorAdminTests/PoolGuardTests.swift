import DirectorAdmin
import Site
import Testing

/// HOST-DOWNs that the pool cannot spare.
@Suite struct PoolGuardTests {
    /// A bench with so many backends of one pool, all of which polled well ten seconds ago.
    private func bench(_ rows: [Host], _ rule: MinHealthy) -> Bench {
        var bench = Bench { $0.minHealthy = rule }
        #expect(bench.wake() == [.list])
        _ = bench.list(rows)
        for row in rows { _ = bench.polled(well(bench, -10), .up, row) }
        return bench
    }

    private func well(_ bench: Bench, _ seconds: Int) -> PollEvidence {
        PollEvidence(healthy: .init(since: .origin, asOf: bench.now + .seconds(seconds)))
    }

    private func failing(_ bench: Bench, _ seconds: Int) -> PollEvidence {
        PollEvidence(failing: .init(since: bench.now + .seconds(seconds), asOf: bench.now))
    }

    private func guarded(_ actions: [Action]) -> [GuardedDowns] {
        actions.compactMap { if case .report(.guardWithholds(let reason)) = $0 { reason } else { nil } }
    }

    @Test func withoutARuleTheLastOneGoesDown() {
        var bench = bench([row(1)], .off)
        let actions = bench.polled(failing(bench, 0), .down, row(1)) + bench.watch(row(1), for: .seconds(2))
        #expect(actions.asked == [down(1, row(1))])
    }

    @Test func theLastHealthyOneStaysAndItIsToldOnceAndAgain() {
        var bench = bench([row(1)], .count(1))
        let actions = bench.polled(failing(bench, 0), .down, row(1))
        #expect(actions.asked == [])
        let told = guarded(actions)
        #expect(told.map(\.hosts) == [[row(1)]])
        #expect(told.first?.healthy == 0 && told.first?.needed == 1 && told.first?.pool == 1)
        let later = bench.watch(row(1), for: .seconds(299))
        #expect(later.asked == [] && guarded(later) == [])
        let reminder = guarded(bench.watch(row(1), for: .seconds(2)))
        #expect(reminder.map(\.count) == [1])
        #expect(reminder.first.map { $0.lasting >= .seconds(300) } == true)
        let end = bench.polled(well(bench, 0), .up, row(1))
        #expect(end.contains { if case .report(.guardReleased(tag: "", _)) = $0 { true } else { false } })
        #expect(guarded(bench.watch(row(1), for: .seconds(600))) == [])
    }

    @Test func withholdingMakesNobodyReadTheDirectorMoreOften() {
        var bench = bench([row(1)], .count(1))
        _ = bench.polled(failing(bench, 0), .down, row(1))
        var lists = 0
        for _ in 0..<600 { lists += bench.pass(.milliseconds(100)).count { $0 == .list } + bench.answer(row(1)) }
        #expect(lists <= 7)
    }

    /// The others were polled last before the backend began to fail: it may be the monitor's own network.
    @Test func othersArePolledAtOnceWhereTooFewAreFresh() {
        let rows = [row(1), row(2), row(3)]
        var bench = bench(rows, .count(1))
        let asked = bench.polled(failing(bench, -5), .down, row(1))
        #expect(
            asked.filter { if case .poll = $0 { true } else { false } } == [
                .poll(row(2).address), .poll(row(3).address),
            ])
        #expect(guarded(asked) == [] && asked.asked == [])
        bench.machine.pollsStarted(row(2).address)
        let news = bench.polled(well(bench, 0), .up, row(2)) + bench.watch(row(1), row(2), row(3), for: .seconds(2))
        #expect(news.asked.first == down(1, row(1)))
    }

    /// Its account is rejected there, for example. It is awaited all the same: its turn will come.
    @Test func whatKeepsItsTurnIsNotPolledOutOfIt() {
        let rows = [row(1), row(2), row(3)]
        var bench = bench(rows, .count(1))
        var evidence = well(bench, -10)
        evidence.keepsItsTurn = true
        _ = bench.polled(evidence, .up, row(2))
        let first = bench.polled(failing(bench, -5), .down, row(1))
        #expect(first.filter(\.isPoll) == [.poll(row(3).address)])
        _ = bench.polled(failing(bench, 0), .down, row(3))
        let later = bench.watch(row(1), row(2), row(3), for: .seconds(3))
        #expect(later.filter(\.isPoll) == [] && later.asked == [])
        evidence.healthy = well(bench, 0).healthy
        let news = bench.polled(evidence, .up, row(2)) + bench.watch(row(1), row(2), row(3), for: .seconds(2))
        #expect(news.asked.first == down(1, row(1)))
    }

    @Test func aCandidateThatKeepsItsTurnIsNotAskedAgainOutOfIt() {
        var bench = bench([row(1), row(2)], .count(1))
        var evidence = failing(bench, 0)
        evidence.keepsItsTurn = true
        _ = bench.polled(evidence, .down, row(1))
        _ = bench.polled(failing(bench, 0), .down, row(2))
        _ = bench.watch(row(1), row(2), for: .seconds(30))
        let recovered = PollEvidence(healthy: .init(since: bench.now, asOf: bench.now))
        let actions = bench.polled(recovered, .up, row(2)) + bench.watch(row(1), row(2), for: .seconds(15))
        #expect(actions.filter(\.isPoll) == [] && actions.asked == [])
    }

    @Test func aPollThatBeganBeforeTheFailureShowsNothing() {
        var bench = bench([row(1), row(2)], .count(1))
        _ = bench.polled(failing(bench, 0), .down, row(1))
        let stale = bench.polled(well(bench, -1), .up, row(2)) + bench.watch(row(1), row(2), for: .seconds(2))
        #expect(stale.asked == [])
    }

    @Test func whenEverythingFailsNothingGoesDown() {
        let rows = (1...6).map { row($0) }
        var bench = bench(rows, .count(1))
        var actions: [Action] = []
        for (number, row) in rows.enumerated() {
            actions += bench.polled(failing(bench, 0), number.isMultiple(of: 2) ? .down : nil, row)
            actions += bench.pass(.milliseconds(200)).filter { $0 != .list }
            if number == 3 { actions += bench.list(rows).filter { $0 != .list } }
        }
        for row in rows { actions += bench.polled(failing(bench, 0), .down, row) }
        #expect(actions.asked == [])
        // The first one at once, the others together.
        let told = guarded(actions + bench.watch(rows[0], for: .seconds(2)))
        #expect(Set(told.flatMap(\.hosts)) == Set(rows))
    }

    /// The first to be seen healthy after all have failed says nothing of those that were not polled since.
    @Test func afterAnOutageOfAllACandidateIsAskedAgainBeforeItGoes() {
        var bench = bench([row(1), row(2)], .count(1))
        _ = bench.polled(failing(bench, 0), .down, row(1))
        _ = bench.polled(failing(bench, 0), .down, row(2))
        _ = bench.watch(row(1), row(2), for: .seconds(30))
        let recovered = PollEvidence(healthy: .init(since: bench.now, asOf: bench.now))
        let first = bench.polled(recovered, .up, row(2))
        #expect(first.asked == [])
        #expect(first.contains(.poll(row(1).address)))
        #expect(bench.watch(row(1), row(2), for: .seconds(3)).asked == [])
        let again = bench.polled(failing(bench, -33), .down, row(1)) + bench.watch(row(1), row(2), for: .seconds(2))
        #expect(again.asked.first == down(1, row(1)))
    }

    @Test func aPercentageIsOfThoseThatAreNotUnderMaintenanceAndRoundedUp() {
        let rows = [row(1), row(2), row(3), row(4, vhosts: 0)]
        var bench = bench(rows, .percent(50))
        #expect(bench.polled(failing(bench, -20), .down, row(1)).asked == [down(1, row(1))])
        _ = bench.reply(1, .ok)
        let two =
            bench.polled(failing(bench, -20), .down, row(2))
            + bench.watch(row(1, .down), row(2), row(3), row(4, vhosts: 0), for: .seconds(2))
        #expect(!two.asked.isEmpty)
        #expect(!two.contains { if case .send(_, DirectorCommand(.hostDown, row(2))) = $0 { true } else { false } })
    }

    @Test func anotherPoolsBackendsDoNotCount() {
        let other = row(2, tag: "x")
        var bench = bench([row(1), other], .count(1))
        let actions = bench.polled(failing(bench, -20), .down, row(1)) + bench.watch(row(1), other, for: .seconds(2))
        #expect(actions.asked == [])
        #expect(guarded(actions).map(\.pool) == [1])
    }

    /// Its outcome is not known before a list shows it.
    @Test func aDownThatIsUnderWayCountsAsDown() {
        let rows = [row(1), row(2), row(3)]
        var bench = bench(rows, .count(1))
        #expect(bench.polled(failing(bench, -20), .down, row(1)).asked == [down(1, row(1))])
        // It recovers while its HOST-DOWN is held: it is no help for the others.
        _ = bench.polled(well(bench, 0), .up, row(1))
        _ = bench.polled(failing(bench, -20), nil, row(3))
        let second =
            bench.polled(failing(bench, -1), .down, row(2)) + bench.watch(row(1), row(2), row(3), for: .seconds(2))
        #expect(second.asked == [])
    }

    @Test func aWithheldDownGoesOutAsSoonAsTheGuardAllows() {
        var bench = bench([row(1), row(2)], .count(1))
        _ = bench.polled(failing(bench, 0), nil, row(2))
        _ = bench.polled(failing(bench, 0), .down, row(1))
        #expect(bench.watch(row(1), row(2), for: .seconds(60)).asked == [])
        let actions = bench.polled(well(bench, 0), .up, row(2)) + bench.watch(row(1), row(2), for: .seconds(2))
        #expect(actions.asked.first == down(1, row(1)))
    }

    @Test func notYetPolledIsNotHealthy() {
        var bench = Bench { $0.minHealthy = .count(1) }
        #expect(bench.wake() == [.list])
        _ = bench.list([row(1), row(2)])
        let actions = bench.polled(failing(bench, 0), .down, row(1))
        #expect(actions.contains(.poll(row(2).address)))
        #expect(bench.watch(row(1), row(2), for: .seconds(5)).asked == [])
    }

    /// A backend that cannot be reached from here is neither healthy nor faulty: that is no reason to say nothing.
    @Test func whatNothingIsKnownOfKeepsNothingSecretAndIsNotHammered() {
        var bench = Bench { $0.minHealthy = .count(1) }
        #expect(bench.wake() == [.list])
        _ = bench.list([row(1), row(2)])
        var actions = bench.polled(failing(bench, 0), .down, row(1))
        var asked = 0
        for _ in 0..<250 {
            asked += actions.count { $0 == .poll(row(2).address) }
            bench.machine.pollsStarted(row(2).address)
            actions = bench.polled(PollEvidence(), nil, row(2)) + bench.watch(row(1), row(2), for: .milliseconds(100))
            if !guarded(actions).isEmpty { break }
        }
        #expect(guarded(actions).map(\.hosts) == [[row(1)]])
        #expect((1...3).contains(asked))
    }

    @Test func theRuleMayChange() {
        var bench = bench([row(1)], .count(1))
        _ = bench.polled(failing(bench, 0), .down, row(1))
        bench.machine.manners.minHealthy = .off
        #expect(bench.watch(row(1), for: .seconds(11)).asked.first == down(1, row(1)))
    }

    /// Each poll of a backend that is withheld is an event, and each event is followed by the question when to be woken.
    @Test func thousandsThatAreWithheldAreToldOfTogether() {
        let rows = (0..<2_000).map { row($0) }
        var bench = bench(rows, .count(1))
        var actions: [Action] = []
        for _ in 1...3 {
            for row in rows {
                bench.now = bench.now + .microseconds(250)
                actions += bench.polled(failing(bench, 0), .down, row)
                #expect(bench.machine.nextWake > .origin)
            }
        }
        #expect(actions.asked == [])
        #expect(guarded(actions).last?.count == 2_000)
    }
}

extension Action {
    fileprivate var isPoll: Bool { if case .poll = self { true } else { false } }
}
