import DirectorAdmin
import Site
import Testing

/// A director that cannot be read.
@Suite struct ReconciliationAwayTests {
    @Test func itIsToldOnceAndTriedAgainEveryInterval() {
        var bench = Bench(listing: row(1))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.fail("gone") == [.report(.lost(DirectorFailure("gone")))])
        for _ in 0..<20 {
            #expect(bench.pass(.milliseconds(9999)) == [.list])
            #expect(bench.fail("another") == [])
        }
    }

    @Test func itIsToldWhenItIsBackAndHowLongItWasAway() {
        var bench = Bench(listing: row(1))
        _ = bench.pass(.seconds(10))
        _ = bench.fail()
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1)) == [.report(.back(after: .milliseconds(10_001)))])
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.fail("again") == [.report(.lost(DirectorFailure("again")))])
    }

    @Test func aLongIntervalIsNotWaitedForWhereAListHasFailed() {
        var bench = Bench(listing: row(1), interval: .seconds(3600))
        #expect(bench.pass(.seconds(3600)) == [.list])
        _ = bench.fail()
        #expect(bench.pass(.milliseconds(9_997)) == [])
        #expect(bench.pass(.milliseconds(1)) == [.list])
        _ = bench.fail()
        #expect(bench.pass(.seconds(10)) == [.list])
        _ = bench.list(row(1))
        #expect(bench.pass(.seconds(3590)) == [])
    }

    /// The operator corrects the socket: that is how it ends, and people wait to hear of it.
    @Test func anotherDirectorThatAnswersIsTheOneThatIsBack() {
        var bench = Bench(listing: row(1))
        _ = bench.pass(.seconds(10))
        _ = bench.fail()
        _ = bench.pass(.seconds(100))
        #expect(bench.machine.directorChanged(isOther: true) == [])
        #expect(bench.wake() == [.list])
        let back = bench.list(row(1))
        #expect(back == [.report(.back(after: .milliseconds(100_001))), .report(.ringChanged(.synced))])
    }

    @Test func anotherDirectorThatIsAwayTooIsNoNews() {
        var bench = Bench(listing: row(1))
        _ = bench.pass(.seconds(10))
        _ = bench.fail()
        _ = bench.pass(.seconds(100))
        #expect(bench.machine.directorChanged(isOther: true) == [])
        #expect(bench.wake() == [.list])
        #expect(bench.fail("wrong") == [])
        #expect(bench.pass(.seconds(9)) == [])
    }

    @Test func aReminderComesEveryFiveMinutes() {
        var bench = Bench(listing: row(1))
        _ = bench.pass(.seconds(10))
        _ = bench.fail("first")
        let lost = bench.now
        var reminders: [Duration] = []
        while bench.now - lost < .seconds(1000) {
            for action in bench.pass(.milliseconds(500)) {
                switch action {
                case .list: #expect(bench.fail("now") == [])
                case .report(.stillAway(let failure, for: let time)):
                    #expect(failure == DirectorFailure("now"))
                    reminders.append(time)
                default: Issue.record("\(action)")
                }
            }
        }
        #expect(reminders == [.seconds(300), .seconds(600), .seconds(900)])
    }

    @Test func aDirectorThatWasNeverThereIsTriedEveryInterval() {
        var bench = Bench()
        #expect(bench.wake() == [.list])
        #expect(bench.fail("no socket") == [.report(.lost(DirectorFailure("no socket")))])
        #expect(bench.pass(.seconds(10)) == [.list])
        let back = bench.list(row(1))
        #expect(
            back == [
                .report(.back(after: .milliseconds(10_001))), .report(.ringChanged(.synced)),
                .report(.hostAppeared(row(1))),
            ])
    }

    @Test func nothingPressesOnADirectorThatIsAway() {
        var bench = Bench(listing: row(1), row(2))
        _ = bench.want(.down, row(1))
        #expect(bench.reply(1, .closed) == [.list])
        #expect(bench.fail() == [.report(.lost(DirectorFailure("away")))])
        #expect(bench.want(.down, row(2)) == [])
        #expect(bench.pass(.milliseconds(9995)) == [])
        #expect(bench.pass(.milliseconds(5)) == [.list])
        #expect(bench.fail() == [])
    }

    @Test func aCommandIsRestedOnAListReadAfterTheDirectorIsBack() {
        var bench = Bench(listing: row(1))
        _ = bench.pass(.seconds(10))
        _ = bench.fail()
        #expect(bench.want(.down, row(1)) == [])
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1)) == [.report(.back(after: .milliseconds(10_001))), down(1, row(1))])
    }

    @Test func aListThatIsFreshIsWorthNothingOnceTheDirectorIsAway() {
        var bench = Bench(listing: row(1), interval: .milliseconds(100))
        #expect(bench.pass(.milliseconds(99)) == [.list])
        _ = bench.fail()
        #expect(bench.want(.down, row(1)) == [])
    }

    @Test func aListFromBeforeASuspensionIsNotFresh() {
        var bench = Bench(listing: row(1))
        bench.machine.suspended()
        #expect(bench.want(.down, row(1)) == [.list])
        #expect(bench.list(row(1)) == [down(1, row(1))])
    }

    /// What it says was true before.
    @Test func aListThatWasUnderWayInASuspensionIsNotFresh() {
        var bench = Bench(listing: row(1))
        #expect(bench.pass(.seconds(10)) == [.list])
        bench.machine.suspended()
        #expect(bench.list(row(1)) == [])
        #expect(bench.want(.down, row(1)) == [.list])
        #expect(bench.list(row(1)) == [down(1, row(1))])
    }

    @Test func aListThatADirectorTookItsTimeForIsFresh() {
        var bench = Bench(listing: row(1), interval: .seconds(60))
        #expect(bench.pass(.seconds(60)) == [.list])
        bench.now = bench.now + .seconds(9)
        #expect(bench.list(row(1)) == [])
        #expect(bench.want(.down, row(1)) == [down(1, row(1))])
    }

    @Test func aReplyThatWasLostWithTheDirectorIsDecidedWhenItIsBack() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        #expect(bench.reply(1, .closed) == [.list])
        _ = bench.fail()
        #expect(bench.pass(.seconds(10)) == [.list])
        let back = bench.list(row(1, .down))
        guard case .report(.stateChanged(row(1, .down), .command(.closed, _))) = back.dropFirst().first else {
            Issue.record("\(back)")
            return
        }
        #expect(back.last == move(2, row(1, .down)))
    }

    @Test func backendsStayKnownWhileTheDirectorIsAway() {
        var bench = Bench(listing: row(1), row(2))
        _ = bench.pass(.seconds(10))
        _ = bench.fail()
        #expect(bench.machine.listedHosts == [row(1), row(2)])
    }

    @Test func anUnreadableRowIsToldOnceForEachTextAndNotWithoutEnd() {
        var bench = Bench(listing: row(1))
        func unreadable(_ texts: [String]) -> [Action] {
            _ = bench.pass(bench.machine.nextWake - bench.now)
            bench.now = bench.now + .milliseconds(1)
            let listing = Listing(ring: .synced, hosts: [row(1)], unreadable: texts)
            return bench.machine.listed(listing, at: bench.now)
        }
        #expect(unreadable(["a", "b"]) == [.report(.rowUnreadable("a")), .report(.rowUnreadable("b"))])
        #expect(unreadable(["b", "c"]) == [.report(.rowUnreadable("c"))])
        var told = 0
        for number in 0..<500 { told += unreadable(["n\(number)"]).count }
        #expect(told == 97)
    }
}
