import DirectorAdmin
import Site
import Testing

/// Rows that come, go and change by others' hands.
@Suite struct ReconciliationRowTests {
    @Test func aBackendUnderMaintenanceIsNeverCommanded() {
        for state in [HostState.up, .down] {
            let out = row(1, state, vhosts: 0)
            var bench = Bench(listing: out)
            #expect(bench.want(.down, out) == [])
            #expect(bench.want(.up, out) == [])
            #expect(bench.pass(.seconds(9)) == [])
        }
    }

    @Test func aBackendWhoseWeightBecomesZeroWhileItWaitsIsNotCommanded() {
        var bench = Bench(listing: row(1))
        _ = bench.pass(.seconds(2))
        #expect(bench.want(.down, row(1)) == [.list])
        let out = row(1, vhosts: 0)
        #expect(bench.list(out) == [.report(.maintenanceChanged(out))])
        #expect(bench.pass(.seconds(7)) == [])
    }

    @Test func aBackendWhoseMaintenanceIsOverIsCommandedAgain() {
        let out = row(1, vhosts: 0)
        var bench = Bench(listing: out)
        _ = bench.want(.down, out)
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1)) == [.report(.maintenanceChanged(row(1)))])
        #expect(bench.want(.down, row(1)) == [down(1, row(1))])
    }

    @Test func aCommandThatIsOutWhenMaintenanceBeginsIsNotRepeated() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        #expect(bench.reply(1, .ok) == [.list])
        let out = row(1, vhosts: 0)
        #expect(
            bench.list(out) == [
                .report(.maintenanceChanged(out)), .report(.commandWithoutEffect(out, .hostDown, .ok)),
            ])
        #expect(bench.pass(.seconds(9)) == [])
    }

    @Test func changesByOthersAreToldAsSuch() {
        var bench = Bench(listing: row(1))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1, .down)) == [.report(.stateChanged(row(1, .down), .foreign))])
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1)) == [.report(.stateChanged(row(1), .foreign))])
    }

    @Test func anUnknownStateIsToldAndNotCommanded() {
        var bench = Bench(listing: row(1, nil))
        #expect(bench.want(.down, row(1)) == [])
        #expect(bench.want(.up, row(1)) == [])
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1, .down)) == [.report(.stateChanged(row(1, .down), .foreign))])
        #expect(bench.want(.up, row(1)) == [up(1, row(1))])
    }

    @Test func aChangeWhileACommandIsOutIsNoNewsUntilTheReply() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1, .down)) == [])
        #expect(bench.reply(1, .ok) == [.list])
        #expect(bench.list(row(1, .down)).first == confirmed(row(1, .down), .ok, .milliseconds(10_003)))
    }

    @Test func aBackendThatIsPutUpByOthersWhileItIsFaultyIsTakenDownAgain() {
        var bench = Bench(listing: row(1, .down))
        _ = bench.want(.down, row(1))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1)) == [.report(.stateChanged(row(1), .foreign))])
        #expect(bench.want(nil, row(1)) == [])
        #expect(bench.want(.down, row(1)) == [down(1, row(1))])
    }

    @Test func afterARestartOfTheWholeRingDeadBackendsAreTakenDownAgain() {
        var bench = Bench(listing: row(1, .down), row(2, .down), row(3))
        _ = bench.want(.down, row(1))
        _ = bench.want(.down, row(2))
        _ = bench.want(.up, row(3))
        #expect(bench.pass(.seconds(10)) == [.list])
        _ = bench.fail()
        #expect(bench.pass(.seconds(10)) == [.list])
        _ = bench.list([row(1), row(2), row(3)], ring: .handshaking)
        #expect(bench.pass(.seconds(1)) == [.list])
        #expect(
            bench.list(row(1), row(2), row(3)) == [
                .report(.ringChanged(.synced)), .report(.stateChanged(row(1), .foreign)),
                .report(.stateChanged(row(2), .foreign)),
            ])
        #expect(bench.want(.down, row(1)) == [down(1, row(1))])
        #expect(bench.want(.down, row(2)) == [down(2, row(2))])
    }

    @Test func aRowThatIsListedTwiceCountsOnce() {
        var bench = Bench()
        _ = bench.wake()
        #expect(
            bench.list(row(1), row(1, .down)) == [.report(.ringChanged(.synced)), .report(.hostAppeared(row(1)))])
        #expect(bench.want(.up, row(1)) == [])
        #expect(bench.want(.down, row(1)) == [down(1, row(1))])
    }

    @Test func aBackendThatGoesIsToldAndForgotten() {
        var bench = Bench(listing: row(1), row(2))
        _ = bench.want(.down, row(9))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(2)) == [.report(.hostDisappeared(row(1)))])
        #expect(bench.machine.listedHosts == [row(2)])
        #expect(bench.want(.down, row(1)) == [])
    }

    @Test func anEmptyListDropsAll() {
        var bench = Bench(listing: row(1), row(2))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list() == [.report(.hostDisappeared(row(1))), .report(.hostDisappeared(row(2)))])
        #expect(bench.pass(.seconds(9)) == [])
    }

    @Test func whatWaitsForABackendThatGoesIsDropped() {
        var bench = Bench(listing: row(1))
        _ = bench.pass(.seconds(2))
        #expect(bench.want(.down, row(1)) == [.list])
        #expect(bench.list() == [.report(.hostDisappeared(row(1)))])
        #expect(bench.pass(.seconds(7)) == [])
    }

    @Test func theReplyForABackendThatIsGoneIsPassedOver() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list() == [.report(.hostDisappeared(row(1)))])
        #expect(bench.reply(1, .notFound) == [])
        #expect(bench.pass(.seconds(9)) == [])
    }

    @Test func theMoveOfABackendThatGoesIsGivenUp() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        _ = bench.reply(1, .ok)
        #expect(bench.list(row(1, .down)).last == move(2, row(1)))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list() == [.report(.hostDisappeared(row(1, .down))), .abandon(2)])
        #expect(bench.reply(2, .abandoned) == [])
    }

    @Test func aBackendThatComesBackStartsAnew() {
        var bench = Bench(listing: row(1))
        _ = bench.pass(.seconds(2))
        #expect(bench.want(.down, row(1)) == [.list])
        #expect(bench.list() == [.report(.hostDisappeared(row(1)))])
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1)) == [.report(.hostAppeared(row(1)))])
        #expect(bench.want(.down, row(1)) == [down(1, row(1))])
    }

    @Test func aBackendThatComesBackWhileItsCommandIsOutGetsNoSecondOne() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list() == [.report(.hostDisappeared(row(1)))])
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1)) == [.report(.hostAppeared(row(1)))])
        #expect(bench.want(.down, row(1)) == [])
        // The reply is the old command's, and says nothing of the backend that is new.
        #expect(bench.reply(1, .ok) == [.list])
        #expect(bench.list(row(1)) == [.report(.commandWithoutEffect(row(1), .hostDown, .ok))])
    }

    @Test func aBackendThatComesBackWhileItsCommandIsHeldGetsNoSecondOne() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        for _ in 0..<6 {
            #expect(bench.pass(.seconds(10)) == [.list])
            _ = bench.list(row(1))
        }
        #expect(bench.pass(.seconds(5)) == [.abandon(1)])
        #expect(bench.reply(1, .abandoned) == [])
        #expect(bench.pass(.seconds(5)) == [.list])
        #expect(bench.list() == [.report(.hostDisappeared(row(1)))])
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1)) == [.report(.hostAppeared(row(1)))])
        #expect(bench.want(.down, row(1)) == [])
        for _ in 0..<4 {
            #expect(bench.pass(.seconds(10)) == [.list])
            #expect(bench.list(row(1)) == [])
        }
    }

    @Test func aBackendThatComesBackWhileItsMoveIsOutGetsNoSecondOne() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        _ = bench.reply(1, .ok)
        #expect(bench.list(row(1, .down)).last == move(2, row(1)))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list() == [.report(.hostDisappeared(row(1, .down))), .abandon(2)])
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1)) == [.report(.hostAppeared(row(1)))])
        #expect(bench.want(.down, row(1)) == [])
        #expect(bench.reply(2, .abandoned).contains(down(3, row(1))))
    }
}
