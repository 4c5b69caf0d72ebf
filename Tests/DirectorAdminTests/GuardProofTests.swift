import DirectorAdmin
import Site
import Testing

/// What others have to show before a HOST-DOWN goes out.
@Suite struct GuardProofTests {
    private func bench(_ rows: [Host], _ rule: MinHealthy = .count(1)) -> Bench {
        var bench = Bench { $0.minHealthy = rule }
        #expect(bench.wake() == [.list])
        _ = bench.list(rows)
        for row in rows { _ = bench.polled(good(bench, -10), .up, row) }
        return bench
    }

    /// Good rounds of a tenth of a second that were over so many seconds from now.
    private func good(_ bench: Bench, _ ends: Double...) -> PollEvidence {
        PollEvidence(
            goodRounds: ends.map { time(bench, $0 - 0.1)...time(bench, $0) })
    }

    private func time(_ bench: Bench, _ seconds: Double) -> Instant {
        bench.now + .milliseconds(Int((seconds * 1000).rounded()))
    }

    private func failed(_ bench: Bench, since: Double, asOf: Double, isDecisive: Bool = true) -> PollEvidence {
        PollEvidence(
            failing: .init(since: time(bench, since), asOf: time(bench, asOf), isDecisive: isDecisive))
    }

    private func polls(_ actions: [Action]) -> [IPAddress] {
        actions.compactMap { if case .poll(let address) = $0 { address } else { nil } }
    }

    /// One poll was lost, others were seen healthy then; and now everything fails, which nobody has seen yet.
    @Test func whatWasSeenBeforeTheLastFailureIsNotEnough() {
        let rows = [row(1), row(2), row(3)]
        var bench = bench(rows)
        _ = bench.polled(good(bench, -10, -1.5), .up, row(2))
        let actions = bench.polled(failed(bench, since: -2, asOf: -0.1), .down, row(1))
        #expect(actions.asked == [])
        #expect(polls(actions) == [row(2).address, row(3).address])
        _ = bench.polled(failed(bench, since: 0, asOf: -0.1), nil, row(2))
        _ = bench.polled(failed(bench, since: 0, asOf: -0.1), nil, row(3))
        #expect(bench.watch(row(1), row(2), row(3), for: .seconds(5)).asked == [])
    }

    /// They are polled with the poll that may be the last, so that nobody has to wait for them.
    @Test func othersArePolledWithThePollThatMayBeTheLast() {
        let rows = [row(1), row(2), row(3)]
        var bench = bench(rows)
        _ = bench.polled(failed(bench, since: -1, asOf: -1, isDecisive: false), nil, row(1))
        _ = bench.pass(.seconds(1))
        #expect(bench.machine.pollsStarted(row(1).address, at: bench.now) == [])
        _ = bench.polled(failed(bench, since: -2, asOf: -1), nil, row(1))
        _ = bench.polled(good(bench, -0.5), .up, row(2))
        let asked = bench.machine.pollsStarted(row(1).address, at: bench.now)
        #expect(polls(asked) == [row(2).address, row(3).address])
        bench.now = bench.now + .milliseconds(50)
        _ = bench.polled(
            PollEvidence(goodRounds: good(bench, -0.55).goodRounds + [time(bench, -0.05)...bench.now]), .up, row(2))
        let last = bench.polled(failed(bench, since: -2.05, asOf: -0.05), .down, row(1))
        #expect((last + bench.list(rows)).asked == [down(1, row(1))])
        bench.machine.manners.minHealthy = .off
        #expect(bench.machine.pollsStarted(row(1).address, at: bench.now + .seconds(1)) == [])
    }

    /// Where most that are polled with it begin to fail, those that are not have seen nothing of what happened then.
    @Test func aFailureTogetherWithMostOthersHasToBeSeenAgain() {
        let rows = (1...8).map { row($0) }
        var bench = bench(rows)
        for row in rows.dropFirst() { _ = bench.polled(good(bench, -10, -1.5), .up, row) }
        // An outage of two seconds has just ended.
        for number in 2...5 { _ = bench.polled(failed(bench, since: -0.1, asOf: -0.5), nil, row(number)) }
        _ = bench.polled(failed(bench, since: -2, asOf: -0.5), .down, row(1))
        for number in 6...8 { _ = bench.polled(good(bench, -1.5, 0), .up, row(number)) }
        #expect(bench.list(rows).asked == [])
        bench.now = bench.now + .seconds(1)
        for number in 6...8 { _ = bench.polled(good(bench, -2.5, -1, 0), .up, row(number)) }
        let again = bench.polled(failed(bench, since: -3, asOf: -0.5), .down, row(1))
        #expect((again + bench.list(rows)).asked == [down(1, row(1))])
    }

    /// One has lost a poll, and then everything fails for six seconds: who is polled again first has failed with it.
    @Test func whoHasFailedMeanwhileDoesNotBearItOut() {
        let rows = [row(1), row(2), row(3)]
        var bench = bench(rows)
        let start = bench.now
        _ = bench.polled(failed(bench, since: 0, asOf: -0.1), nil, row(1))
        bench.now = start + .milliseconds(1600)
        _ = bench.polled(good(bench, -0.5), .up, row(2))
        _ = bench.polled(good(bench, 0), .up, row(3))
        // From the fourth second on, polls of five seconds are in vain; that of the third backend goes on.
        bench.now = start + .milliseconds(9_100)
        var sent = bench.polled(failed(bench, since: -9.1, asOf: -5), .down, row(1)) + bench.list(rows)
        bench.now = start + .milliseconds(10_300)
        sent += bench.polled(failed(bench, since: 0, asOf: -5), nil, row(2))
        bench.now = bench.now + .milliseconds(300)
        sent += bench.polled(good(bench, -0.1), .up, row(2)) + bench.list(rows)
        #expect(sent.asked == [])
        bench.now = bench.now + .milliseconds(300)
        sent += bench.polled(PollEvidence(goodRounds: good(bench, -9, 0).goodRounds), .up, row(3)) + bench.list(rows)
        #expect(sent.asked == [down(1, row(1))])
    }

