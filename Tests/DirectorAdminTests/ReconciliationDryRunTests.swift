import DirectorAdmin
import Site
import Testing

/// Everything but the commands.
@Suite struct ReconciliationDryRunTests {
    @Test func whatWouldBeSentIsToldOnceForEachWish() {
        var bench = Bench(listing: row(1), row(2, .down)) { $0.isDryRun = true }
        #expect(
            bench.want(.down, row(1)) == [wouldSend(row(1), .hostDown), wouldSend(row(1), .hostResetUsers)])
        #expect(bench.want(.up, row(2)) == [wouldSend(row(2, .down), .hostUp)])
        #expect(bench.watch(row(1), row(2, .down), for: .seconds(100)) == [])
        #expect(bench.want(nil, row(1)) == [])
        #expect(bench.watch(row(1), row(2, .down), for: .seconds(100)) == [])
        let again = bench.want(.down, row(1)) + bench.watch(row(1), row(2, .down), for: .seconds(100))
        #expect(again.filter { $0 != .list } == [wouldSend(row(1), .hostDown), wouldSend(row(1), .hostResetUsers)])
    }

    @Test func listsAreReadEveryIntervalAndNoFaster() {
        var bench = Bench(listing: row(1)) { $0.isDryRun = true }
        _ = bench.want(.down, row(1))
        for _ in 0..<5 {
            #expect(bench.pass(.milliseconds(9990)) == [])
            #expect(bench.pass(.milliseconds(10)) == [.list])
            #expect(bench.list(row(1)) == [])
        }
    }

    @Test func aWishThatOthersHaveFulfilledAndUndoneIsToldAgain() {
        var bench = Bench(listing: row(1)) { $0.isDryRun = true }
        _ = bench.want(.down, row(1))
        #expect(bench.watch(row(1, .down), for: .seconds(11)) == [.report(.stateChanged(row(1, .down), .foreign))])
        _ = bench.watch(row(1), for: .seconds(11))
        _ = bench.want(.down, row(1))
        #expect(bench.watch(row(1), for: .seconds(1)).contains(wouldSend(row(1), .hostDown)))
    }

    @Test func itTellsOfFlushesWhereThoseAreSent() {
        var bench = Bench(listing: row(1)) {
            $0.isDryRun = true
            $0.flushes = true
        }
        #expect(bench.want(.down, row(1)) == [wouldSend(row(1), .hostDown), wouldSend(row(1), .hostFlush)])
    }

    @Test func itWaitsForTheRingAndTheDelayAsTheCommandsWould() {
        var bench = Bench(listing: row(1)) {
            $0.isDryRun = true
            $0.delayedDown = .init(delay: .seconds(120), limit: 2)
        }
        #expect(bench.want(.down, row(1)) == [])
        #expect(bench.watch(row(1), for: .seconds(119)) == [])
        #expect(bench.watch(row(1), for: .seconds(3)).contains(wouldSend(row(1), .hostDown)))
    }

    @Test func whenItEndsWhatWasToldIsSent() {
        var bench = Bench(listing: row(1)) { $0.isDryRun = true }
        _ = bench.want(.down, row(1))
        bench.machine.manners.isDryRun = false
        #expect(bench.watch(row(1), for: .seconds(1)) == [down(1, row(1))])
    }

    @Test func whenItBeginsNothingMoreIsSent() {
        var bench = Bench(listing: row(1), row(2))
        _ = bench.want(.down, row(1))
        bench.machine.manners.isDryRun = true
        #expect(bench.want(.down, row(2)).asked == [])
        #expect(bench.reply(1, .ok) == [.list])
        #expect(bench.list(row(1, .down, users: 3), row(2)).asked == [])
        #expect(bench.watch(row(1, .down, users: 3), row(2), for: .seconds(30)).asked == [])
    }
}
