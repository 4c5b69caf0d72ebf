internal import DirectorAdmin
internal import Monitor
internal import Probes
internal import Site

/// One monitor: the real machine, and around it what the daemon's driver does, on the simulated network.
final class MonitorProcess {
    let number: Int
    let director: Int
    private unowned let world: World
    /// What the settings say; the machine may be told otherwise by a mistake.
    private(set) var policy: Policy
    private var machine: MonitorMachine?
    /// Counts the processes: what was under way in a former one concerns nobody.
    private(set) var incarnation = 0
    private(set) var isStopped = false
    private(set) var startedAt = Instant.origin
    /// What has arrived while the process was stopped.
    private var arrived: [() -> Void] = []
    private var orders: [Reconciliation.CommandID: Director.Order] = [:]
    private var lastListing: Listing?
    private var inbox: [MonitorMachine.Event] = []
    private var isHandling = false
    private var wakeAt = Instant.distantFuture
    private var mistakes: SeededRandom
    /// The backends of whose failures it has heard, where some are hidden.
    private var failing: Set<Int> = []
    /// Whether the mistake is at work that forgets outages.
    private var hasForgotten = false
    /// The state file; nil where there is none.
    private(set) var file: MonitorState?
    /// What was to be written down since, the oldest first, and since when.
    private var unwritten: [(state: MonitorState, version: Int, since: Instant)] = []
    private var saves: (isWriting: Bool, next: (state: MonitorState, version: Int)?) = (false, nil)

    /// How long the daemon's director client waits for a list.
    private static let listPatience = Duration.seconds(5)
    /// How long a command waits for the disk.
    private static let diskPatience = Duration.seconds(1)

    init(number: Int, director: Int, policy: Policy, world: World) {
        self.number = number
        self.director = director
        self.policy = policy
        self.world = world
        mistakes = SeededRandom(seed: world.scenario.seed, stream: 100 + UInt64(number))
    }

    var isAlive: Bool { machine != nil }
    var isRunning: Bool { isAlive && !isStopped }

    func start() {
        var restored = world.mistake == .stateUnread ? nil : file
        if world.mistake == .weightsForgotten { restored?.weights = [:] }
        if world.mistake == .windowsForgotten { restored?.windows = [:] }
        machine = MonitorMachine(
            mistaken(policy), restored: restored ?? MonitorState(), unixOrigin: Ring.unixOrigin, at: world.agenda.now)
        world.referee.started(self, remembers: file != nil)
        startedAt = world.agenda.now
        feed(.woke)
    }

    /// SIGKILL: all its connections are closed.
    func kill(keepsState: Bool) {
        world.referee.killed(self, keepsState: keepsState)
        machine = nil
        saves = (false, nil)
        unwritten = []
        if !keepsState { file = nil }
        incarnation += 1
        isStopped = false
        arrived = []
        inbox = []
        wakeAt = .distantFuture
        for id in orders.keys.sorted() { orders[id]?.isMute = true }
        orders = [:]
    }

    /// SIGSTOP.
    func stop() { isStopped = machine != nil }

    /// SIGCONT: what has arrived meanwhile is handled, before what is due or behind it.
    func resume() {
        guard isStopped else { return }
        isStopped = false
        startedAt = world.agenda.now
        if mistakes.chance(0.5) { feed(.woke) }
        let waiting = arrived
        arrived = []
        for work in waiting { work() }
        feed(.woke)
    }

    func reload(_ policy: Policy) {
        whenRunning { [self] in
            self.policy = policy
            world.referee.settingsChanged(self)
            let change = { [self] in feed(.policyChanged(mistaken(self.policy))) }
            if world.mistake == .settingsLate { later(at: world.agenda.now + .seconds(20), change) } else { change() }
        }
    }

