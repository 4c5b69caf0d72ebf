import DirectorAdmin
import Site
import Testing

typealias Action = Reconciliation.Action

/// A reconciliation under a clock that the test moves.
struct Bench {
    var machine: Reconciliation
    var now = Instant.origin + .seconds(1000)
    /// Whether a list is awaited.
    private var isListing = false

    init(interval: Duration = .seconds(10), manners change: (inout Reconciliation.Manners) -> Void = { _ in }) {
        machine = Reconciliation(manners: .init(interval: interval))
        change(&machine.manners)
    }

    /// One that goes on with what an earlier run has left.
    init(_ machine: Reconciliation, at now: Instant = .origin + .seconds(1000)) {
        self.machine = machine
        self.now = now
    }

    /// One that has just read these rows from a synced ring.
    init(
        listing rows: Host..., interval: Duration = .seconds(10),
        manners change: (inout Reconciliation.Manners) -> Void = { _ in }
    ) {
        self.init(interval: interval, manners: change)
        #expect(wake() == [.list])
        _ = list(rows)
    }

    /// Lets time pass, waking the machine whenever it wants to be woken; gives all that it did.
    mutating func pass(_ time: Duration) -> [Action] {
        let end = now + time
        var actions: [Action] = []
        while machine.nextWake <= end {
            now = max(now, machine.nextWake)
            actions += noting(machine.woke(at: now))
            guard machine.nextWake > now else {
                Issue.record("woken at \(now), it wants to be woken at \(machine.nextWake)")
                break
            }
        }
        now = end
        return actions
    }

    mutating func wake() -> [Action] { noting(machine.woke(at: now)) }

    private mutating func noting(_ actions: [Action]) -> [Action] {
        if actions.contains(.list) { isListing = true }
        return actions
    }

    /// A list comes in, a millisecond after whatever was last.
    mutating func list(_ rows: [Host], ring: RingState? = .synced) -> [Action] {
        now = now + .milliseconds(1)
        isListing = false
        return noting(machine.listed(Listing(ring: ring, hosts: rows), at: now))
    }

    mutating func list(_ rows: Host..., ring: RingState? = .synced) -> [Action] { list(rows, ring: ring) }

    /// Lets time pass, with lists that show these rows and answer at once; gives whatever else was done.
    mutating func watch(_ rows: Host..., for time: Duration) -> [Action] {
        let end = now + time
        var others: [Action] = []
        if isListing { others += list(rows).filter { $0 != .list } }
        while now < end {
            let actions = pass(min(.milliseconds(100), end - now))
            others += actions.filter { $0 != .list }
            if isListing { others += list(rows).filter { $0 != .list } }
        }
        return others
    }

    mutating func fail(_ text: String = "away") -> [Action] {
        now = now + .milliseconds(1)
        isListing = false
        return noting(machine.listFailed(DirectorFailure(text), at: now))
    }

    mutating func want(_ state: HostState?, _ host: Host) -> [Action] {
        noting(machine.wanted(state, for: host.address, at: now))
    }

    /// A backend's polls show this.
    mutating func polled(_ evidence: PollEvidence, _ state: HostState?, _ host: Host) -> [Action] {
        noting(machine.polled(evidence, wanted: state, for: host.address, at: now))
    }

    /// Answers the list that is awaited, if one is; gives how many others were asked for by that.
    mutating func answer(_ rows: Host...) -> Int {
        isListing ? list(rows).count { $0 == .list } : 0
    }

    /// A command is answered, a millisecond after whatever was last.
    mutating func reply(_ id: Int, _ reply: CommandReply) -> [Action] {
        now = now + .milliseconds(1)
        return noting(machine.replied(id, reply, at: now))
    }
}

/// The backend 10.0.0.`number`, as the director lists it.
func row(
    _ number: Int, _ state: HostState? = .up, vhosts: Int = 100, users: Int = 0, tag: String = "", changed: Int = 0
) -> Host {
    let spelling = "10.0.\(number / 256).\(number % 256)"
    guard let address = IPAddress(spelling) else { preconditionFailure("\(spelling) is no address") }
    return Host(
        address: address, spelling: spelling, vhosts: vhosts, users: users, tag: tag, state: state, lastChange: changed)
}

func down(_ id: Int, _ host: Host) -> Action { .send(id, DirectorCommand(.hostDown, host)) }
func up(_ id: Int, _ host: Host) -> Action { .send(id, DirectorCommand(.hostUp, host)) }
func move(_ id: Int, _ host: Host) -> Action { .send(id, DirectorCommand(.hostResetUsers, host)) }
func flush(_ id: Int, _ host: Host) -> Action { .send(id, DirectorCommand(.hostFlush, host)) }
func weigh(_ id: Int, _ host: Host, _ vhosts: Int) -> Action {
    .send(id, DirectorCommand(weighing: host, vhosts))
}

func set(_ host: Host, _ target: Int) -> Action { .report(.weightChanged(host, .set(target: target))) }
func wouldSend(_ host: Host, _ verb: DirectorCommand.Verb) -> Action { .report(.wouldSend(host, verb)) }
func confirmed(_ host: Host, _ reply: CommandReply, _ took: Duration) -> Action {
    .report(.stateChanged(host, .command(reply, took: took)))
}

extension [Reconciliation.Action] {
    /// What is told to people is all there is.
    var areReportsOnly: Bool { asked.isEmpty && !contains(.list) }

    /// What the director is asked to change, or need not be any more.
    var asked: [Reconciliation.Action] {
        filter { action in
            switch action {
            case .send, .abandon: true
            case .list, .report, .record, .poll: false
            }
        }
    }
}
