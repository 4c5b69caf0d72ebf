import DirectorAdmin
import Site
import Testing

/// HOST-DOWNs that the pool cannot spare.
@Suite struct PoolGuardTests {
    /// A bench with so many backends of one pool, all of which polled well ten seconds ago.
    func bench(_ rows: [Host], _ rule: MinHealthy) -> Bench {
        var bench = Bench { $0.minHealthy = rule }
        #expect(bench.wake() == [.list])
        _ = bench.list(rows)
        for row in rows { _ = bench.polled(well(bench, -10), .up, row) }
        return bench
    }

    /// A good round that was over in no time, so many seconds from now.
    func well(_ bench: Bench, _ seconds: Double) -> PollEvidence {
        let time = bench.now + .milliseconds(Int(seconds * 1000))
        return PollEvidence(goodRounds: [time...time])
    }

    func failing(_ bench: Bench, _ seconds: Int) -> PollEvidence {
        PollEvidence(failing: .init(since: bench.now + .seconds(seconds), asOf: bench.now))
    }

    /// Whether a candidate goes down once another one has polled well twice, now and a moment ago.
    func released(_ bench: inout Bench, _ candidate: Host, by other: Host) -> Bool {
        let news = bench.polled(wellIn(bench, -1 ... -0.9, 0...0), .up, other)
        return (news + bench.watch(candidate, other, for: .seconds(2))).asked.first == down(1, candidate)
    }

    func guarded(_ actions: [Action]) -> [GuardedDowns] {
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
        _ = bench.machine.pollsStarted(row(2).address, at: bench.now)
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
        evidence.goodRounds = well(bench, 0).goodRounds
        #expect(bench.polled(evidence, .up, row(2)).filter(\.isPoll) == [.poll(row(1).address)])
        let news = bench.polled(failing(bench, -8), .down, row(1))
        #expect((news + bench.watch(row(1), row(2), row(3), for: .seconds(2))).asked.first == down(1, row(1)))
    }

    @Test func aCandidateThatKeepsItsTurnIsNotAskedAgainOutOfIt() {
        var bench = bench([row(1), row(2)], .count(1))
        var evidence = failing(bench, 0)
        evidence.keepsItsTurn = true
        _ = bench.polled(evidence, .down, row(1))
        _ = bench.polled(failing(bench, 0), .down, row(2))
        _ = bench.watch(row(1), row(2), for: .seconds(30))
        let actions = bench.polled(well(bench, 0), .up, row(2)) + bench.watch(row(1), row(2), for: .seconds(15))
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
        let first = bench.polled(well(bench, 0), .up, row(2))
        #expect(first.asked == [])
        #expect(first.contains(.poll(row(1).address)))
        #expect(bench.watch(row(1), row(2), for: .seconds(3)).asked == [])
        let again = bench.polled(failing(bench, -33), .down, row(1))
        #expect(again.asked == [] && again.contains(.poll(row(2).address)))
        #expect(released(&bench, row(1), by: row(2)))
    }

    @Test func aPercentageIsOfThoseThatAreNotUnderMaintenanceAndRoundedUp() {
        let rows = [row(1), row(2), row(3), row(4, vhosts: 0)]
        var bench = bench(rows, .percent(50))
        #expect(bench.polled(failing(bench, -20), .down, row(1)).asked == [])
        #expect(bench.polled(wellIn(bench, -10 ... -10, 0...0), .up, row(2)).asked == [])
        #expect(bench.polled(wellIn(bench, -10 ... -10, 0...0), .up, row(3)).asked == [down(1, row(1))])
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
        #expect(bench.polled(failing(bench, -20), .down, row(1)).asked == [])
        #expect(bench.polled(wellIn(bench, -10 ... -10, 0...0), .up, row(2)).asked == [down(1, row(1))])
        // It recovers while its HOST-DOWN is held: it is no help for the others.
        _ = bench.polled(well(bench, 0), .up, row(1))
        _ = bench.polled(failing(bench, -20), nil, row(3))
        let second =
            bench.polled(failing(bench, -1), .down, row(2)) + bench.watch(row(1), row(2), row(3), for: .seconds(2))
        #expect(second.asked == [])
    }