    /// Somebody begins a maintenance window.
    func startMaintenance(_ backend: Int, lasting time: Duration, drains: Bool) {
        whenRunning { [self] in
            let now = world.agenda.now
            // One that goes on keeps its drain.
            let isDraining = drains || world.referee.ledgers[number].backends[backend].window?.drains == true
            let asked = Maintenance(who: "root", reason: "work", since: now, until: now + time, drains: drains)
            let window = Maintenance(who: "root", reason: "work", since: now, until: now + time, drains: isDraining)
            guard machine?.objection(to: asked, for: world.address(backend), at: now) == nil else { return }
            world.referee.maintenanceBegins(self, backend, window)
            if world.mistake == .windowIgnored { return }
            feed(.maintenanceStarted(asked, for: world.address(backend)))
            // It may extend a former one, or that may have ended in the same moment.
            guard case .ordered(let kept, _) = machine?.maintenance(of: world.address(backend)) else {
                return world.referee.violated(.maintenance, "m\(number) has not begun a window")
            }
            world.referee.require(kept.drains || !drains, .maintenance, "m\(number) does not drain")
            world.referee.maintenanceBegins(self, backend, kept)
        }
    }

    func endMaintenance(_ backend: Int) {
        whenRunning { [self] in feed(.maintenanceEnded(world.address(backend), by: "root")) }
    }

    /// Whether it still has a word in a backend's weight, drained or on its way back.
    func hasPlan(_ backend: Int) -> Bool { machine?.hasWeightPlan(for: world.address(backend)) == true }

    /// Does something in this process, when it runs; never in another one.
    private func whenRunning(_ work: @escaping () -> Void) {
        let incarnation = incarnation
        let unlessDead = { [self] in
            if self.incarnation == incarnation, machine != nil { work() }
        }
        if isStopped { arrived.append(unlessDead) } else { unlessDead() }
    }

    private func later(at time: Instant, _ work: @escaping () -> Void) {
        let incarnation = incarnation
        world.agenda.at(time) { [self] in
            if self.incarnation == incarnation { whenRunning(work) }
        }
    }
}

// MARK: - The driver

extension MonitorProcess {
    private func feed(_ event: MonitorMachine.Event) {
        inbox.append(event)
        guard !isHandling else { return }
        isHandling = true
        while !inbox.isEmpty, machine != nil {
            let event = inbox.removeFirst()
            let actions = machine?.handle(event, at: world.agenda.now) ?? []
            for action in actions { perform(action) }
            if case .woke = event, inbox.isEmpty, let machine, machine.nextWake <= world.agenda.now {
                world.referee.violated(.rest, "monitor \(number) asks to be woken without a pause")
            }
        }
        isHandling = false
        setTimer()
    }

    private func setTimer() {
        guard let next = machine?.nextWake, next != .distantFuture, next != wakeAt else { return }
        wakeAt = next
        later(at: max(next, world.agenda.now) + .microseconds(world.random.below(800))) { [self] in
            guard wakeAt == next else { return }
            wakeAt = .distantFuture
            feed(.woke)
        }
    }

    private func perform(_ action: MonitorMachine.Action) {
        switch action {
        case .poll(let id, let plan, let time): poll(id, plan, within: time)
        case .list: list()
        case .send(let id, let command): send(id, command)
        case .abandon(let id): abandon(id)
        case .save(let state, let version): save(state, version)
        // Scenarios have none.
        case .openSentinel, .closeSentinel: break
        case .tell(let event): tell(event)
        }
    }

    private func poll(_ id: MonitorMachine.PollID, _ plan: PollPlan, within time: Duration) {
        guard let backend = world.number(of: id.address),
            let service = world.scenario.services.firstIndex(of: id.service)
        else { return world.referee.violated(.pollsAsSet, "a poll of what is not there") }
        let start = world.agenda.now
        world.referee.polled(self, backend, service, plan, within: time)
        let answer = world.network.answer(number, backend, service, at: start)
        let version = world.network.version(number, backend, service)
        let deadline = start + time
        let end = answer.after.map { min(start + $0, deadline) } ?? deadline
        let isLost = world.mistake == .pollLost && mistakes.chance(0.01)
        later(at: end) { [self] in
            var failure = answer.after.map { start + $0 > deadline } ?? true ? .timedOut(answer.phase) : answer.failure
            if end < deadline, world.network.version(number, backend, service) != version, failure == nil {
                failure = world.network.interruption(number, backend, service)
            }
            // A stopped process cannot tell whether the answer or its own deadline was late.
            if world.agenda.now - deadline > time / 5 { failure = .ownDelay }
            if isLost { return }
            ended(id, backend, service, failure, since: start)
        }
    }

