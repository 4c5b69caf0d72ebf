import DirectorAdmin
import Site
import Testing

/// A command whose reply is not waited for any longer may be held in the director, and run later.
@Suite struct ReconciliationHoldTests {
    /// A HOST-DOWN that has just been given up, 65 s after it was sent; lists show U all the while.
    private func abandoned() -> Bench {
        var bench = Bench(listing: row(1))
        #expect(bench.want(.down, row(1)) == [down(1, row(1))])
        for _ in 0..<6 {
            #expect(bench.pass(.seconds(10)) == [.list])
            #expect(bench.list(row(1)) == [])
        }
        let last = bench.pass(.milliseconds(5000))
        #expect(last == [.abandon(1)])
        #expect(bench.reply(1, .abandoned) == [])
        return bench
    }

    /// Lets time pass, with lists that show this row; gives whatever else was done.
    private func pass(_ bench: inout Bench, seconds: Int, _ host: Host) -> [Action] {
        var others: [Action] = []
        for _ in 0..<(seconds * 2) {
            let actions = bench.pass(.milliseconds(500))
            others += actions.filter { $0 != .list }
            if actions.contains(.list) { others += bench.list(host).filter { $0 != .list } }
        }
        return others
    }

    @Test func aReplyIsWaitedForForSixtyFiveSeconds() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        #expect(pass(&bench, seconds: 64, row(1)) == [])
        #expect(pass(&bench, seconds: 1, row(1)) == [.abandon(1)])
    }

    @Test func aCommandIsGivenUpOnlyOnce() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        #expect(pass(&bench, seconds: 200, row(1)) == [.abandon(1)])
    }

    @Test func anAbandonedCommandCountsForSixtySecondsMore() {
        var bench = abandoned()
        #expect(pass(&bench, seconds: 59, row(1)) == [])
        let after = pass(&bench, seconds: 13, row(1))
        #expect(after == [.report(.commandWithoutEffect(row(1), .hostDown, .abandoned)), down(2, row(1))])
    }

    @Test func aHeldHostDownThatIsExecutedLateIsThisMonitorsOwn() {
        var bench = abandoned()
        #expect(pass(&bench, seconds: 20, row(1)) == [])
        let after = pass(&bench, seconds: 11, row(1, .down))
        guard case .report(.stateChanged(row(1, .down), .command(.abandoned, _))) = after.first else {
            Issue.record("\(after)")
            return
        }
        #expect(after.count == 1, "it may be another's work: the command counts as held all the same")
        #expect(pass(&bench, seconds: 40, row(1, .down)) == [move(2, row(1, .down))])
    }

    @Test func noHostUpGoesOutWhileAHostDownMayBeHeld() {
        var bench = abandoned()
        #expect(bench.want(.up, row(1)) == [])
        #expect(pass(&bench, seconds: 59, row(1)) == [])
    }

    @Test func aHostDownThatIsExecutedLateIsUndoneWhenTheBackendIsHealthyAgain() {
        var bench = abandoned()
        #expect(bench.want(.up, row(1)) == [])
        #expect(pass(&bench, seconds: 20, row(1)) == [])
        let after = pass(&bench, seconds: 11, row(1, .down))
        #expect(after.count == 1)
        #expect(pass(&bench, seconds: 40, row(1, .down)) == [up(2, row(1, .down))])
    }

    @Test func noSecondHostDownGoesOutWhileTheFirstMayBeHeld() {
        var bench = abandoned()
        #expect(bench.want(nil, row(1)) == [])
        #expect(bench.want(.down, row(1)) == [])
        #expect(pass(&bench, seconds: 50, row(1)) == [])
    }

    @Test func aHeldHostUpIsWaitedForToo() {
        var bench = Bench(listing: row(1, .down))
        #expect(bench.want(.up, row(1)) == [up(1, row(1))])
        #expect(pass(&bench, seconds: 66, row(1, .down)) == [.abandon(1)])
        #expect(bench.reply(1, .abandoned) == [])
        #expect(bench.want(.down, row(1)) == [])
        #expect(pass(&bench, seconds: 10, row(1, .down)) == [])
        let late = pass(&bench, seconds: 10, row(1))
        guard case .report(.stateChanged(row(1), .command(.abandoned, _))) = late.first else {
            Issue.record("\(late)")
            return
        }
        #expect(late.count == 1)
        #expect(pass(&bench, seconds: 50, row(1)) == [down(2, row(1))])
    }

    @Test func aHeldCommandTakesNoConnection() {
        var bench = abandoned()
        let others = (2...9).map { row($0) }
        #expect(bench.pass(.seconds(5)) == [.list])
        _ = bench.list([row(1)] + others)
        let sent = others.flatMap { bench.want(.down, $0) }
        #expect(sent == others.enumerated().map { down($0.offset + 2, $0.element) })
    }

    @Test func aRealReplyThatCrossesTheGivingUpCounts() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        #expect(pass(&bench, seconds: 65, row(1)) == [.abandon(1)])
        #expect(bench.reply(1, .ok) == [.list])
        #expect(bench.list(row(1)) == [.report(.commandWithoutEffect(row(1), .hostDown, .ok))])
    }
}
