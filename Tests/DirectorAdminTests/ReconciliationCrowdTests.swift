import DirectorAdmin
import Site
import Testing

/// Everything down at once: the director is handled gently all the same.
@Suite struct ReconciliationCrowdTests {
    @Test func whileOthersWaitOneListConfirmsMany() {
        let hosts = (1...20).map { row($0) }
        var bench = Bench()
        _ = bench.wake()
        _ = bench.list(hosts)
        for host in hosts { _ = bench.want(.down, host) }
        #expect(bench.reply(1, .ok) == [down(9, row(9))])
        #expect(bench.reply(2, .ok) == [down(10, row(10))])
        // A tenth of a second after the last list was begun.
        #expect(bench.pass(.milliseconds(96)) == [])
        #expect(bench.pass(.milliseconds(1)) == [.list])
        let listed = [row(1, .down), row(2, .down)] + hosts.dropFirst(2)
        #expect(bench.list(listed).filter { $0.isChange }.count == 2)
    }

    @Test(.timeLimit(.minutes(1))) func tenThousandAreTakenDownWithFewLists() {
        let hosts = (0..<10_000).map { row($0) }
        var rows: [IPAddress: Host] = [:]
        for host in hosts { rows[host.address] = host }
        var bench = Bench()
        bench.machine.manners.moves = 0
        _ = bench.wake()
        var lists = 1
        var out: [Action] = bench.list(hosts).asked
        for host in hosts { out += bench.want(.down, host).asked }
        var isListing = false
        var confirmed = 0
        while confirmed < 10_000, bench.now < .origin + .seconds(2000) {
            var actions: [Action] = []
            // Eight answers a millisecond each, and whatever is due.
            for case .send(let id, let command) in out {
                if let address = IPAddress(command.spelling) { rows[address] = row(address, .down, command) }
                actions += bench.reply(id, .ok)
            }
            if out.isEmpty { actions += bench.pass(.milliseconds(10)) } else { actions += bench.wake() }
            if actions.contains(.list) {
                lists += 1
                isListing = true
            }
            if isListing {
                isListing = false
                actions += bench.list(hosts.compactMap { rows[$0.address] })
                if actions.last == .list { Issue.record("a list behind a list") }
            }
            confirmed += actions.count(where: \.isChange)
            out = actions.asked
        }
        #expect(confirmed == 10_000)
        #expect(lists < 300)
    }

    private func row(_ address: IPAddress, _ state: HostState, _ command: DirectorCommand) -> Host {
        Host(
            address: address, spelling: command.spelling, vhosts: 100, users: 0, tag: "", state: state, lastChange: 0)
    }

    private func row(_ number: Int, _ state: HostState = .up) -> Host { DirectorAdminTests.row(number, state) }
}

extension Reconciliation.Action {
    fileprivate var isChange: Bool {
        if case .report(.stateChanged) = self { return true }
        return false
    }
}
