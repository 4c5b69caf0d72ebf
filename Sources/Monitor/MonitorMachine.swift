package import DirectorAdmin
internal import Health
package import Probes
package import Site

/// The whole monitor but its sockets: schedule, verdicts and the director's reconciliation, wired up.
///
/// A pure machine, `(now, event) → [action]`: one thin driver runs it in the daemon, a test or a simulation under a clock
/// of its own.
package struct MonitorMachine: Sendable {
    /// What the driver has to do.
    package enum Action: Hashable, Sendable {
        /// Poll a service; answer with `pollEnded`.
        case poll(PollID, PollPlan, within: Duration)
        /// Read the director; answer with `directorListed` or `directorFailed`.
        case list
        /// Send a command on a connection of its own; answer with `commandEnded`.
        case send(Reconciliation.CommandID, DirectorCommand)
        /// Close a command's connection; it is answered all the same.
        case abandon(Reconciliation.CommandID)
        /// Tell people.
        case tell(MonitorEvent)
    }

    /// What can happen.
    package enum Event: Sendable {
        /// `nextWake` has come.
        case woke
        /// A poll has ended.
        case pollEnded(PollID, PollReport)
        /// The director has been read.
        case directorListed(Listing)
        /// The director could not be read.
        case directorFailed(DirectorFailure)
        /// A command's connection has ended.
        case commandEnded(Reconciliation.CommandID, CommandReply)
        /// The settings are others now.
        case policyChanged(Policy)
    }

    /// Names a poll while it is under way.
    package struct PollID: Hashable, Sendable {
        /// The backend.
        package let address: IPAddress
        /// What is polled.
        package let service: Service
        /// Polls of a backend that was dropped meanwhile bear another number.
        let round: Int
    }

    private struct Backend: Sendable {
        /// The address as the director spells it.
        var spelling: String
        var listed: HostState?
        var isInMaintenance: Bool
        var health = BackendHealth()
        var round = 0
        var order = RoundOrder([])
        /// What the latest polls noticed beside failures: it is told when it is new.
        var warned: [Service: Set<PollWarning.Kind>] = [:]
        var verdict = BackendHealth.Verdict.undecided
        /// What was last wrong with it: kept until it is up again, to say what is over.
        var fault: (service: Service, streak: BackendHealth.Streak)?
        var recentRounds = RecentRounds()

        init(_ host: Host) {
            spelling = host.spelling
            listed = host.state
            isInMaintenance = host.isInMaintenance
        }
    }

    private var policy: Policy
    private var rules: BackendHealth.Rules
    private var schedule: Schedule
    private var reconciliation: Reconciliation
    private var backends: [IPAddress: Backend] = [:]
    private var rounds = 0
    /// When it was last told that this machine's own trouble kept polls from telling anything.
    private var toldOwnTrouble: Instant?
    private static let reminder = Duration.seconds(300)
    private var unusedAccounts = UnusedAccounts()

    /// A monitor that knows no backends yet; it reads the director as soon as it is woken.
    package init(_ policy: Policy, at now: Instant) {
        self.policy = policy
        self.rules = policy.rules
        self.schedule = Schedule(interval: policy.interval, from: now)
        self.reconciliation = Reconciliation(manners: policy.manners)
    }

    /// When `woke` is to come at the latest, unless something else happens before.
    package var nextWake: Instant { min(reconciliation.nextWake, schedule.nextWake ?? .distantFuture) }

    /// How the last rounds of each backend went, by the address as the director spells it.
    package var recentRounds: [(backend: String, rounds: RecentRounds)] {
        backends.sorted { $0.key < $1.key }.map { ($0.value.spelling, $0.value.recentRounds) }
    }

    /// Takes in what happened; gives what to do.
    package mutating func handle(_ event: Event, at now: Instant) -> [Action] {
        switch event {
        case .woke: follow(reconciliation.woke(at: now), at: now) + startRounds(at: now)
        case .pollEnded(let id, let report): pollEnded(id, report, at: now)
        case .directorListed(let listing):
            follow(reconciliation.listed(listing, at: now), at: now) + startRounds(at: now)
                + unusedAccounts.listed(listing, accounts: policy.accounts).map { .tell($0) }
        case .directorFailed(let failure): follow(reconciliation.listFailed(failure, at: now), at: now)
        case .commandEnded(let id, let reply): follow(reconciliation.replied(id, reply, at: now), at: now)
        case .policyChanged(let policy): change(to: policy, at: now)
        }
    }
}

