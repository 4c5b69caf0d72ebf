import DirectorAdmin
import Monitor
import Probes
import Site
import Testing

/// A monitor with a director and backends, all in the test's memory and under its clock.
struct Watch {
    static let start = Instant.origin + .seconds(1000)

    var machine: MonitorMachine
    var now = Watch.start
    /// What the director lists; its answers take a millisecond.
    var rows: [Host]
    var ring: RingState? = .synced
    var directorIsAway = false
    /// What is wrong with the backends' services; their answers take five milliseconds.
    var faults: [IPAddress: [Service: PollFailure]] = [:]
    /// What polls of these services report where nothing is wrong.
    var reports: [Service: PollReport] = [:]
    /// Whose polls do not end by themselves, but by `release`.
    var silent: Set<IPAddress> = []
    private(set) var withheld: [MonitorMachine.PollID] = []
    /// What was told, but for good polls and recalled ones.
    private(set) var told: [MonitorEvent] = []
    private(set) var recalled: [MonitorEvent] = []
    private(set) var goodPolls = 0
    private(set) var sent: [DirectorCommand] = []
    /// When each backend was told to be faulty for the first time, and when the first HOST-DOWN was sent for it.
    private(set) var faultyAt: [String: Instant] = [:]
    private(set) var downAt: [String: Instant] = [:]
    private(set) var plans: [PollPlan] = []
    private(set) var timeouts: [Duration] = []
    /// Backends that say nothing, whose polls last until they are given up; and how long each poll waits before for a place.
    var hanging: [IPAddress: Duration] = [:]
    /// Backends that refuse at once.
    var refusing: Set<IPAddress> = []
    /// How long it takes others to answer.
    var answerTime = Duration.milliseconds(5)
    /// When the latest poll of each backend was really begun.
    private var beganAt: [IPAddress: Instant] = [:]
    /// When each backend's polls were started.
    private(set) var starts: [IPAddress: [Instant]] = [:]
    /// What was written down; a disk takes two milliseconds.
    private(set) var states: [MonitorState] = []
    var diskHangs = false
    /// In these seconds since the start nothing that the monitor sends gets through, and its polls wait in vain.
    var outages: [Range<Double>] = []
    /// Whether its polls fail at once instead.
    var outageRefuses = false
    /// The director does not do what it is told, and says so after half a second.
    var repliesFail = false
    /// The sentinels that are open; their greeting takes a millisecond.
    private(set) var sentinels: [MonitorMachine.SentinelID] = []
    /// When each of them was opened, those included that are closed.
    private(set) var sentinelsOpened: [Instant] = []
    /// Whose servers say nothing to sentinels.
    var withoutGreeting: Set<IPAddress> = []
    private var queue: [(at: Instant, event: Answer)] = []
    /// The polls that are out, of each backend.
    private var polls: [IPAddress: Set<MonitorMachine.PollID>] = [:]

    private enum Answer {
        case poll(MonitorMachine.PollID, PollFailure?)
        case list
        case command(Int, CommandReply)
        case saved(Int)
        case sentinel(MonitorMachine.SentinelID)
    }

    init(_ policy: Policy, _ rows: Host..., restored: MonitorState = MonitorState()) {
        machine = MonitorMachine(policy, restored: restored, at: now)
        self.rows = rows
    }

    /// Lets time pass since the start, up to so many seconds after it.
    mutating func run(to seconds: Double) {
        let end = Watch.start + .milliseconds(Int(seconds * 1000))
        while true {
            let next = min(machine.nextWake, queue.map(\.at).min() ?? .distantFuture)
            guard next <= end else { break }
            now = max(now, next)
            if let index = queue.firstIndex(where: { $0.at <= now }) {
                answer(queue.remove(at: index).event)
            } else {
                handle(.woke)
                guard machine.nextWake > now else {
                    Issue.record("it wants to be woken without a pause")
                    return
                }
            }
        }
        now = end
    }

    mutating func handle(_ event: MonitorMachine.Event) {
        for action in machine.handle(event, at: now) { perform(action) }
    }

    /// Ends the oldest poll that is withheld.
    mutating func release() {
        guard !withheld.isEmpty else {
            Issue.record("no poll is withheld")
            return
        }
        end(withheld.removeFirst())
    }

    mutating func forgetTold() {
        told = []
        sent = []
        goodPolls = 0
    }

