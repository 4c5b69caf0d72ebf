import DirectorAdmin
import Site
import Testing

/// The ring's state decides whether commands go out, and whether a list is believed.
@Suite struct ReconciliationRingTests {
    @Test func theFirstListIsReadAtOnce() {
        var bench = Bench()
        #expect(bench.machine.nextWake <= bench.now)
        #expect(bench.wake() == [.list])
        #expect(bench.machine.nextWake == .distantFuture)
        #expect(
            bench.list(row(1), row(2, .down)) == [
                .report(.ringChanged(.synced)), .report(.hostAppeared(row(1))), .report(.hostAppeared(row(2, .down))),
            ])
        #expect(bench.machine.listedHosts == [row(1), row(2, .down)])
    }

    @Test func listsAreReadEveryIntervalStartToStart() {
        var bench = Bench(interval: .seconds(10))
        let start = bench.now
        _ = bench.wake()
        for round in 1...5 {
            #expect(bench.pass(.seconds(3)) == [])
            let actions = bench.list(row(1))
            #expect(actions.areReportsOnly)
            #expect(bench.machine.nextWake == start + .seconds(10 * round))
            _ = bench.pass(bench.machine.nextWake - bench.now)
        }
    }

    @Test func aListThatTakesLongerThanTheIntervalIsFollowedByTheNextAtOnce() {
        var bench = Bench(interval: .seconds(1))
        _ = bench.wake()
        #expect(bench.pass(.seconds(5)) == [])
        #expect(bench.list(row(1)).last == .list)
    }

    @Test func theIntervalIsNeverShorterThanATenthOfASecond() {
        #expect(Reconciliation.Manners(interval: .zero).interval == .milliseconds(100))
        #expect(Reconciliation.Manners(interval: .milliseconds(99)).interval == .milliseconds(100))
        #expect(Reconciliation.Manners(interval: .milliseconds(101)).interval == .milliseconds(101))
    }

    @Test func whileTheRingSyncsCommandsWaitAndListsComeEverySecond() {
        var bench = Bench()
        _ = bench.wake()
        _ = bench.list(row(1), ring: .syncing)
        #expect(bench.want(.down, row(1)) == [])
        for _ in 0..<40 {
            #expect(bench.pass(.seconds(1)) == [.list])
            #expect(bench.list(row(1), ring: .syncing) == [])
        }
        #expect(bench.pass(.seconds(1)) == [.list])
        #expect(bench.list(row(1)) == [.report(.ringChanged(.synced)), down(1, row(1))])
    }

    @Test func aSyncingRingWithoutAnythingToDoIsReadEveryInterval() {
        var bench = Bench()
        _ = bench.wake()
        _ = bench.list(row(1), ring: .syncing)
        #expect(bench.pass(.milliseconds(9998)) == [])
        #expect(bench.pass(.milliseconds(1)) == [.list])
    }

    @Test func theRingThatFallsOutOfSyncHoldsBackWhatIsNotYetOut() {
        var bench = Bench(listing: row(1), row(2))
        #expect(bench.want(.down, row(1)) == [down(1, row(1))])
        #expect(bench.reply(1, .ok) == [.list])
        #expect(bench.list(row(1, .down), row(2), ring: .syncing).areReportsOnly)
        #expect(bench.want(.down, row(2)) == [])
        #expect(bench.pass(.seconds(1)) == [.list])
        let healed = bench.list(row(1, .down), row(2))
        #expect(healed == [.report(.ringChanged(.synced)), down(2, row(2)), move(3, row(1, .down))])
    }

    @Test func aListOfAHandshakingDirectorChangesNothing() {
        var bench = Bench(listing: row(1, .down), row(2))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1), row(3), ring: .handshaking) == [.report(.ringChanged(.handshaking))])
        #expect(bench.machine.listedHosts == [row(1, .down), row(2)])
    }

    @Test func aHandshakingDirectorIsReadEverySecondAndNotCommanded() {
        var bench = Bench(listing: row(1))
        #expect(bench.pass(.seconds(10)) == [.list])
        _ = bench.list(row(1), ring: .handshaking)
        #expect(bench.want(.down, row(1)) == [])
        for _ in 0..<5 {
            #expect(bench.pass(.seconds(1)) == [.list])
            #expect(bench.list(row(1), ring: .handshaking) == [])
        }
        #expect(bench.pass(.seconds(1)) == [.list])
        #expect(bench.list(row(1)) == [.report(.ringChanged(.synced)), down(1, row(1))])
    }

    @Test func aReplyThatWaitsForAListDoesNotHammerAHandshakingDirector() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        #expect(bench.reply(1, .closed) == [.list])
        #expect(bench.list(row(1), ring: .handshaking) == [.report(.ringChanged(.handshaking))])
        for _ in 0..<5 {
            #expect(bench.pass(.milliseconds(990)) == [])
            #expect(bench.pass(.milliseconds(10)) == [.list])
            #expect(bench.list(row(1), ring: .handshaking) == [])
        }
        #expect(bench.pass(.seconds(1)) == [.list])
        #expect(
            bench.list(row(1)) == [
                .report(.ringChanged(.synced)), .report(.commandWithoutEffect(row(1), .hostDown, .closed)),
            ])
    }

    @Test func aDirectorThatDoesNotTellTheRingsStateIsUsedAllTheSame() {
        var bench = Bench()
        _ = bench.wake()
        #expect(bench.list(row(1), ring: nil) == [.report(.ringChanged(nil)), .report(.hostAppeared(row(1)))])
        #expect(bench.want(.down, row(1)) == [down(1, row(1))])
    }

    /// Lets time pass over lists that show the ring like this; gives the reminders that came meanwhile.
    private func remind(_ bench: inout Bench, _ ring: RingState?, for time: Duration) -> [Action] {
        let end = bench.now + time
        var reminders: [Action] = []
        while bench.now < end {
            for action in bench.pass(min(.seconds(1), end - bench.now)) {
                if action == .list { _ = bench.list([row(1)], ring: ring) } else { reminders.append(action) }
            }
        }
        return reminders
    }

    @Test func aRingThatIsNeverSyncedIsToldAgainEveryFiveMinutes() {
        var bench = Bench()
        _ = bench.wake()
        #expect(bench.list([row(1)], ring: .syncing).contains(.report(.ringChanged(.syncing))))
        _ = bench.want(.down, row(1))
        let reminders = remind(&bench, .syncing, for: .seconds(700))
        #expect(
            reminders == [
                .report(.stillNotSynced(.syncing, for: .seconds(300))),
                .report(.stillNotSynced(.syncing, for: .seconds(600))),
            ])
    }

    @Test func theTimeWithoutASyncedRingGoesOnWhileTheDirectorShakesHandsAndEndsWithASync() {
        var bench = Bench(listing: row(1))
        #expect(remind(&bench, .synced, for: .seconds(400)) == [])
        #expect(remind(&bench, .syncing, for: .seconds(200)) == [])
        let reminders = remind(&bench, .handshaking, for: .seconds(150))
        guard case .report(.stillNotSynced(.handshaking, for: let time)) = reminders.first, reminders.count == 1 else {
            Issue.record("\(reminders)")
            return
        }
        #expect(time == .seconds(300))
        #expect(remind(&bench, .synced, for: .seconds(700)) == [])
        #expect(remind(&bench, .syncing, for: .seconds(290)) == [])
        #expect(remind(&bench, nil, for: .seconds(700)) == [])
    }

    /// Nothing is known of the ring then, and there are reminders of that.
    @Test func ofADirectorThatIsAwayTheRingIsNotToldAgain() {
        var bench = Bench()
        _ = bench.wake()
        _ = bench.list([row(1)], ring: .syncing)
        #expect(bench.pass(.seconds(10)) == [.list])
        _ = bench.fail()
        var told: [Action] = []
        for _ in 0..<40 {
            for action in bench.pass(.seconds(10)) {
                if action == .list { _ = bench.fail() } else { told.append(action) }
            }
        }
        #expect(told.count == 1)
        guard case .report(.stillAway) = told.first else {
            Issue.record("\(told)")
            return
        }
        _ = bench.pass(bench.machine.nextWake - bench.now)
        _ = bench.list([row(1)], ring: .syncing)
        #expect(remind(&bench, .syncing, for: .milliseconds(1)).count == 1)
    }

    @Test func anotherDirectorsRingHasATimeOfItsOwn() {
        var bench = Bench()
        _ = bench.wake()
        _ = bench.list([row(1)], ring: .syncing)
        #expect(remind(&bench, .syncing, for: .seconds(200)) == [])
        #expect(bench.machine.directorChanged(isOther: true) == [])
        #expect(bench.wake() == [.list])
        _ = bench.list([row(1)], ring: .syncing)
        #expect(remind(&bench, .syncing, for: .seconds(299)) == [])
        #expect(remind(&bench, .syncing, for: .seconds(1)).count == 1)
    }

    @Test func theRingsStateIsToldWhenItChanges() {
        var bench = Bench(listing: row(1))
        var told: [Action] = []
        for ring in [RingState.synced, .syncing, .syncing, nil, nil, .handshaking, .synced] {
            _ = bench.pass(bench.machine.nextWake - bench.now)
            told += bench.list([row(1)], ring: ring)
        }
        #expect(
            told == [
                .report(.ringChanged(.syncing)), .report(.ringChanged(nil)), .report(.ringChanged(.handshaking)),
                .report(.ringChanged(.synced)),
            ])
    }
}
