internal import DirectorAdmin
internal import Health
internal import Probes
package import Site

/// The whole monitor but its sockets: schedule, verdicts and the director's reconciliation, wired up.
///
/// A pure machine, `(now, event) → [action]`: one thin driver runs it in the daemon, a test or a simulation under a clock
/// of its own.
package struct MonitorMachine: Sendable {
    var policy: Policy
    var rules: BackendHealth.Rules
    var schedule: Schedule
    var reconciliation: Reconciliation
    var backends: [IPAddress: WatchedBackend] = [:]
    private var rounds = 0
    /// When something was last handled.
    private var handledAt: Instant
    /// Woken later than this, it has not been running.
    private static let longestDelay = Duration.seconds(1)
    private var troubles = ToldTroubles()
    private var unusedAccounts = UnusedAccounts()
    var records = StateRecords()
    var sentinels: Sentinels
    /// What is known of backends that went up or down before, listed or not.
    var raising: [IPAddress: Raising]
    /// The backends that have rejected the test account, where no login has succeeded since, listed or not.
    var rejections: Set<IPAddress>
    var absences: Absences
    var windows: MaintenanceWindows
    /// `Instant.origin` in seconds since 1970, for what people are told; another one once the wall clock was set.
    package var unixOrigin: Int

    /// A monitor that knows no backends yet; it reads the director as soon as it is woken.
    ///
    /// `restored` is what an earlier run had written down, its times by this run's clock; `unixOrigin` is `Instant.origin` in
    /// seconds since 1970.
    package init(
        _ policy: Policy, restored: MonitorState = MonitorState(), unixOrigin: Int = 0, at now: Instant
    ) {
        self.policy = policy
        self.rules = policy.rules
        self.schedule = Schedule(interval: policy.interval, from: now)
        self.reconciliation = Reconciliation(
            manners: policy.manners, restored: RestoredIntents(restored.intents, unixOrigin: unixOrigin),
            weights: restored.weights, orders: restored.windows.mapValues(\.order))
        self.sentinels = Sentinels(limit: policy.sentinelLimit, pause: policy.interval)
        self.raising = restored.raising
        self.rejections = restored.rejections
        self.absences = Absences(restored.absences, ofAll: restored.remembered, at: now)
        self.windows = MaintenanceWindows(restored.windows)
        self.unixOrigin = unixOrigin
        self.handledAt = now
    }

    /// Has the schedule begin with the first backend, instead of with the machine.
    package mutating func beginScheduleWithFirst() { schedule.beginWithFirst() }

    /// When `woke` is to come at the latest, unless something else happens before.
    package var nextWake: Instant {
        min(
            reconciliation.nextWake, schedule.nextWake ?? .distantFuture, sentinels.nextWake ?? .distantFuture,
            windows.nextEnd)
    }

    /// When the next round is due; nil where no backend waits for one.
    package var nextRound: Instant? { schedule.nextWake }

    /// How many rounds were begun so far: the number of the latest one.
    package var roundCount: Int { rounds }

    /// When a backend's latest round was to be begun.
    package func plannedRound(of address: IPAddress) -> Instant? { schedule.planned(address) }

    /// Whether a backend is listed, as far as is known.
    package func watches(_ address: IPAddress) -> Bool { backends[address] != nil }

    /// Whether a poll's service is still polled, of a backend that is still listed.
    func polls(_ id: PollID) -> Bool { watches(id.address) && policy.services.contains(id.service) }

    /// How the last rounds of each backend went, by the address as the director spells it.
    package var recentRounds: [(backend: String, rounds: RecentRounds)] {
        backends.sorted { $0.key < $1.key }.map { ($0.value.spelling, $0.value.recentRounds) }
    }

    /// Takes in what happened; gives what to do.
    package mutating func handle(_ event: Event, at now: Instant) -> [Action] {
        var before = doubtAfterGap(at: now)
        handledAt = now
        before += endMaintenances(at: now)
        var actions = answer(event, at: now)
        // Nearly always there is nothing before: a sum would copy what is behind it.
        if !before.isEmpty { actions = before + actions }
        actions += save()
        return actions
    }

    private mutating func answer(_ event: Event, at now: Instant) -> [Action] {
        switch event {
        case .woke: woke(at: now)
        case .pollEnded(let id, let report): pollEnded(id, report, at: now)
        case .directorListed(let listing):
            follow(reconciliation.listed(listing, at: now), at: now) + forgetLongAbsent(listing, at: now)
                + startRounds(at: now)
                + unusedAccounts.listed(listing, accounts: policy.accounts).map { .tell($0) }
                + sentinelsListed(listing.hosts.count)
        case .directorFailed(let failure): follow(reconciliation.listFailed(failure, at: now), at: now)
        case .commandEnded(let id, let reply): follow(reconciliation.replied(id, reply, at: now), at: now)
        case .saved(let version): saved(version, at: now)
        case .sentinelStands(let id): policy.actions(for: sentinels.stands(id, at: now))
        case .sentinelEnded(let id, let end): sentinelEnded(id, end, at: now)
        case .policyChanged(let policy): change(to: policy, at: now)
        case .directorChanged(let isOther): directorChanged(isOther: isOther, at: now)
        case .stateFound(let state): stateFound(state, at: now)
        case .suspended: suspended(at: now)
        case .maintenanceStarted(let window, let address): maintenanceStarted(window, address, at: now)
        case .maintenanceEnded(let address, let who): maintenanceEnded(address, by: who, at: now)
        }
    }

    private mutating func woke(at now: Instant) -> [Action] {
        var actions = follow(reconciliation.woke(at: now), at: now)
        actions += startRounds(at: now)
        actions += policy.actions(for: sentinels.woke(at: now))
        return actions
    }
}

