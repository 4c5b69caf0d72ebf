import DirectorAdmin
import Site
import Testing

/// The director goes on with a move whose connection was closed.
@Suite struct ReconciliationMoveAgainTests {
    /// The backend went down, its move began, it came back, and the move was given up.
    private func raisedAgain() -> Bench {
        var bench = Bench(listing: row(1))
        _ = bench.want(.down, row(1))
        _ = bench.reply(1, .ok)
        #expect(bench.list(row(1, .down)).last == move(2, row(1, .down)))
        #expect(bench.want(.up, row(1)) == [.abandon(2)])
        _ = bench.reply(2, .abandoned)
        _ = bench.reply(3, .ok)
        _ = bench.list(row(1))
        return bench
    }

    @Test func aMoveThatWasGivenUpIsNotBegunAgainWithinAMinute() {
        var bench = raisedAgain()
        #expect(bench.want(.down, row(1)) == [down(4, row(1))])
        #expect(bench.reply(4, .ok) == [.list])
        let down = bench.list(row(1, .down))
        #expect(!down.contains(move(5, row(1, .down))))
        var later: [Reconciliation.Action] = []
        for _ in 1...7 {
            _ = bench.pass(.seconds(10))
            later += bench.list(row(1, .down))
        }
        #expect(later.filter { $0 != .list } == [move(5, row(1, .down))])
    }

    @Test func aClosedConnectionIsNoSignOfAgeOnceAMoveWasAnswered() {
        var bench = Bench(listing: row(1), row(2))
        for (number, host) in [row(1), row(2)].enumerated() {
            let id = 2 * number + 1
            _ = bench.want(.down, host)
            _ = bench.reply(id, .ok)
            _ = bench.list(
                Host(host, .down), number == 0 ? row(2) : row(1, .down))
            let told = bench.reply(id + 1, number == 0 ? .ok : .closed)
            let failed = Reconciliation.Action.report(.moveFailed(Host(host, .down), .closed))
            #expect(told.contains(failed) == (number == 1))
        }
    }
}

extension Host {
    fileprivate init(_ host: Host, _ state: HostState) {
        self.init(
            address: host.address, spelling: host.spelling, vhosts: host.vhosts, users: host.users, tag: host.tag,
            state: state, lastChange: host.lastChange)
    }
}
