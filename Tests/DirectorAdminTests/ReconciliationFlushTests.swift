import DirectorAdmin
import Site
import Testing

/// How a backend is emptied: by HOST-FLUSH, or by HOST-RESET-USERS with a number.
@Suite struct ReconciliationFlushTests {
    private let users = row(1, .down, users: 30)

    /// A backend that was just taken down, and whose HOST-FLUSH is out as number 2.
    private func flushing() -> Bench {
        var bench = Bench(listing: row(1)) { $0.flushes = true }
        #expect(bench.want(.down, row(1)) == [down(1, row(1))])
        #expect(bench.reply(1, .ok) == [.list])
        #expect(bench.list(users).last == flush(2, row(1)))
        return bench
    }

    @Test func aFlushFollowsADownOfOnesOwnAndIsConfirmedByAList() {
        var bench = flushing()
        #expect(bench.reply(2, .ok) == [.list])
        #expect(
            bench.list(row(1, .down)) == [.report(.usersMoved(row(1, .down), took: .milliseconds(2)))])
        #expect(bench.watch(row(1, .down), for: .seconds(60)) == [])
    }

    @Test(arguments: [CommandReply.ringSyncTimedOut, .closed, .tryAgainLater, .other("no")])
    func aFlushThatLeavesUsersBehindIsRepeatedAfterAPause(reply: CommandReply) {
        var bench = flushing()
        #expect(bench.reply(2, reply) == [.list])
        #expect(bench.list(users) == [.report(.commandWithoutEffect(users, .hostFlush, reply))])
        #expect(bench.pass(.milliseconds(900)) == [])
        #expect(bench.watch(users, for: .milliseconds(300)).asked == [flush(3, row(1))])
    }

    @Test func aFlushThatLeavesNobodyBehindIsDoneWhateverTheReply() {
        var bench = flushing()
        #expect(bench.reply(2, .closed) == [.list])
        #expect(bench.list(row(1, .down)) == [.report(.usersMoved(row(1, .down), took: .milliseconds(2)))])
        #expect(bench.watch(row(1, .down), for: .seconds(60)) == [])
    }

    @Test func aFlushThatWasNotSentIsTriedAgain() {
        var bench = flushing()
        #expect(bench.reply(2, .notSent("busy")) == [])
        #expect(bench.watch(users, for: .milliseconds(900)) == [])
        #expect(bench.watch(users, for: .milliseconds(300)) == [flush(3, row(1))])
    }

    /// It replies only after the ring is synced, and may be held as a HOST-DOWN may: it is no endless move.
    @Test func aFlushIsGivenUpAfterSixtyFiveSecondsAndCountsForSixtyMore() {
        var bench = flushing()
        #expect(bench.watch(users, for: .seconds(64)) == [])
        #expect(bench.watch(users, for: .seconds(1)) == [.abandon(2)])
        #expect(bench.reply(2, .abandoned) == [])
        #expect(bench.watch(users, for: .seconds(59)) == [])
        let after = bench.watch(users, for: .seconds(20)).asked
        #expect(after == [flush(3, row(1))])
    }

    /// Closing its connection would not take it back: it could run when users are there again.
    @Test func noUpGoesOutWhileAFlushIsOutOrMayBeHeld() {
        var bench = flushing()
        #expect(bench.want(.up, row(1)) == [])
        #expect(bench.watch(users, for: .seconds(65)) == [.abandon(2)])
        #expect(bench.reply(2, .abandoned) == [])
        #expect(bench.watch(users, for: .seconds(59)) == [])
        #expect(bench.watch(users, for: .seconds(20)).asked == [up(3, row(1))])
    }

    @Test func anUpFollowsTheReplyToAFlush() {
        var bench = flushing()
        #expect(bench.want(.up, row(1)) == [])
        #expect(bench.reply(2, .ok) == [.list])
        #expect(bench.list(row(1, .down)).last == up(3, row(1)))
    }

    @Test func whatOthersDoWhileAFlushIsOutIsToldAtOnce() {
        var bench = flushing()
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1)) == [.report(.stateChanged(row(1), .foreign))])
        #expect(bench.reply(2, .ok) == [.list])
        #expect(bench.list(row(1)).asked == [])
        #expect(bench.want(.down, row(1)) == [down(3, row(1))])
    }

    @Test func atMostFourFlushesAreOutAtOnce() {
        let hosts = (1...6).map { row($0) }
        var bench = Bench { $0.flushes = true }
        _ = bench.wake()
        _ = bench.list(hosts)
        for (index, host) in hosts.enumerated() {
            #expect(bench.want(.down, host) == [down(index + 1, host)])
        }
        for id in 1...6 { _ = bench.reply(id, .ok) }
        let listed = (1...6).map { row($0, .down, users: 5) }
        // The list that the first reply asked for says nothing of the others.
        let sent = bench.list(listed).asked + bench.pass(.milliseconds(100)).asked + bench.list(listed).asked
        #expect(sent == (1...4).map { flush($0 + 6, row($0)) })
    }

    @Test func theNumberOfParallelMovesGoesIntoTheCommand() {
        var bench = Bench(listing: row(1)) { $0.parallelMoves = 500 }
        _ = bench.want(.down, row(1))
        _ = bench.reply(1, .ok)
        let command = DirectorCommand(.hostResetUsers, row(1), parallelMoves: 500)
        #expect(bench.list(users).last == .send(2, command))
    }
}
