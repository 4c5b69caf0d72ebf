import DirectorAdmin
import Monitor
import Site
import Testing

@Suite struct AccountTests {
    private static let account = Account(username: "u", password: Password("p"))
    private static let first = row(1)
    private static let second = row(2)

    private func policy(_ accounts: [IPAddress: Account], fallback: Account? = nil) -> Policy {
        var policy = Policy.polling(imap)
        policy.pollsUnknownBackends = false
        policy.accounts = accounts
        policy.defaultAccount = fallback
        return policy
    }

    @Test func `a backend without an account is left alone where that is asked for`() {
        var watch = Watch(policy([Self.first.address: Self.account]), Self.first, Self.second)
        watch.faults = [Self.second.address: [imap: refused]]
        watch.run(to: 60)
        #expect(watch.goodPolls == 5)
        #expect(watch.plans.allSatisfy { $0.account == Self.account })
        #expect(watch.sent == [])
    }

    @Test func `an account for all makes no backend unknown`() {
        var watch = Watch(policy([:], fallback: Self.account), Self.first, Self.second)
        watch.run(to: 60)
        #expect(watch.goodPolls == 11)
        #expect(watch.plans.allSatisfy { $0.account == Self.account })
    }

    @Test func `a backend that loses its account is left as it is`() {
        var watch = Watch(policy([Self.first.address: Self.account]), Self.first)
        watch.faults = [Self.first.address: [imap: refused]]
        watch.run(to: 15)
        watch.forgetTold()
        watch.handle(.policyChanged(policy([:])))
        watch.run(to: 100)
        #expect(watch.sent == [])
        watch.faults = [:]
        watch.handle(.policyChanged(policy([Self.first.address: Self.account])))
        watch.run(to: 200)
        #expect(watch.sent == [])
        #expect(watch.goodPolls > 5)
    }

    @Test func `without a pause between rounds it is left alone in peace`() {
        var unhurried = policy([:])
        unhurried.interval = .zero
        var watch = Watch(unhurried, Self.first)
        watch.run(to: 5)
        #expect(watch.plans == [])
    }

    @Test func `an account for an address that is not listed is told once`() throws {
        let stranger = try #require(IPAddress("10.9.9.9"))
        var watch = Watch(policy([Self.first.address: Self.account, stranger: Self.account]), Self.first)
        watch.ring = .syncing
        watch.run(to: 15)
        #expect(!watch.told.contains(.accountWithoutBackend(stranger)))
        watch.ring = .synced
        watch.run(to: 100)
        #expect(watch.told.filter { $0 == .accountWithoutBackend(stranger) }.count == 1)
        #expect(!watch.told.contains(.accountWithoutBackend(Self.first.address)))
    }

    @Test func `an account of a list that could not be read whole is not told`() throws {
        var accounts = UnusedProbe(policy([Self.second.address: Self.account]))
        accounts.list([Self.first], unreadable: ["???"])
        #expect(accounts.told == [])
        accounts.list([Self.first])
        #expect(accounts.told == [.accountWithoutBackend(Self.second.address)])
    }
}

/// A monitor that is handed its lists.
private struct UnusedProbe {
    private var machine: MonitorMachine
    private(set) var told: [MonitorEvent] = []

    init(_ policy: Policy) {
        machine = MonitorMachine(policy, at: Watch.start)
        _ = machine.handle(.woke, at: Watch.start)
    }

    mutating func list(_ hosts: [Host], unreadable: [String] = []) {
        let listing = Listing(ring: .synced, hosts: hosts, unreadable: unreadable)
        for case .tell(.accountWithoutBackend(let address)) in machine.handle(.directorListed(listing), at: Watch.start)
        {
            told.append(.accountWithoutBackend(address))
        }
    }
}
