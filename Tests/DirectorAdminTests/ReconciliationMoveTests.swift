import DirectorAdmin
import Site
import Testing

/// HOST-RESET-USERS: after a down of one's own, once, on a connection of its own.
@Suite struct ReconciliationMoveTests {
    /// Backends that this monitor has just taken down, their moves running as far as they may.
    private func emptied(_ hosts: [Host], interval: Duration = .seconds(10)) -> Bench {
        var bench = Bench(interval: interval)
        _ = bench.wake()
        _ = bench.list(hosts)
        var listed = hosts
        for host in hosts {
            let sent = bench.want(.down, host)
            for case .send(let id, let command) in sent where command.verb == .hostDown {
                // While others wait, the list that confirms it comes a little later.
                if !bench.reply(id, .ok).contains(.list) { _ = bench.pass(.milliseconds(100)) }
            }
            listed = listed.map { $0.address == host.address ? asDown($0) : $0 }
            _ = bench.list(listed)
        }
        return bench
    }

    private func asDown(_ host: Host) -> Host {
        Host(
            address: host.address, spelling: host.spelling, vhosts: host.vhosts, users: host.users, tag: host.tag,
            state: .down, lastChange: host.lastChange)
    }

    @Test func usersAreNotMovedAfterADownOfOthers() {
        var bench = Bench(listing: row(1))
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1, .down)) == [.report(.stateChanged(row(1, .down), .foreign))])
        #expect(bench.want(.down, row(1)) == [])
        #expect(bench.pass(.seconds(9)) == [])
    }

    @Test func usersAreNotMovedFromABackendThatWasDownAtTheStart() {
        var bench = Bench(listing: row(1, .down))
        #expect(bench.want(.down, row(1)) == [])
        #expect(bench.pass(.seconds(9)) == [])
    }

    @Test func aMoveThatIsDoneIsToldAndNotRepeated() {
        var bench = emptied([row(1)])
        #expect(bench.pass(.seconds(5)) == [])
        #expect(bench.reply(2, .ok) == [])
        #expect(bench.pass(.seconds(4)) == [])
        #expect(bench.pass(.seconds(1)) == [.list])
        // It is told when a list shows who is left.
        let moved = DirectorEvent.usersMoved(row(1, .down), took: .milliseconds(5001))
        #expect(bench.list(row(1, .down)) == [.report(moved)])
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1, .down)) == [])
    }

    @Test func aMoveMayTakeAsLongAsItTakes() {
        var bench = emptied([row(1)])
        for _ in 0..<360 {
            #expect(bench.pass(.seconds(10)) == [.list])
            #expect(bench.list(row(1, .down)) == [])
        }
        #expect(bench.reply(2, .ok) == [])
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1, .down)).count == 1)
    }

    @Test func aMoveEndsBeforeTheBackendIsPutUp() {
        var bench = emptied([row(1)])
        #expect(bench.want(.up, row(1)) == [.abandon(2)])
        #expect(bench.pass(.milliseconds(500)) == [])
        #expect(bench.reply(2, .abandoned) == [.report(.moveGivenUp(row(1, .down))), up(3, row(1))])
    }

    @Test func aMoveIsGivenUpOnlyOnce() {
        var bench = emptied([row(1)])
        #expect(bench.want(.up, row(1)) == [.abandon(2)])
        #expect(bench.want(nil, row(1)) == [])
        #expect(bench.want(.up, row(1)) == [])
        #expect(bench.pass(.seconds(9)) == [])
    }

    @Test func aMoveIsGivenUpWhenOthersPutTheBackendUp() {
        var bench = emptied([row(1)])
        #expect(bench.pass(.seconds(10)) == [.list])
        #expect(bench.list(row(1)) == [.report(.stateChanged(row(1), .foreign)), .abandon(2)])
        #expect(bench.reply(2, .abandoned) == [.report(.moveGivenUp(row(1)))])
    }

    @Test func aMoveIsGivenUpWhenTheWeightBecomesZero() {
        var bench = emptied([row(1)])
        #expect(bench.pass(.seconds(10)) == [.list])
        let out = row(1, .down, vhosts: 0)
        #expect(bench.list(out) == [.report(.maintenanceChanged(out)), .abandon(2)])
        #expect(bench.reply(2, .abandoned) == [.report(.moveGivenUp(out))])
        #expect(bench.pass(.seconds(5)) == [])
    }

    @Test func aMoveThatWasNotSentIsTriedAgain() {
        var bench = emptied([row(1)])
        #expect(bench.reply(2, .notSent("busy")) == [])
        #expect(bench.pass(.milliseconds(1100)) == [.list])
        #expect(bench.list(row(1, .down)) == [move(3, row(1))])
    }

    /// A director that cannot be reached must not be knocked at without a pause.
    @Test func aMoveThatWasNotSentIsNotTriedAgainAtOnce() {
        var bench = emptied([row(1)])
        for id in 2...6 {
            let start = bench.now
            var actions = bench.reply(id, .notSent("busy"))
            while actions.asked.isEmpty, bench.now - start < .seconds(20) {
                actions = bench.pass(.milliseconds(100))
                if actions.contains(.list) { actions += bench.list(row(1, .down)) }
            }
            #expect(actions.asked == [move(id + 1, row(1))])
            #expect(bench.now - start >= .seconds(id - 1))
        }
    }

    @Test func aDirectorTooOldForMovesIsToldOfOnceAndTheDownStands() {
        var bench = emptied([row(1), row(2)])
        #expect(bench.reply(2, .closed) == [.report(.moveUnknown(row(1, .down)))])
        #expect(bench.reply(4, .closed) == [])
        #expect(bench.pass(.seconds(9)) == [])
    }

    @Test(arguments: [CommandReply.notFound, .tryAgainLater, .ringSyncTimedOut, .other("no")])
    func aMoveThatFailsIsToldAndNotRepeated(reply: CommandReply) {
        var bench = emptied([row(1)])
        #expect(bench.reply(2, reply) == [.report(.moveFailed(row(1, .down), reply))])
        #expect(bench.pass(.seconds(9)) == [])
    }

    @Test func atMostFourMovesRunAtOnce() {
        let hosts = (1...10).map { row($0) }
        var bench = emptied(hosts)
        var running = [2, 4, 6, 8]
        var moved = 4
        while moved < 10, !running.isEmpty {
            let next = bench.reply(running.removeFirst(), .ok)
            let sent: [Int] = next.compactMap { action in
                guard case .send(let id, let command) = action else { return nil }
                #expect(command == DirectorCommand(.hostResetUsers, row(moved + 1)))
                return id
            }
            #expect(sent.count == 1)
            running += sent
            moved += 1
        }
        #expect(running.count == 4)
        for id in running { #expect(bench.reply(id, .ok) == []) }
    }

    @Test func hostDownsAreNotHeldUpByMoves() {
        let hosts = (1...10).map { row($0) }
        let others = (11...20).map { row($0) }
        var bench = emptied(hosts)
        // Refreshes the list: all moves that may run do.
        let listed = hosts.map(asDown) + others
        _ = bench.pass(bench.machine.nextWake - bench.now)
        _ = bench.list(listed)
        let sent = others.flatMap { bench.want(.down, $0) }.asked
        #expect(sent == others.prefix(4).enumerated().map { down($0.offset + 15, $0.element) })
    }

    @Test func atMostEightCommandsAreOutAtOnce() {
        let hosts = (1...20).map { row($0) }
        var bench = Bench()
        _ = bench.wake()
        _ = bench.list(hosts)
        let sent = hosts.flatMap { bench.want(.down, $0) }
        #expect(sent == hosts.prefix(8).enumerated().map { down($0.offset + 1, $0.element) })
        // Each reply makes room for the one that has waited longest.
        #expect(bench.reply(3, .tryAgainLater) == [down(9, row(9))])
    }

    @Test func aDownComesBeforeAMoveThatWaitsAsLong() {
        var bench = Bench(listing: row(1), row(2))
        #expect(bench.want(.down, row(1)) == [down(1, row(1))])
        #expect(bench.reply(1, .ok) == [.list])
        _ = bench.want(.down, row(2))
        #expect(bench.list(row(1, .down), row(2)).last == move(3, row(1, .down)))
    }

    @Test func aMoveWaitsForTheRing() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        _ = bench.reply(1, .ok)
        #expect(bench.list(row(1, .down), ring: .syncing).areReportsOnly)
        #expect(bench.pass(.seconds(1)) == [.list])
        #expect(bench.list(row(1, .down)) == [.report(.ringChanged(.synced)), move(2, row(1))])
    }

    @Test func aMoveThatStillWaitsIsDroppedWhenTheBackendIsWantedUp() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        _ = bench.reply(1, .ok)
        _ = bench.list(row(1, .down), ring: .syncing)
        #expect(bench.want(.up, row(1)) == [])
        #expect(bench.pass(.seconds(1)) == [.list])
        #expect(bench.list(row(1, .down)) == [.report(.ringChanged(.synced)), up(2, row(1))])
    }

    /// It polls well again, but is held down, or nothing is known of it.
    @Test func usersAreMovedOnlyWhileHealthAsksForTheDown() {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        _ = bench.want(nil, row(1))
        _ = bench.reply(1, .ok)
        #expect(bench.list(row(1, .down)).asked == [])
        #expect(bench.want(.down, row(1)) == [move(2, row(1, .down))])
    }

    @Test func everyDownOfOnesOwnIsFollowedByAMove() {
        var bench = emptied([row(1)])
        _ = bench.reply(2, .ok)
        _ = bench.pass(bench.machine.nextWake - bench.now)
        #expect(bench.list(row(1)).last == .report(.stateChanged(row(1), .foreign)))
        #expect(bench.want(.down, row(1)) == [down(3, row(1))])
        _ = bench.reply(3, .ok)
        #expect(bench.list(row(1, .down)).last == move(4, row(1, .down)))
    }
}