extension MonitorMachine {
    private mutating func startRounds(at now: Instant) -> [Action] {
        var actions: [Action] = []
        for address in schedule.due(at: now) {
            guard policy.polls(address) else {
                actions += leaveAlone(address, at: now)
                continue
            }
            rounds += 1
            backends[address]?.round = rounds
            backends[address]?.health.roundStarted(policy.services)
            backends[address]?.recentRounds.roundStarted()
            let order = RoundOrder(policy.services.map { policy.plan(for: address, $0) })
            backends[address]?.order = order
            guard let backend = backends[address] else { continue }
            actions += order.first.map { poll(order.plan($0), of: address, backend, round: rounds) }
        }
        return actions
    }

    /// Passes a round over. What earlier polls showed, with an account that is gone, says nothing any more.
    private mutating func leaveAlone(_ address: IPAddress, at now: Instant) -> [Action] {
        schedule.roundEnded(address, at: now)
        backends[address]?.health = BackendHealth()
        backends[address]?.verdict = .undecided
        return follow(reconciliation.wanted(nil, for: address, at: now), at: now)
    }

    private func poll(_ plan: PollPlan, of address: IPAddress, _ backend: Backend, round: Int) -> Action {
        let time = backend.health.timeout(plan.service, rules)
        return .poll(PollID(address: address, service: plan.service, round: round), plan, within: time)
    }

    private mutating func pollEnded(_ id: PollID, _ report: PollReport, at now: Instant) -> [Action] {
        guard var backend = backends[id.address], backend.round == id.round else { return [] }
        var actions: [Action] = []
        var isRapid = false
        if policy.services.contains(id.service) {
            let outcome = backend.health.pollEnded(id.service, report.failure, rules, at: now)
            isRapid = outcome.stage != nil
            actions = told(id, &backend, report, outcome, at: now)
            // By itself: what others of the round have delivered is no concern of a rapid poll.
            if outcome.pollsAgain {
                let plan = policy.plan(for: id.address, id.service)
                actions.append(.poll(id, plan, within: policy.deciding.rapidTimeout))
            }
        } else {
            // A service that the settings have dropped meanwhile ends its round, but says nothing any more.
            backend.health.serviceDropped(id.service)
        }
        if backend.health.roundIsOver { backend.recentRounds.roundEnded() }
        if !isRapid, let place = backend.order.place(of: id.service) {
            let next = backend.order.ended(place, report)
            actions += next.map { poll(backend.order.plan($0), of: id.address, backend, round: id.round) }
        }

        let former = backend.verdict
        backend.verdict = backend.health.verdict(rules)
        if backend.verdict == .faulty, let worst = backend.health.faultyServices(rules).first {
            backend.fault = worst
            if former != .faulty {
                let fault = Fault(worst.service, worst.streak, at: now)
                actions.append(
                    .tell(.backendFaulty(backend: backend.spelling, fault, consequence(backend))))
            }
        }
        backends[id.address] = backend
        if backend.health.roundIsOver {
            let retry = backend.health.awaitsRetry(rules) ? policy.deciding.retryInterval : nil
            schedule.roundEnded(id.address, retry: retry, at: now)
        }
        return actions + follow(reconciliation.wanted(wanted(backend), for: id.address, at: now), at: now)
    }

    /// The switch's state that the verdict asks for; nil when it cannot say. Where several good rounds are needed, a backend
    /// that is listed up is left alone until then, as one that nothing is known of.
    private func wanted(_ backend: Backend) -> HostState? {
        switch backend.verdict {
        case .undecided: nil
        case .healthy: backend.health.goodRounds >= policy.deciding.goodRoundsNeeded ? .up : nil
        case .faulty: .down
        }
    }

    private func consequence(_ backend: Backend) -> FaultConsequence {
        if backend.isInMaintenance { return .maintenance }
        if backend.listed == .down { return .alreadyDown }
        if policy.isDryRun { return .dryRun }
        return policy.deciding.delayedDown.map { .delayedDown($0.delay) } ?? .down
    }

