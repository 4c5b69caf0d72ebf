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