// MARK: - Rounds

extension MonitorMachine {
    mutating func startRounds(at now: Instant) -> [Action] {
        var actions: [Action] = []
        while true {
            let due = schedule.due(at: now)
            for address in due { actions += startRound(address, at: now) }
            // Others may have been asked for with them.
            if due.isEmpty { return actions }
        }
    }

    private mutating func startRound(_ address: IPAddress, at now: Instant) -> [Action] {
        guard policy.polls(address) else {
            schedule.roundEnded(address, at: now)
            backends[address]?.leftAlone()
            return conclude(address, at: now) + endUnwantedSentinel(address)
        }
        rounds += 1
        let plans = policy.services.map { policy.plan(for: address, $0) }
        var actions = backends[address]?.roundStarted(rounds, plans, at: now, of: address, rules) ?? []
        actions += follow(reconciliation.pollsStarted(address, at: now), at: now)
        return actions
    }

    private mutating func pollEnded(_ id: PollID, _ report: PollReport, at now: Instant) -> [Action] {
        // Where it is, and not in a copy, which all that it holds would be copied for.
        guard let place = backends.index(forKey: id.address),
            let ended = backends.values[place].pollEnded(id, report, policy, rules, &troubles, at: now)
        else { return [] }
        keepRejection(of: id.address, backends.values[place].rejectsAccount)
        var actions = ended.actions
        if ended.isFaultNew, let backend = backends[id.address] { actions += tellFault(backend, at: now) }
        actions += ended.further
        if let pause = ended.pause {
            schedule.roundEnded(
                id.address, retry: pause.isShort ? policy.deciding.retryInterval : nil, isPaced: pause.isPaced, at: now)
        }
        actions += conclude(id.address, at: now)
        actions += keepSentinel(id.address, at: now)
        return actions
    }

    func tellFault(_ backend: WatchedBackend, at now: Instant) -> [Action] {
        guard let worst = backend.fault else { return [] }
        let fault = Fault(worst.service, worst.streak, at: now)
        return [backend.tell(.backendFaulty(backend: backend.spelling, fault, consequence(backend)))]
            + backend.failedPolls.events(backend.spelling, at: now).map { .tell($0) }
    }

    /// Passes on what a backend's polls now ask for.
    mutating func conclude(_ address: IPAddress, at now: Instant) -> [Action] {
        guard let (judgement, news) = judgement(of: address, at: now) else { return [] }
        var actions = news
        actions += follow(
            reconciliation.polled(judgement.evidence, wanted: judgement.wanted, for: address, at: now), at: now)
        return actions
    }

    /// The same of all backends: what follows is looked at once.
    mutating func concludeAll(at now: Instant) -> [Action] {
        var news: [Action] = []
        var judgements: [Reconciliation.Judgement] = []
        let addresses = backends.keys.sorted()
        for address in addresses {
            guard let (judgement, told) = judgement(of: address, at: now) else { continue }
            judgements.append(judgement)
            news += told
        }
        let steps = follow(reconciliation.judged(judgements, at: now), at: now)
        return news + steps + addresses.flatMap { endUnwantedSentinel($0) }
    }

