internal import DequeModule
package import DirectorAdmin
package import Probes
package import Site
package import Transport

/// Runs the monitor's machine on an event loop: does what it asks for, and feeds it what happens.
///
/// Loop-confined: created and used on its loop alone.
package final class MonitorDriver {
    private var machine: MonitorMachine
    private var chronicle = Chronicle(startedAt: .now())
    private let loop: Reactor
    private let prober: Prober
    private var director: DirectorClient
    private let keeper: StateKeeper?
    private let tell: (MonitorEvent) -> Void
    private let clock: () -> Instant

    /// Polls that are under way are seen to for so long before others start: one backend that never stops talking must not
    /// keep the others from being polled.
    private static let longestTurn = Duration.milliseconds(100)

    /// So many polls the process has descriptors for.
    private let pollLimit: Int
    private var places: PollPlaces
    private var isStartingPolls = false
    private var isTurnAwaited = false
    /// The loop's latest moment of idleness before the turn in which polls start.
    private var turn = 0
    private var sentinels: [MonitorMachine.SentinelID: RunningConversation] = [:]
    private var commands: [Reconciliation.CommandID: RunningConversation] = [:]
    /// Those that are not answered yet.
    private var outstanding: [Reconciliation.CommandID: DirectorCommand] = [:]
    private var timer: (Timer, at: Instant)?
    /// What came in while something else was being handled: a connection can fail before its start returns.
    private var inbox: Deque<MonitorMachine.Event> = []
    private var suspension: SuspensionWatch
    private var isHandling = false
    /// The number of the latest round before what is handled now.
    private var formerRound = 0
    /// What this run has done.
    private var statistics = Statistics()
    private var isStopped = false

    /// A driver that does nothing yet; `tell` is called on the loop.
    ///
    /// At most `pollLimit` polls and sentinels are open at once, whatever the policy says, each with a descriptor: a process
    /// that has none left cannot do anything. `clock` is the one of the loop's timers.
    package init(
        _ policy: Policy, prober: Prober, director: DirectorClient, loop: Reactor, pollLimit: Int = .max,
        restored: MonitorState = MonitorState(), keeper: StateKeeper? = nil,
        clock: @escaping () -> Instant = Instant.now, tell: @escaping (MonitorEvent) -> Void
    ) {
        let policy = policy.fitted(to: pollLimit)
        self.machine = MonitorMachine(policy, restored: restored, unixOrigin: Int(UnixClock.origin()), at: clock())
        // However long the director takes for its first list, nobody waits an interval for the first poll.
        machine.beginScheduleWithFirst()
        self.keeper = keeper
        loop.preconditionInEventLoop()
        self.loop = loop
        self.prober = prober
        self.pollLimit = pollLimit
        places = PollPlaces(policy.openPollLimit ?? pollLimit)
        self.director = director
        self.tell = tell
        self.clock = clock
        suspension = SuspensionWatch(at: clock(), sinceBoot: .sinceBoot())
    }

    /// Begins to monitor.
    package func start() {
        keeper?.saved = { [weak self] in self?.feed(.saved(version: $0)) }
        keeper?.tell = tell
        feed(.woke)
    }

    /// Does nothing more, whatever still happens. What is under way at the director is left as it is.
    package func stop() {
        isStopped = true
        timer?.0.cancel()
        timer = nil
    }

    /// Puts other settings in force; `director` is nil where its socket has the same path, and `isOtherDirector` where that
    /// leads elsewhere. `found` is what another run has left in the state file that this one has now.
    package func change(
        to policy: Policy, director: DirectorClient?, isOtherDirector: Bool = true, found: MonitorState? = nil
    ) {
        if let director {
            self.director = director
            feed(.directorChanged(isOther: isOtherDirector))
        }
        if let found { feed(.stateFound(found)) }
        let policy = policy.fitted(to: pollLimit)
        chronicle.servicesChanged(to: policy.services)
        places.change(to: policy.openPollLimit ?? pollLimit)
        places.forgetFailures()
        feed(.policyChanged(policy))
    }

    /// How the last rounds of each backend went.
    package var recentRounds: [(backend: String, rounds: RecentRounds)] { machine.recentRounds }

    /// How things stand, for people who ask.
    package var status: MonitorStatus { MonitorStatus(machine, chronicle) }

    /// The status's tag alone, which is asked for far more often.
    package var statusTag: String { chronicle.tag }

    /// How one backend stands, and what is remembered of it; nil when it is not listed.
    package func status(of address: IPAddress) -> (status: BackendStatus, record: Chronicle.Backend?)? {
        machine.status(of: address, at: clock()).map { ($0, chronicle[address]) }
    }

    /// The last failed polls of a backend, the oldest first.
    package func failedPolls(of address: IPAddress) -> [FailedPoll] { machine.failedPolls(of: address) }

    /// The latest events, of one backend or of all, the oldest first, at most so many.
    package func events(of backend: String? = nil, atMost limit: Int) -> [Chronicle.Entry] {
        chronicle.entries(of: backend, atMost: limit)
    }

    /// Leaves a backend to a person until the window is over; gives the window as it is kept.
    package func startMaintenance(
        of address: IPAddress, by who: String, reason: String, lasting time: Duration, drains: Bool
    ) throws(MaintenanceRefusal) -> MaintenanceKind {
        let now = clock()
        let window = Maintenance(who: who, reason: reason, since: now, until: now + time, drains: drains)
        if let objection = machine.objection(to: window, for: address, at: now) { throw objection }
        // The wall clock may have been set since the start.
        machine.unixOrigin = Int(UnixClock.origin())
        feed(.maintenanceStarted(window, for: address))
        guard !isStopped, let begun = machine.maintenance(of: address) else { throw .stopping }
        return begun
    }

    /// Whether a restart does not end the maintenance windows.
    package var keepsWindows: Bool { machine.policy.keepsState }

    /// The maintenance windows that go on, sorted by address.
    package var maintenances: [(address: IPAddress, maintenance: Maintenance)] { machine.maintenances }

    /// Ends a window before its time.
    package func endMaintenance(of address: IPAddress, by who: String) throws(MaintenanceRefusal) {
        if let objection = machine.objection(toEndOf: address) { throw objection }
        feed(.maintenanceEnded(address, by: who))
        if isStopped { throw .stopping }
    }

    /// What the metrics tell, but for what others than the monitor know.
    package var metrics: Metrics {
        var metrics = Metrics()
        metrics.statistics = statistics
        metrics.isDirectorConnected = chronicle.isInContact == true
        metrics.isRingSynced = machine.ring.map { $0 == .synced }
        metrics.sentinels = machine.policy.keepsSentinels ? ask { $0.sentinels.standing } : nil
        return metrics
    }

    /// What shows whether the monitor works.
    package var vitals: Vitals {
        Vitals(
            now: clock(), interval: machine.policy.interval, nextRound: machine.nextRound,
            pollWaitsSince: places.waitingSince, listedAt: chronicle.lastList?.at)
    }

    /// Asks the machine something that changes nothing, and does not come back here. Whoever asks a class's property directly has it
    /// copied first: of this one, the counts of all that it holds, twice.
    private func ask<Answer>(_ question: (inout MonitorMachine) -> Answer) -> Answer { question(&machine) }

    private func feed(_ event: MonitorMachine.Event) {
        if suspension.hasSlept(at: clock(), sinceBoot: .sinceBoot()) { inbox.append(.suspended) }
        inbox.append(event)
        guard !isHandling else { return }
        isHandling = true
        while !isStopped, let event = inbox.popFirst() {
            formerRound = machine.roundCount
            let actions = machine.handle(event, at: clock())
            note(event)
            for action in actions { perform(action) }
        }
        isHandling = false
        setTimer()
    }

    private func perform(_ action: MonitorMachine.Action) {
        guard !isStopped else { return }
        switch action {
        case .poll(let id, let plan, let time):
            // A poll of a new round is the schedule's; others follow one that has ended.
            let planned = id.round > formerRound ? ask { $0.plannedRound(of: id.address) } : nil
            places.add(id, plan, within: time, planned: planned, at: clock())
            startPolls()
        case .list:
            let asked = director
            director.list { result in
                switch result {
                // The one that is asked now has its own answer.
                case _ where asked !== self.director: return
                case .success(let listing): self.feed(.directorListed(listing))
                case .failure(let failure): self.feed(.directorFailed(failure))
                }
            }
        case .send(let id, let command):
            outstanding[id] = command
            chronicle.sent(command, at: .now())
            var hasEnded = false
            let conversation = director.send(command) { reply in
                hasEnded = true
                self.commands[id] = nil
                self.statistics.commandEnded(command.verb, reply)
                self.feed(.commandEnded(id, reply))
            }
            if !hasEnded { commands[id] = conversation }
        case .abandon(let id): commands[id]?.cancel()
        case .save(let state, let version):
            guard let keeper else { return feed(.saved(version: version)) }
            keeper.keep(state, version)
        case .openSentinel(let id, let plan, let time): openSentinel(id, plan, within: time)
        case .closeSentinel(let id): sentinels.removeValue(forKey: id)?.cancel()
        case .tell(let event):
            if case .director(.hostDisappeared(let host)) = event { places.forget(host.address) }
            chronicle.told(event, condition: { address in ask { $0.condition(of: address) } }, at: clock(), .now())
            tell(event)
        }
    }

    /// What people may ask for later.
    private func note(_ event: MonitorMachine.Event) {
        switch event {
        case .pollEnded(let id, let report):
            guard let condition = ask({ $0.polls(id) ? $0.condition(of: id.address) : nil }) else { return }
            chronicle.pollEnded(id.service, of: id.address, report, condition, at: clock(), .now())
        case .directorListed: chronicle.directorAsked(isHeard: true, at: clock(), .now())
        case .directorFailed: chronicle.directorAsked(isHeard: false, at: clock(), .now())
        case .commandEnded(let id, let reply):
            guard let command = outstanding.removeValue(forKey: id) else { return }
            chronicle.ended(command, reply, at: .now())
        default: break
        }
    }

    /// A poll can end before its start returns: only the outermost call starts more, so that the stack does not grow.
    private func startPolls() {
        guard !isStartingPolls else { return }
        isStartingPolls = true
        defer { isStartingPolls = false }
        if turn != loop.idleMoments { beginTurn() }
        while !isStopped, let poll = places.start() {
            // The settings may be others by now, and the backend gone.
            guard let plan = ask({ $0.plan(of: poll.id, asked: poll.plan) }) else {
                places.passedOver(poll)
                continue
            }
            if let planned = poll.planned { statistics.pollStarted(late: clock() - planned) }
            prober.poll(poll.id.address, plan: plan, within: poll.time) { report in
                self.places.ended(poll, report)
                self.statistics.pollEnded(poll.id.service, report)
                if !self.ask({ $0.watches(poll.id.address) }) { self.places.forget(poll.id.address) }
                self.feed(.pollEnded(poll.id, report))
                self.startPolls()
            }
        }
        guard !isStopped else { return }
        if let waiting = places.notice(at: clock()) { tell(.pollsWaiting(waiting)) }
        if places.waitsForTurn { awaitTurn() }
    }

    private func awaitTurn() {
        guard !isTurnAwaited else { return }
        isTurnAwaited = true
        loop.whenIdle(within: Self.longestTurn) { [weak self] in
            guard let self, !isStopped else { return }
            isTurnAwaited = false
            beginTurn()
            startPolls()
        }
    }

    private func beginTurn() {
        turn = loop.idleMoments
        places.beginTurn()
    }

    private func openSentinel(_ id: MonitorMachine.SentinelID, _ plan: PollPlan, within time: Duration) {
        var hasEnded = false
        let sentinel = prober.keepSentinel(
            at: id.address, plan: plan, within: time, standing: { self.feed(.sentinelStands(id)) },
            completion: { end in
                hasEnded = true
                self.sentinels[id] = nil
                self.feed(.sentinelEnded(id, end))
            })
        if !hasEnded { sentinels[id] = sentinel }
    }

    private func setTimer() {
        let next = ask { $0.nextWake }
        if let timer, timer.at == next { return }
        timer?.0.cancel()
        timer = nil
        guard !isStopped, next != .distantFuture else { return }
        let task = loop.timer(at: next) {
            self.timer = nil
            self.feed(.woke)
        }
        timer = (task, next)
    }
}