    /// So that they have been seen when it is known that it has to go down.
    @Test func othersArePolledWhenABackendBeginsToFail() {
        let rows = (1...20).map { row($0) }
        var bench = bench(rows, .count(1))
        let first = bench.polled(failing(bench, 0), nil, row(1))
        #expect(first == [2, 3, 4, 5].map { .poll(row($0).address) })
        #expect(bench.polled(failing(bench, 0), nil, row(1)) == [], "once")
        bench.machine.manners.minHealthy = .percent(50)
        #expect(bench.polled(failing(bench, 0), nil, row(3)) == [], "half of the pool is too much for one failed poll")
        bench.machine.manners.minHealthy = .off
        #expect(bench.polled(failing(bench, 0), nil, row(4)) == [])
    }

    // MARK: What others have shown

    /// A backend that polled well in these rounds, some seconds ago.
    func wellIn(_ bench: Bench, _ rounds: ClosedRange<Double>...) -> PollEvidence {
        func time(_ seconds: Double) -> Instant { bench.now + .milliseconds(Int(seconds * 1000)) }
        return PollEvidence(goodRounds: rounds.map { time($0.lowerBound)...time($0.upperBound) })
    }

    /// One that has failed since then, by polls up to one that was started then.
    private func failed(_ bench: Bench, since: Int, asOf: Int) -> PollEvidence {
        PollEvidence(failing: .init(since: bench.now + .seconds(since), asOf: bench.now + .seconds(asOf)))
    }

    /// The monitor's own network may have been away for as long as nobody was seen healthy.
    @Test func whoWasNotPolledDuringAnOutageSaysNothingOfIt() {
        var bench = bench([row(1), row(2)], .count(1))
        _ = bench.polled(wellIn(bench, -20 ... -19, -10 ... -9.9), .up, row(2))
        _ = bench.polled(failed(bench, since: -6, asOf: -3), .down, row(1))
        let back = bench.polled(wellIn(bench, -20 ... -19, -10 ... -9.9, -0.1...0), .up, row(2))
        #expect(back.asked == [])
        #expect(back.contains(.poll(row(1).address)))
        #expect(bench.watch(row(1), row(2), for: .seconds(1)).asked == [])
        #expect(bench.polled(failing(bench, -7), .down, row(1)).asked == [])
        #expect(released(&bench, row(1), by: row(2)))
    }

    /// As many need not be polled again as have been while the candidate failed.
    @Test func aRoundBetweenTheFirstFailureAndTheLastIsEnough() {
        var bench = bench([row(1), row(2)], .count(1))
        _ = bench.polled(wellIn(bench, -15 ... -14.9, -5 ... -4.9, -0.1...0), .up, row(2))
        let actions = bench.polled(failed(bench, since: -6, asOf: -3), .down, row(1))
        #expect(!actions.contains { if case .poll = $0 { true } else { false } })
        #expect(actions.asked == [down(1, row(1))])
    }

    /// Where there is no place for more polls, a round begins long before its first poll does.
    @Test func aRoundThatMayHaveWaitedForTheOutagesEndSaysNothing() {
        var bench = bench([row(1), row(2)], .count(1))
        _ = bench.polled(wellIn(bench, -5...0), .up, row(2))
        let actions = bench.polled(failed(bench, since: -6, asOf: -3), .down, row(1))
        #expect(actions.asked == [])
        #expect(actions.contains(.poll(row(1).address)))
    }