    /// What a backend's polls now ask for, and what is to be told of it.
    private mutating func judgement(
        of address: IPAddress, at now: Instant
    ) -> (judgement: Reconciliation.Judgement, news: [Action])? {
        guard let place = backends.index(forKey: address) else { return nil }
        // A HOST-DOWN that is under way is still to be explained.
        if !reconciliation.mayGoDown(address) { backends.values[place].faultMayBeOver() }
        let evidence = backends.values[place].evidence(rules)
        let wanted = backends.values[place].wanted(
            policy.deciding, isOwnDown: reconciliation.isOwnDown(address), at: now)
        keepRaising(of: address)
        let judgement = Reconciliation.Judgement(address: address, evidence: evidence, wanted: wanted.state)
        return (judgement, left(address, wanted.left))
    }

    private func left(_ address: IPAddress, _ hold: Raising.Hold?) -> [Action] {
        guard let hold, let backend = backends[address] else { return [] }
        return [backend.tell(.leftDown(backend: backend.spelling, hold))]
    }

    /// A process that was stopped, or a machine that was suspended, knows only what was true long ago: it takes nothing down
    /// before another poll has failed, and puts nothing up before another round has succeeded.
    private mutating func doubtAfterGap(at now: Instant) -> [Action] {
        guard now - handledAt > Self.longestDelay, now - nextWake > Self.longestDelay else { return [] }
        reconciliation.suspended()
        return doubt(since: handledAt, at: now)
    }

    private mutating func suspended(at now: Instant) -> [Action] {
        reconciliation.suspended()
        return doubt(since: now, at: now)
    }

    private mutating func doubt(since time: Instant, at now: Instant) -> [Action] {
        for address in backends.keys { backends[address]?.doubted(since: time, at: now) }
        return concludeAll(at: now)
    }

    private func consequence(_ backend: WatchedBackend) -> FaultConsequence {
        if backend.isInMaintenance { return .maintenance }
        if backend.listed == .down { return .alreadyDown }
        if policy.isDryRun { return .dryRun }
        return policy.deciding.delayedDown.map { .delayedDown($0.delay) } ?? .down
    }
}

// MARK: - The director

extension MonitorMachine {
    /// Passes on what the reconciliation wants, and keeps up with the backends that the director lists.
    mutating func follow(_ steps: [Reconciliation.Action], at now: Instant) -> [Action] {
        steps.flatMap { step -> [Action] in
            switch step {
            case .list: return [.list]
            case .send(let id, let command): return [.send(id, command)]
            case .abandon(let id): return [.abandon(id)]
            case .poll(let address):
                // One that is faulty is tried again as others are that have failed; what others say is awaited.
                let isUrgent = backends[address]?.verdict != .faulty
                schedule.hasten(address, isUrgent: isUrgent, after: policy.deciding.retryInterval, at: now)
                return []
            case .record(let record):
                records.asked(record)
                return []
            case .report(let event): return told(event, at: now)
            }
        }
    }