    private mutating func told(
        _ id: PollID, _ backend: inout Backend, _ report: PollReport, _ outcome: BackendHealth.Outcome, at now: Instant
    ) -> [Action] {
        var actions = [Action.tell(event(id, backend, report, outcome, at: now))]
        backend.recentRounds.pollEnded(report)
        for warning in report.warnings where backend.warned[id.service]?.contains(warning.kind) != true {
            actions.append(.tell(.pollWarned(backend: backend.spelling, id.service, warning)))
        }
        // A poll that failed may not have come so far as to notice anything.
        if report.succeeded { backend.warned[id.service] = Set(report.warnings.map(\.kind)) }
        if let stage = outcome.stage, stage.result == .passed {
            actions.append(.tell(.rapidStagePassed(backend: backend.spelling, id.service, stage)))
        }
        return actions
    }

    private mutating func event(
        _ id: PollID, _ backend: Backend, _ report: PollReport, _ outcome: BackendHealth.Outcome, at now: Instant
    ) -> MonitorEvent {
        guard let failure = report.failure else {
            return .pollSucceeded(backend: backend.spelling, id.service, report)
        }
        guard let streak = outcome.streak else {
            let isOwn = failure.meaning == .nothing
            let isNews = !isOwn || toldOwnTrouble.map { now - $0 >= Self.reminder } ?? true
            if isOwn, isNews { toldOwnTrouble = now }
            return .pollUndetermined(backend: backend.spelling, id.service, failure, isNews: isNews)
        }
        if let stage = outcome.stage {
            return .rapidPollFailed(backend: backend.spelling, id.service, report, failure, stage)
        }
        return .pollFailed(
            backend: backend.spelling, id.service, report, failure,
            failures: streak.count, needed: policy.failuresNeeded)
    }

    /// Passes on what the reconciliation wants, and keeps up with the backends that the director lists.
    private mutating func follow(_ steps: [Reconciliation.Action], at now: Instant) -> [Action] {
        steps.map { step in
            switch step {
            case .list: .list
            case .send(let id, let command): .send(id, command)
            case .abandon(let id): .abandon(id)
            case .report(let event): .tell(told(event, at: now))
            }
        }
    }

    private mutating func told(_ event: DirectorEvent, at now: Instant) -> MonitorEvent {
        switch event {
        case .hostAppeared(let host):
            backends[host.address] = Backend(host)
            schedule.add(host.address, at: now)
        case .hostDisappeared(let host):
            backends[host.address] = nil
            schedule.remove(host.address)
        case .maintenanceChanged(let host): backends[host.address]?.isInMaintenance = host.isInMaintenance
        case .stateChanged(let host, let cause):
            let fault = backends[host.address]?.fault.map { Fault($0.service, $0.streak, at: now) }
            backends[host.address]?.listed = host.state
            // Others may raise a backend that is still faulty: the reason is needed again.
            if host.state == .up, backends[host.address]?.verdict != .faulty { backends[host.address]?.fault = nil }
            if host.state == .down, cause == .foreign { backends[host.address]?.health.successIsPast() }
            return .stateChanged(host, cause, fault)
        default: break
        }
        return .director(event)
    }

    private mutating func change(to policy: Policy, at now: Instant) -> [Action] {
        let isSame = self.policy.services == policy.services
        self.policy = policy
        rules = policy.rules
        reconciliation.manners = policy.manners
        schedule.setInterval(policy.interval, at: now)
        return [.tell(.settingsChanged)] + (isSame ? [] : judgeAnew(at: now)) + startRounds(at: now)
    }

    /// What is polled has changed: what went wrong elsewhere is forgotten, and only a round of all that is polled now shows
    /// that a backend is healthy.
    private mutating func judgeAnew(at now: Instant) -> [Action] {
        var actions: [Action] = []
        for address in Array(backends.keys) {
            backends[address]?.health.servicesChanged(to: policy.services)
            guard var backend = backends[address] else { continue }
            backend.verdict = backend.health.verdict(rules)
            backends[address] = backend
            actions += follow(reconciliation.wanted(wanted(backend), for: address, at: now), at: now)
        }
        return actions
    }
}

extension Fault {
    init(_ service: Service, _ streak: BackendHealth.Streak, at now: Instant) {
        self.init(service: service, streak: streak, lasting: now - streak.since)
    }
}