    private func ended(
        _ id: MonitorMachine.PollID, _ backend: Int, _ service: Int, _ failure: PollFailure?, since start: Instant
    ) {
        world.referee.pollEnded(self, backend, service, failure, since: start)
        let isTaken = world.mistake == .ownTroubleCounts && failure?.kind == .local
        let isHidden = world.mistake == .outageUnseen && hides(failure, of: backend, since: start)
        let report = PollReport(
            failure: isTaken ? .timedOut(.greeting) : isHidden ? nil : failure, phases: phases(service, failure),
            duration: world.agenda.now - start)
        feed(.pollEnded(id, report))
        if world.mistake == .outageForgotten { forgetOutage(failure == nil, since: start) }
    }

    /// Whether a login has succeeded is told by the phases that were reached.
    private func phases(_ service: Int, _ failure: PollFailure?) -> [PhaseTime] {
        let logsIn = world.scenario.services[service].mailProtocol != .lmtp
        return failure == nil && logsIn ? [PhaseTime(.login, .milliseconds(1))] : []
    }

    private func list() {
        let start = world.agenda.now
        let incarnation = incarnation
        var isOver = false
        let fails = world.mischief(number) && world.random.chance(0.5)
        let delay = fails ? world.random.time(.zero, .seconds(6)) : .zero
        later(at: start + Self.listPatience) { [self] in
            if isOver { return }
            isOver = true
            world.referee.listFailed(self)
            feed(.directorFailed(DirectorFailure("no answer")))
        }
        world.agenda.after(delay) { [self] in
            world.ring.list(director, hosts: { [self] in world.hosts($0) }) { [self] listing, takenAt in
                // Another process did not ask.
                guard self.incarnation == incarnation else { return }
                later(at: world.agenda.now) { [self] in
                    if isOver { return }
                    isOver = true
                    world.referee.listed(self, listing, startedAt: start, takenAt: takenAt)
                    feed(.directorListed(mistaken(listing)))
                }
            }
        }
    }

    private func send(_ id: Reconciliation.CommandID, _ command: DirectorCommand) {
        guard let address = IPAddress(command.spelling), let backend = world.number(of: address) else {
            return world.referee.violated(.commandNeeded, "\(command.verb.rawValue) for nobody")
        }
        order(id, backend, command.verb, command.vhosts)
        if world.mistake == .downTwice, command.verb == .hostDown { order(-id, backend, command.verb) }
        if world.mistake == .upTwice, command.verb == .hostUp { order(-id, backend, command.verb) }
    }

    private func order(
        _ id: Reconciliation.CommandID, _ backend: Int, _ verb: DirectorCommand.Verb, _ vhosts: Int? = nil
    ) {
        world.referee.sent(self, id, backend, verb, vhosts)
        let incarnation = incarnation
        let order = Director.Order(backend: backend, verb: verb, vhosts: vhosts, monitor: number) { [self] reply in
            guard self.incarnation == incarnation else { return }
            whenRunning { [self] in replied(id, reply) }
        }
        orders[id] = order
        let isRestored = vhosts ?? 0 > 0 && world.referee.ledgers[number].list?.rows[backend]?.vhosts == 0
        if world.mistake == .drainsKept, isRestored { return order.reply(.ok) }
        if world.mistake == .upSwallowed, verb == .hostUp { return order.reply(.ok) }
        let delay = world.mistake == .downLate && verb == .hostDown ? policy.interval * 5 : .zero
        world.carry(order, to: director, after: delay)
    }

    private func replied(_ id: Reconciliation.CommandID, _ reply: CommandReply) {
        guard orders.removeValue(forKey: id) != nil else { return }
        world.referee.replied(self, id, reply)
        if world.mistake != .repliesUnread { feed(.commandEnded(id, reply)) }
    }

    private func abandon(_ id: Reconciliation.CommandID) {
        if world.mistake == .neverAbandons { return feed(.commandEnded(id, .abandoned)) }
        orders.removeValue(forKey: id)?.isMute = true
        world.referee.abandoned(self, id)
        feed(.commandEnded(id, .abandoned))
    }

