import DirectorAdmin
import Site
import Testing

/// A move whose reply is lost is owed until a list shows that nobody is left.
@Suite struct ReconciliationMoveRepeatTests {
    private let users = row(1, .down, users: 30)

    /// A backend that was just taken down, and whose move is out as number 2.
    private func moving() -> Bench {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        _ = bench.reply(1, .ok)
        #expect(bench.list(users).last == move(2, row(1)))
        return bench
    }

    @Test(arguments: [CommandReply.closed, .ringSyncTimedOut, .tryAgainLater])
    func usersThatAreStillThereAfterALostReplyAreMovedAgain(reply: CommandReply) {
        var bench = moving()
        #expect(bench.reply(2, reply).asked == [])
        #expect(bench.watch(users, for: .seconds(12)).asked == [move(3, row(1))])
    }

    @Test func aDirectorWithoutDirectorListIsNotAskedAgain() {
        var bench = Bench()
        _ = bench.wake()
        _ = bench.list(row(1), ring: nil)
        _ = bench.want(.down, row(1))
        _ = bench.reply(1, .ok)
        #expect(bench.list(users, ring: nil).last == move(2, row(1)))
        #expect(bench.reply(2, .closed) == [.report(.moveUnknown(users))])
        for _ in 0..<6 {
            #expect(bench.pass(.seconds(10)) == [.list])
            #expect(bench.list(users, ring: nil) == [])
        }
    }

    @Test(arguments: [CommandReply.ok, .notFound, .other("no")])
    func usersThatAreStillThereAfterAnAnswerAreNotMovedAgain(reply: CommandReply) {
        var bench = moving()
        #expect(bench.reply(2, reply).asked == [])
        #expect(bench.watch(users, for: .seconds(60)).asked == [])
    }

    @Test func nobodyIsMovedAgainWhereNobodyIsLeft() {
        var bench = moving()
        _ = bench.reply(2, .closed)
        #expect(bench.watch(row(1, .down), for: .seconds(60)).asked == [])
        // Whoever comes later is not of this monitor's doing.
        #expect(bench.watch(users, for: .seconds(60)).asked == [])
    }

    @Test func aListThatWasBegunBeforeTheReplyDoesNotDecide() {
        var bench = moving()
        #expect(bench.pass(.seconds(10)) == [.list])
        _ = bench.reply(2, .closed)
        #expect(bench.list(users) == [])
        #expect(bench.pass(.seconds(9)) == [])
    }

    @Test func repeatedMovesAreFurtherAndFurtherApart() {
        var bench = moving()
        var pauses: [Int] = []
        for id in 2...6 {
            _ = bench.reply(id, .closed)
            // The pause begins with the list that shows the users.
            #expect(bench.pass(bench.machine.nextWake - bench.now) == [.list])
            _ = bench.list(users)
            let start = bench.now
            var sent: [Action] = []
            while sent.isEmpty, bench.now - start < .seconds(20) {
                sent = bench.watch(users, for: .milliseconds(100)).asked
            }
            #expect(sent == [move(id + 1, row(1))])
            pauses.append(Int((bench.now - start).inSeconds.rounded()))
        }
        #expect(pauses == [1, 2, 3, 4, 5])
    }

    /// The pause of a move is none of HOST-UP's.
    @Test func aMoveThatIsPausedDoesNotHoldUpHostUp() {
        var bench = moving()
        _ = bench.reply(2, .notSent("busy"))
        _ = bench.pass(.milliseconds(10))
        #expect(bench.want(.up, row(1)).asked == [up(3, row(1))])
    }

    @Test func aMoveThatWasGivenUpIsDoneWhenTheWishTurnsBackBeforeTheReply() {
        var bench = moving()
        #expect(bench.want(.up, row(1)) == [.abandon(2)])
        #expect(bench.want(.down, row(1)) == [])
        #expect(bench.reply(2, .abandoned) == [.report(.moveGivenUp(users))])
        // The director may still be going on with it.
        #expect(bench.watch(users, for: .seconds(59)).asked == [])
        #expect(bench.watch(users, for: .seconds(12)).asked == [move(3, row(1))])
    }

    @Test func aMoveThatWasGivenUpIsDoneWhenTheWishTurnsBackBeforeHostUpIsOut() {
        var bench = moving()
        _ = bench.pass(.seconds(2))
        #expect(bench.want(.up, row(1)).asked == [.abandon(2)])
        #expect(bench.reply(2, .abandoned).asked == [])
        #expect(bench.want(.down, row(1)).asked == [])
        #expect(bench.watch(users, for: .seconds(58)).asked == [])
        #expect(bench.watch(users, for: .seconds(12)).asked == [move(3, row(1))])
    }

    @Test func aMoveThatWasGivenUpIsNotDoneOnceTheBackendWasUp() {
        var bench = moving()
        #expect(bench.want(.up, row(1)) == [.abandon(2)])
        #expect(bench.reply(2, .abandoned).asked == [up(3, row(1))])
        #expect(bench.reply(3, .ok) == [.list])
        _ = bench.list(row(1))
        // Others take it down: its users are theirs to move.
        #expect(bench.want(nil, row(1)) == [])
        #expect(bench.watch(users, for: .seconds(30)).asked == [])
    }
}