    /// Nobody was polled with it, as by the rules of then it was not decisive.
    @Test func aPollOfFormerRulesBearsNothingOut() {
        let rows = [row(1), row(2)]
        var bench = bench(rows)
        _ = bench.polled(good(bench, -10, -2), .up, row(2))
        let failure = failed(bench, since: -3, asOf: -1)
        _ = bench.polled(failure, nil, row(1))
        _ = bench.polled(good(bench, -10, -2, 0), .up, row(2))
        let judgements = [
            Reconciliation.Judgement(address: row(1).address, evidence: failure, wanted: .down),
            Reconciliation.Judgement(address: row(2).address, evidence: good(bench, -10, -2, 0), wanted: .up),
        ]
        let actions = bench.machine.judged(judgements, at: bench.now)
        #expect((actions + bench.list(rows)).asked == [])
        #expect(polls(actions) == [row(1).address])
        bench.now = bench.now + .milliseconds(100)
        _ = bench.polled(good(bench, -10.1, -2.1, 0), .up, row(2))
        let again = bench.polled(failed(bench, since: -3.1, asOf: -0.1), .down, row(1)) + bench.list(rows)
        #expect(again.asked == [down(1, row(1))])
    }

    /// Its polls fail ten times a second, and those of the others take two seconds: none of theirs begins behind its last one
    /// and ends before its next.
    @Test func aBackendThatIsPolledMoreOftenThanOthersAnswerGoesDown() {
        let rows = [row(1), row(2)]
        var bench = bench(rows)
        let since = time(bench, 0)
        var rounds: [ClosedRange<Instant>] = []
        var start = bench.now
        var sent: [Action] = []
        for _ in 0..<100 where sent.isEmpty {
            bench.now = bench.now + .milliseconds(100)
            if bench.now - start >= .seconds(2) {
                rounds = Array((rounds + [start...bench.now]).suffix(4))
                start = bench.now
                sent += bench.polled(PollEvidence(goodRounds: rounds), .up, row(2))
            }
            let failing = PollEvidence.Failing(since: since, asOf: bench.now + .milliseconds(-50))
            sent += bench.polled(PollEvidence(failing: failing), .down, row(1))
            sent = (sent + bench.list(rows)).asked
        }
        #expect(sent == [down(1, row(1))])
    }

    /// Where now one backend fails and now another, the same few would be polled each time.
    @Test func notAlwaysTheSameOnesAreAsked() {
        let rows = (0..<40).map { row($0) }
        var bench = bench(rows)
        var asked: [IPAddress: Int] = [:]
        for number in 0..<30 {
            bench.now = bench.now + .milliseconds(200)
            for row in rows { _ = bench.polled(good(bench, -0.1), .up, row) }
            for address in polls(bench.polled(failed(bench, since: 0, asOf: -0.1), nil, rows[number])) {
                asked[address, default: 0] += 1
            }
        }
        #expect(asked.values.max() ?? 0 <= 5, "\(asked.values.sorted())")
    }

    /// Half of ten thousand are not to be polled in one go because one of them has failed.
    @Test func aLargePoolIsAskedInPortions() {
        let rows = (0..<10_000).map { row($0) }
        var bench = bench(rows, .percent(50))
        let byAddress = Dictionary(uniqueKeysWithValues: rows.map { ($0.address, $0) })
        var asked = polls(bench.polled(failed(bench, since: -2, asOf: -0.1), .down, row(0)))
        #expect((16...100).contains(asked.count))
        var seconds = 0.0
        while asked.count < 5_000, seconds < 20 {
            // Those that were asked answer, and are followed by others.
            var news: [Action] = []
            for address in asked.suffix(100) {
                if let row = byAddress[address] { news += bench.polled(good(bench, -10, 0.1), .up, row) }
            }
            let actions = polls(news + bench.pass(.milliseconds(100)))
            #expect(actions.count <= 200)
            asked += actions
            seconds += 0.1
        }
        #expect(Set(asked).count == asked.count && asked.count >= 5_000, "\(seconds) s")
    }

    /// Each good poll may release one of those that are withheld: that must not be found out each time by going through all.
    @Test(.timeLimit(.minutes(1))) func thousandsThatAreWithheldAreLookedAtNowAndThen() {
        let rows = (0..<4_000).map { row($0) }
        var bench = bench(rows, .percent(80))
        for row in rows.prefix(1_000) { _ = bench.polled(failed(bench, since: 0, asOf: -0.1), .down, row) }
        var looks = 0
        for round in 0..<4_000 {
            bench.now = bench.now + .milliseconds(1)
            let former = bench.machine.nextWake
            _ = bench.polled(good(bench, -10, 0), .up, rows[1_000 + round % 3_000])
            if bench.machine.nextWake != former { looks += 1 }
        }
        #expect(looks <= 100)
    }
}