    /// As the daemon does: one write at a time, the latest state only, and nobody waits for longer than a second.
    private func save(_ state: MonitorState, _ version: Int) {
        world.timeline.note(6, number, version, state.intents.count) {
            "m\(number) has state \(version) written down: \(state.intents.count) downs"
        }
        if world.mistake == .stateUnwritten { return feed(.saved(version: version)) }
        saves.next = (state, version)
        writeNext()
        unwritten.append((state, version, since: world.agenda.now))
        later(at: world.agenda.now + Self.diskPatience) { [self] in feed(.saved(version: version)) }
    }

    /// Whether the file holds what is looked for, or a state that does has waited for longer than a command waits for the disk.
    func hasWritten(_ isLookedFor: (MonitorState) -> Bool) -> Bool {
        file.map(isLookedFor) ?? false || overdue.contains(where: isLookedFor)
    }

    /// What commands may rest on, though it is in no file yet.
    var overdue: [MonitorState] {
        unwritten.filter { world.agenda.now - $0.since >= Self.diskPatience }.map(\.state)
    }

    private func writeNext() {
        guard !saves.isWriting, let (state, version) = saves.next else { return }
        saves = (true, nil)
        let isSlow = mistakes.chance(0.02)
        let time =
            isSlow ? mistakes.time(.seconds(1), .seconds(4)) : mistakes.time(.microseconds(200), .milliseconds(30))
        later(at: world.agenda.now + time) { [self] in
            file = state
            unwritten.removeAll { $0.version <= version }
            world.timeline.note(7, number, version) { "m\(number): state \(version) is written down" }
            saves.isWriting = false
            feed(.saved(version: version))
            writeNext()
        }
    }

    private func tell(_ event: MonitorEvent) {
        if case .stateChanged = event {
            if world.mistake == .alertLost, mistakes.chance(0.25) { return }
            if world.mistake == .alertTwice { world.referee.told(self, event) }
        }
        world.referee.told(self, event)
    }
}

// MARK: - Mistakes

extension MonitorProcess {
    private func mistaken(_ policy: Policy) -> Policy {
        var other = policy
        switch world.mistake {
        case .dryRunSends: other.isDryRun = false
        case .oneFailureCounts: other.failuresNeeded = 1
        case .removesAll: other.options.imap.removal = .all
        case .guardOff: other.deciding.minHealthy = .off
        case .outageForgotten where hasForgotten: other.deciding.minHealthy = .off
        case .slowStartEndless where other.deciding.slowStart != nil:
            other.deciding.slowStart?.duration = .seconds(100_000)
        case .warIgnored: other.deciding.raising.warHold = .zero
        case .othersDownsEnded: other.deciding.raising.ownOnly = false
        default: break
        }
        return other
    }

    /// The first backend that polls well after an outage speaks for all.
    private func forgetOutage(_ isGood: Bool, since start: Instant) {
        let isOver = world.referee.outages[number]?.end.map { start >= $0 && start - $0 < .seconds(30) } ?? false
        guard (isOver && isGood) != hasForgotten else { return }
        hasForgotten = isOver && isGood
        feed(.policyChanged(mistaken(policy)))
    }

    /// Whether the machine does not hear of a failure of a backend that it takes for healthy.
    private func hides(_ failure: PollFailure?, of backend: Int, since start: Instant) -> Bool {
        guard failure != nil else {
            failing.remove(backend)
            return false
        }
        if !failing.contains(backend), world.referee.isInOutage(number, start) { return true }
        failing.insert(backend)
        return false
    }

    private func mistaken(_ listing: Listing) -> Listing {
        var other = listing
        switch world.mistake {
        case .ringIgnored: other.ring = .synced
        case .maintenanceIgnored: other.hosts = listing.hosts.map { $0.isInMaintenance ? $0.inService : $0 }
        case .listStale:
            other = lastListing ?? listing
            lastListing = listing
        case .movesOthersUsers:
            for host in listing.hosts where host.state == .down && host.users > 0 {
                if let backend = world.number(of: host.address) { order(-1000 - backend, backend, .hostResetUsers) }
            }
        default: break
        }
        return other
    }
}