    private mutating func told(_ event: DirectorEvent, at now: Instant) -> [Action] {
        switch event {
        case .hostAppeared(let host):
            backends[host.address] = WatchedBackend(
                host, raising: raising[host.address] ?? Raising(), isOrderedOut: windows[host.address] != nil,
                rejectsAccount: rejections.contains(host.address))
            noteWeight(of: host.address)
            schedule.add(host.address, at: now)
            if absences.ended(host.address) { records.changed() }
        case .hostDisappeared(let host):
            backends[host.address] = nil
            schedule.remove(host.address)
            troubles.forget(host.address)
            sentinels.forget(host.address)
            if raising[host.address] != nil || reconciliation.intents[host.address] != nil
                || reconciliation.weights[host.address] != nil || rejections.contains(host.address)
            {
                absences.began(host.address, at: now)
                records.changed()
            }
            return [.tell(.director(event))] + endUnwantedSentinel(host.address)
        case .maintenanceChanged(let host):
            let wasOut = backends[host.address]?.isOutByWeight == true
            noteWeight(of: host.address)
            if wasOut, backends[host.address]?.isOutByWeight == false { lookAnew(host.address, at: now) }
            return [.tell(.director(event))] + endUnwantedSentinel(host.address)
        case .stateChanged(let host, .unwatched):
            // As it was first listed; what that means is seen to with its polls.
            let told = MonitorEvent.stateChanged(host, .unwatched, nil)
            return [backends[host.address]?.tell(told) ?? .tell(told)]
        case .stateChanged(let host, let cause):
            let backend = backends[host.address]
            let fault = backend?.fault.map { Fault($0.service, $0.streak, at: now) }
            let told = MonitorEvent.stateChanged(host, cause, fault)
            // A former run's HOST-DOWN may have been held by the director until now.
            let isForeign = cause == .foreign && (host.state == .up || !reconciliation.isOwnDown(host.address))
            if isForeign, host.state == .up, backend?.verdict == .faulty, backend?.isPaced == false {
                schedule.hasten(host.address, isUrgent: true, at: now)
            }
            return [backend?.tell(told) ?? .tell(told)] + stateChanged(host, byOthers: isForeign, at: now)
                + endUnwantedSentinel(host.address)
        case .undoneByOthers(let host):
            // It was up for a moment, and that it is down again is somebody's word against this monitor's.
            _ = backends[host.address]?.stateChanged(to: .up, byOthers: false, policy.deciding.raising, at: now)
            return [tell(event, of: host)] + stateChanged(host, byOthers: true, at: now)
        case .weightChanged(let host, .left(_, wasDrained: true)): drainIsOver(host.address)
        case .commandWithoutEffect(let host, _, _), .usersMoved(let host, _), .moveGivenUp(let host),
            .moveUnknown(let host), .moveFailed(let host, _), .wouldSend(let host, _):
            return [tell(event, of: host)]
        default: break
        }
        return [.tell(.director(event))]
    }

    /// What was seen meanwhile is of a machine that somebody was working on: nothing follows before it is seen again.
    mutating func lookAnew(_ address: IPAddress, at now: Instant) {
        backends[address]?.doubted(since: now, at: now)
        if backends[address]?.isPaced == false { schedule.hasten(address, isUrgent: true, at: now) }
    }

    private func tell(_ event: DirectorEvent, of host: Host) -> Action {
        backends[host.address]?.tell(.director(event)) ?? .tell(.director(event))
    }

    private mutating func stateChanged(_ host: Host, byOthers: Bool, at now: Instant) -> [Action] {
        let hold = backends[host.address]?.stateChanged(
            to: host.state, byOthers: byOthers, policy.deciding.raising, at: now)
        keepRaising(of: host.address)
        return left(host.address, hold)
    }
}

// MARK: - The state

extension MonitorMachine {
    /// What holds a backend down outlives its being listed, and this process.
    mutating func keepRaising(of address: IPAddress) {
        guard let backend = backends[address], backend.raising.memory != raising[address] else { return }
        raising[address] = backend.raising.memory
        records.changed()
    }

    /// Dovecot goes on to answer late, whoever is started anew here.
    private mutating func keepRejection(of address: IPAddress, _ isRejected: Bool) {
        guard !rejections.isEmpty || isRejected, rejections.contains(address) != isRejected else { return }
        if isRejected { rejections.insert(address) } else { rejections.remove(address) }
        records.changed()
    }

    private mutating func save() -> [Action] {
        guard policy.keepsState, let version = records.next() else { return [] }
        let state = MonitorState(
            intents: reconciliation.intents, raising: raising, absences: absences.since, windows: windows.all,
            weights: reconciliation.weights, rejections: rejections)
        return [.save(state, version: version)]
    }

    /// A ring that is not synced may lack backends that are only late.
    private mutating func forgetLongAbsent(_ listing: Listing, at now: Instant) -> [Action] {
        guard listing.isWhole else { return [] }
        let gone = absences.removeLong(at: now)
        guard !gone.isEmpty else { return [] }
        for address in gone { raising[address] = nil }
        rejections.subtract(gone)
        records.changed()
        return follow(reconciliation.forget(gone), at: now)
    }

    private mutating func saved(_ version: Int, at now: Instant) -> [Action] {
        guard let record = records.saved(version) else { return [] }
        return follow(reconciliation.recorded(record, at: now), at: now)
    }
}