    @Test(arguments: 1...300) func whoMayGoIsFoundAsByPlainCounting(seed: Int) {
        var director = ModelDirector(backends: 1, mischief: 0, seed: UInt64(seed))
        let healthy = (0..<(1 + director.below(8))).map { row($0) }
        let failing = (0..<(1 + director.below(8))).map { row(100 + $0) }
        let needed = 1 + director.below(4)
        var bench = bench(healthy + failing, .count(needed))
        bench.machine.manners.connections = 100
        _ = bench.pass(.seconds(20))
        var rounds: [[ClosedRange<Instant>]] = []
        for row in healthy {
            var time = bench.now + .seconds(-30)
            rounds.append(
                (0..<director.below(5)).map { _ in
                    let start = time + .seconds(director.below(6))
                    time = start + .seconds(director.below(4))
                    return start...time
                })
            _ = bench.polled(PollEvidence(goodRounds: rounds[rounds.count - 1]), rounds.isEmpty ? nil : .up, row)
        }
        var expected: Set<IPAddress> = []
        for row in failing {
            let since = bench.now + .seconds(director.below(30) - 30)
            // Not at any moment at which others were polled: those that began to fail then would be a doubt.
            let asOf = since + .seconds(director.below(18)) + .milliseconds(500)
            let before = rounds.count { $0.contains { $0.lowerBound >= since && $0.upperBound <= asOf } }
            let after = rounds.count { $0.last.map { $0.lowerBound >= asOf } ?? false }
            if before >= needed, after >= needed { expected.insert(row.address) }
            let asked = bench.polled(PollEvidence(failing: .init(since: since, asOf: asOf)), .down, row).asked
            #expect(asked == [], "the list is too old")
        }
        let sent = bench.list(healthy + failing).compactMap { action -> IPAddress? in
            if case .send(_, let command) = action { IPAddress(command.spelling) } else { nil }
        }
        #expect(Set(sent) == expected && sent.count == expected.count)
    }

    @Test func aWithheldDownGoesOutAsSoonAsTheGuardAllows() {
        var bench = bench([row(1), row(2)], .count(1))
        _ = bench.polled(failing(bench, 0), nil, row(2))
        _ = bench.polled(failing(bench, 0), .down, row(1))
        #expect(bench.watch(row(1), row(2), for: .seconds(60)).asked == [])
        #expect(bench.polled(well(bench, 0), .up, row(2)).contains(.poll(row(1).address)))
        _ = bench.pass(.milliseconds(10))
        #expect(bench.polled(failing(bench, -60), .down, row(1)).asked == [])
        #expect(released(&bench, row(1), by: row(2)))
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
            _ = bench.machine.pollsStarted(row(2).address, at: bench.now)
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

    /// All fail at once; with what was told of it.
    private func withholding(_ rows: [Host]) -> (bench: Bench, told: [GuardedDowns]) {
        var bench = bench(rows, .count(1))
        var actions: [Action] = []
        for row in rows { actions += bench.polled(failing(bench, 0), .down, row) }
        return (bench, guarded(actions))
    }

    @Test func whoIsWithheldIsNamedOnce() {
        let rows = (1...80).map { row($0) }
        var (bench, told) = withholding(rows)
        told += guarded(bench.pass(.seconds(290)))
        #expect(told.flatMap(\.hosts).count == 80 && Set(told.flatMap(\.hosts)) == Set(rows))
        #expect(told.allSatisfy { $0.hosts.count <= 15 })
        #expect(told.last.map { $0.count == 80 && $0.unnamed == 0 } == true)
    }

    @Test func thousandsAreNotAllNamed() {
        let rows = (0..<5_000).map { row($0) }
        var (bench, told) = withholding(rows)
        told += guarded(bench.pass(.seconds(290)))
        #expect((15...20).contains(told.count) && told.last.map { $0.unnamed >= 4_690 } == true)
        told = guarded(bench.pass(.seconds(290)))
        #expect((15...21).contains(told.count) && told.first?.hosts.first == rows[0])
    }
}

extension Action {
    fileprivate var isPoll: Bool { if case .poll = self { true } else { false } }
}