    private mutating func perform(_ action: MonitorMachine.Action) {
        switch action {
        case .poll(let id, let plan, let time):
            #expect(plan.service == id.service)
            plans.append(plan)
            timeouts.append(time)
            starts[id.address, default: []].append(now)
            beganAt[id.address] = now
            polls[id.address, default: []].insert(id)
            if outages.contains(where: { $0.contains((now - Watch.start).inSeconds) }) {
                queue.append((now + (outageRefuses ? .milliseconds(1) : time), .poll(id, timedOut)))
            } else if let wait = hanging[id.address] {
                beganAt[id.address] = now + wait
                queue.append((now + wait + time, .poll(id, timedOut)))
            } else if refusing.contains(id.address) {
                queue.append((now + .milliseconds(1), .poll(id, refused)))
            } else if silent.contains(id.address) {
                withheld.append(id)
            } else {
                queue.append((now + answerTime, .poll(id, nil)))
            }
        case .list: queue.append((now + .milliseconds(1), .list))
        case .send(let id, let command):
            sent.append(command)
            if command.verb == .hostDown { downAt[command.spelling] = downAt[command.spelling] ?? now }
            if repliesFail { return queue.append((now + .milliseconds(500), .command(id, .tryAgainLater))) }
            rows = rows.map { $0.spelling == command.spelling ? $0.after(command) : $0 }
            queue.append((now + .milliseconds(1), .command(id, .ok)))
        case .abandon(let id):
            queue.removeAll { if case .command(id, _) = $0.event { true } else { false } }
            handle(.commandEnded(id, .abandoned))
        case .save(let state, let version):
            states.append(state)
            if !diskHangs { queue.append((now + .milliseconds(2), .saved(version))) }
        case .openSentinel(let id, let plan, _):
            #expect(plan.service.mailProtocol == .imap)
            sentinels.append(id)
            sentinelsOpened.append(now)
            if !withoutGreeting.contains(id.address) { queue.append((now + .milliseconds(1), .sentinel(id))) }
        case .closeSentinel(let id):
            #expect(sentinels.contains(id))
            sentinels.removeAll { $0 == id }
        case .tell(.pollSucceeded): goodPolls += 1
        case .tell(let event):
            if case .backendFaulty(let backend, _, _) = event { faultyAt[backend] = faultyAt[backend] ?? now }
            if case .failedPollRecalled = event { recalled.append(event) } else { told.append(event) }
        }
    }

    private mutating func answer(_ event: Answer) {
        switch event {
        case .poll(let id, let failure): end(id, failure)
        case .list where directorIsAway: handle(.directorFailed(DirectorFailure("away")))
        case .list: handle(.directorListed(Listing(ring: ring, hosts: rows)))
        case .command(let id, let reply): handle(.commandEnded(id, reply))
        case .saved(let version): handle(.saved(version: version))
        case .sentinel(let id): if sentinels.contains(id) { handle(.sentinelStands(id)) }
        }
    }

    /// Ends all sentinels of a backend.
    mutating func endSentinels(_ address: IPAddress, _ end: SentinelEnd = .lost("connection closed by the peer")) {
        for id in sentinels where id.address == address {
            sentinels.removeAll { $0 == id }
            handle(.sentinelEnded(id, end))
        }
    }

    private mutating func end(_ id: MonitorMachine.PollID, _ failure: PollFailure? = nil) {
        polls[id.address]?.remove(id)
        let fault = failure ?? faults[id.address]?[id.service]
        let good = fault == nil ? reports[id.service] : nil
        let start = beganAt[id.address] ?? now
        handle(.pollEnded(id, good ?? PollReport(failure: fault, phases: [], duration: now - start)))
    }

    static func report(_ failure: PollFailure?) -> PollReport {
        PollReport(failure: failure, phases: [], duration: .milliseconds(5))
    }
}

let imap = Service(.imap, port: 143)
let pop3 = Service(.pop3, port: 110)
let lmtp = Service(.lmtp, port: 24)
let refused = PollFailure(phase: .connect, kind: .refused, text: "Connection refused")
let timedOut = PollFailure(phase: .connect, kind: .timeout, text: "no answer")
let local = PollFailure(phase: .connect, kind: .local, text: "Too many open files")

/// The backend 10.0.x.y, counted by `number`, as the director lists it.
func row(_ number: Int, _ state: HostState? = .up, vhosts: Int = 100, tag: String = "") -> Host {
    let spelling = "10.0.\(number / 256).\(number % 256)"
    guard let address = IPAddress(spelling) else { preconditionFailure("no address") }
    return Host(
        address: address, spelling: spelling, vhosts: vhosts, users: 0, tag: tag, state: state, lastChange: 0)
}

extension Policy {
    /// Every ten seconds, and three failures make a service faulty.
    static func polling(_ services: Service..., failuresNeeded: Int = 3) -> Policy {
        Policy(services: services, interval: .seconds(10), timeout: .seconds(3), failuresNeeded: failuresNeeded)
    }
}

extension Host {
    fileprivate func after(_ command: DirectorCommand) -> Host {
        let newState: HostState? =
            switch command.verb {
            case .hostDown: .down
            case .hostUp: .up
            case .hostUpdate, .hostResetUsers, .hostFlush: state
            }
        return Host(
            address: address, spelling: spelling, vhosts: command.vhosts ?? vhosts, users: users, tag: tag,
            state: newState, lastChange: lastChange)
    }
}
