import DirectorAdmin
import Site

/// A director as a reconciliation sees it: it answers lists and commands late, never, or wrongly, and its rows change by
/// others' hands. Random, but the same for the same seed.
struct ModelDirector {
    private struct Command {
        let command: DirectorCommand
        /// When it is answered, and with what; nil for never.
        var answer: (at: Instant, reply: CommandReply)?
        var runsAt: Instant?
    }

    /// How probable mischief is, from 0 to 1; it may end in the middle of a run.
    var mischief: Double
    var ring: RingState? = .synced
    private(set) var rows: [IPAddress: Host] = [:]
    private var generator: SplitMix64
    private var commands: [Int: Command] = [:]
    /// Commands whose client has gone: they run all the same.
    private var held: [(at: Instant, command: DirectorCommand)] = []
    private var list: (startedAt: Instant, endsAt: Instant, result: Result<Listing, DirectorFailure>)?

    init(backends: Int, mischief: Double, seed: UInt64) {
        generator = SplitMix64(seed: seed)
        self.mischief = mischief
        for number in 1...backends { rows[row(number).address] = row(number) }
    }

    /// Commands that have neither been answered nor given up.
    var outstanding: [DirectorCommand] { commands.values.map(\.command) }
    var isListing: Bool { list != nil }
    var listing: Listing { Listing(ring: ring, hosts: rows.values.sorted { $0.address < $1.address }) }

    mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &generator) < probability }
    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }
    private mutating func errs() -> Bool { chance(mischief) }

    /// When it next has something to say.
    var nextEvent: Instant {
        var next = list?.endsAt ?? .distantFuture
        for command in commands.values { next = min(next, command.answer?.at ?? .distantFuture) }
        return next
    }

    mutating func startList(at now: Instant) {
        let delay = Duration.milliseconds(errs() ? below(5000) : 1 + below(5))
        let fails = errs() && chance(0.3)
        list = (now, now + delay, fails ? .failure(DirectorFailure("no answer")) : .success(listing))
    }

    /// A command's connection is opened.
    mutating func send(_ id: Int, _ command: DirectorCommand, at now: Instant) {
        var entry = Command(command: command)
        let soon = now + .milliseconds(1 + below(5))
        let late = now + .seconds(below(70))
        if !errs() {
            entry.runsAt = now
            entry.answer = (command.verb == .hostResetUsers ? late : soon, .ok)
        } else {
            switch below(9) {
            case 0: entry.answer = (soon, .notSent("refused"))
            case 1: entry.answer = (now, .notSent("no descriptors"))
            case 2: entry.answer = (late, .closed)
            case 3: entry.answer = (soon, .tryAgainLater)
            case 4: entry.answer = (now + .seconds(30), .ringSyncTimedOut)
            case 5: entry.runsAt = now + .seconds(below(120))
            case 6: break
            case 7: entry.answer = (soon, .ok)
            default:
                entry.runsAt = now
                entry.answer = (late, .other("odd"))
            }
        }
        commands[id] = entry
    }

    func command(_ id: Int) -> DirectorCommand? { commands[id]?.command }

    /// The client closes a command's connection.
    mutating func abandon(_ id: Int, at now: Instant) -> CommandReply? {
        guard let entry = commands.removeValue(forKey: id) else { return nil }
        if let time = entry.runsAt, time > now { held.append((min(time, now + .seconds(55)), entry.command)) }
        return .abandoned
    }

    /// What happens in the director by itself until `now`.
    mutating func advance(to now: Instant) {
        for (id, entry) in commands.sorted(by: { $0.key < $1.key }) {
            guard let time = entry.runsAt, time <= now else { continue }
            commands[id]?.runsAt = nil
            run(entry.command)
        }
        for entry in held where entry.at <= now { run(entry.command) }
        held.removeAll { $0.at <= now }
    }

    mutating func finishedList(at now: Instant) -> (startedAt: Instant, result: Result<Listing, DirectorFailure>)? {
        guard let list, list.endsAt <= now else { return nil }
        self.list = nil
        return (list.startedAt, list.result)
    }

    mutating func finishedCommand(at now: Instant) -> (id: Int, reply: CommandReply)? {
        let ready = commands.filter { $0.value.answer.map { $0.at <= now } ?? false }
        guard let id = ready.keys.min(), let reply = ready[id]?.answer?.reply else { return nil }
        commands[id] = nil
        return (id, reply)
    }

    /// Others do something: a switch, a weight, a row that goes or comes, the ring's state, a restart of the ring.
    mutating func meddle(backends: Int) {
        let host = row(
            1 + below(backends), chance(0.5) ? .up : .down, vhosts: chance(0.2) ? 0 : 100, users: below(3) * 10)
        switch below(8) {
        case 0, 1: rows[host.address] = host
        case 2: rows[host.address] = nil
        case 3: ring = [RingState.syncing, .handshaking, nil][below(3)]
        case 4, 5, 6: ring = .synced
        default: for (address, old) in rows { rows[address] = old.with(.up) }
        }
    }

    /// All is well from now on: every backend is there, and every command that goes out from now on works.
    mutating func heal(backends: Int) {
        mischief = 0
        ring = .synced
        for number in 1...backends {
            let host = row(number)
            rows[host.address] = row(number, rows[host.address]?.state ?? .up, users: rows[host.address]?.users ?? 0)
        }
        // Moving users has no time limit.
        for (id, entry) in commands where entry.command.verb == .hostResetUsers && entry.answer == nil {
            commands[id]?.answer = (.origin, .closed)
        }
    }

    private mutating func run(_ command: DirectorCommand) {
        guard let address = IPAddress(command.spelling), let host = rows[address] else { return }
        switch command.verb {
        case .hostDown: rows[address] = host.with(.down)
        case .hostUp: rows[address] = host.with(.up)
        // Its worlds have no slow start and no windows: `Tests/Simulation` has.
        case .hostUpdate: break
        case .hostResetUsers, .hostFlush: rows[address] = host.with(host.state, users: 0)
        }
    }
}

extension Host {
    fileprivate func with(_ state: HostState?, users: Int? = nil) -> Host {
        Host(
            address: address, spelling: spelling, vhosts: vhosts, users: users ?? self.users, tag: tag, state: state,
            lastChange: lastChange)
    }
}

/// Random numbers that are the same in every run.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
