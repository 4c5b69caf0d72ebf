internal import DirectorAdmin
internal import Monitor
internal import Probes
internal import Site

/// Watches everything, and ends the run when an invariant does not hold. It knows the truth, and what each monitor has seen.
final class Referee {
    private(set) var violation: Violation?
    var counts = Counts()
    var ledgers: [Ledger] = []
    /// Since when each director's row of each backend is as it is.
    var rowSince: [[Instant]]
    /// When the monitors' commands have changed each backend's switch.
    var changes: [[Instant]]
    /// The latest time in which everything failed for a monitor; nil when there was none.
    var outages: [Outage?]
    /// A time in which everything fails for a monitor, whatever the backends do.
    struct Outage {
        let since: Instant
        var end: Instant?
    }

    /// Others than monitors have last touched the switches, or a monitor has forgotten what it knew.
    var quarrelsSince = Instant.origin
    /// The weights that each backend may have in the end; nil where somebody has lost track.
    var rightWeights: [Set<Int>?]
    /// When what an administrator has last set of each is known to all directors.
    var weightsKnownAt: [Instant]
    unowned let world: World

    init(_ world: World) {
        self.world = world
        weightsKnownAt = Array(repeating: .origin, count: world.scenario.backends)
        rightWeights = Array(repeating: [100], count: world.scenario.backends)
        changes = Array(repeating: [], count: world.scenario.backends)
        outages = Array(repeating: nil, count: world.scenario.monitors)
        rowSince = Array(
            repeating: Array(repeating: .origin, count: world.scenario.backends), count: world.scenario.directors)
    }

    var now: Instant { world.agenda.now }

    /// Something does not hold.
    func violated(_ invariant: Invariant, _ text: String) {
        guard violation == nil else { return }
        violation = Violation(invariant: invariant, text: "\(padded(now - .origin)) \(text)")
        world.timeline.note("## \(invariant.rawValue): \(text)")
        world.agenda.isOver = true
    }

    func require(_ holds: Bool, _ invariant: Invariant, _ text: @autoclosure () -> String) {
        if !holds { violated(invariant, text()) }
    }

    func begin() {
        ledgers = (0..<world.scenario.monitors).map { _ in
            Ledger(backends: world.scenario.backends, services: world.scenario.services.count, at: now)
        }
        world.agenda.after(.seconds(1)) { [unowned self] in tick() }
    }

    private func tick() {
        guard violation == nil else { return }
        for monitor in world.monitors { watch(monitor) }
        world.agenda.after(.seconds(1)) { [unowned self] in tick() }
    }
}

// MARK: - What happens

extension Referee {
    /// A monitor's process starts; `remembers` where it finds the former one's state file.
    func started(_ monitor: MonitorProcess, remembers: Bool) {
        var ledger = Ledger(backends: world.scenario.backends, services: world.scenario.services.count, at: now)
        for (backend, former) in ledgers[monitor.number].backends.enumerated() where remembers {
            ledger.backends[backend].isOwnDown = former.isOwnDown
            ledger.backends[backend].window = former.window
            ledger.backends[backend].weightBefore = former.weightBefore
            ledger.backends[backend].isDrained = former.isDrained
            ledger.backends[backend].isRejected = monitor.file?.rejections.contains(world.address(backend)) ?? false
        }
        // As far as the new one can know.
        for command in ledgers[monitor.number].commands.values where command.verb == .hostDown {
            guard let intent = monitor.file?.intents[world.address(command.backend)], intent.change == nil else {
                continue
            }
            ledger.backends[command.backend].formerDownUntil = now + .seconds(30)
        }
        // What the former process had under way is still in the director.
        for backend in ledger.backends.indices {
            ledger.backends[backend].calmSince = now + .seconds(65)
        }
        ledgers[monitor.number] = ledger
        world.timeline.note("m\(monitor.number) starts")
        worldChanged()
    }

    func monitorDisturbed(_ monitor: Int) {
        excuse(monitor)
        for backend in ledgers[monitor].backends.indices { flapHoldBegins(monitor, backend) }
    }

    func directorDisturbed(_ director: Int) {
        for monitor in world.monitors where monitor.director == director { excuse(monitor.number) }
    }

    /// Something excuses all that is late at a monitor; what excuses it for longer goes on.
    func excuse(_ monitor: Int) { ledgers[monitor].calmSince = max(ledgers[monitor].calmSince, now) }

    /// Commands that went wrong may still be held when the mischief is over.
    func mischiefChanged() {
        guard !ledgers.isEmpty else { return }
        for monitor in ledgers.indices { ledgers[monitor].calmSince = now + .seconds(130) }
    }

    func rowChanged(_ director: Int, _ backend: Int) {
        rowSince[director][backend] = now
        let row = world.ring.directors[director].rows[backend]
        world.timeline.note(1, director, backend, row.isUp ? 1 : 0, row.vhosts, row.isListed ? 1 : 0) {
            "d\(director): backend \(backend) is \(row.isUp ? "up" : "down"), weight \(row.vhosts)"
                + (row.isListed ? "" : ", not listed")
        }
    }

    /// What is true may have changed.
    func worldChanged() {
        for monitor in world.monitors {
            lookAtNetwork(of: monitor)
        }
        for monitor in world.monitors {
            for backend in ledgers[monitor.number].backends.indices { lookAt(monitor, backend) }
        }
    }

    /// Notes when everything begins to fail for a monitor, and when that ends.
    private func lookAtNetwork(of monitor: MonitorProcess) {
        let fails =
            switch world.network.trouble(monitor.number) {
            case .cut: true
            case .wrongPassword: monitor.policy.deciding.rejection.account == .fault
            case .none, .networkDown: false
            }
        let isGoingOn = outages[monitor.number].map { $0.end == nil } ?? false
        if fails, !isGoingOn { outages[monitor.number] = Outage(since: now) }
        if !fails, isGoingOn { outages[monitor.number]?.end = now }
    }

    /// Notes since when the same has been true of a backend.
    private func lookAt(_ monitor: MonitorProcess, _ backend: Int) {
        let policy = monitor.policy
        let truth = world.network.truth(
            monitor.number, backend, timeout: policy.timeout, patience: policy.patience,
            countsRejections: policy.deciding.rejection.account == .fault, at: now)
        let version = world.scenario.services.indices.reduce(0) {
            $0 + world.network.version(monitor.number, backend, $1)
        }
        let known = ledgers[monitor.number].backends[backend]
        guard truth != known.truth || version != known.version else { return }
        ledgers[monitor.number].backends[backend].truth = truth
        ledgers[monitor.number].backends[backend].version = version
        ledgers[monitor.number].backends[backend].truthSince = now
    }

    private func watch(_ monitor: MonitorProcess) {
        for backend in ledgers[monitor.number].backends.indices { lookAt(monitor, backend) }
        let director = world.ring.directors[monitor.director]
        let isCalm =
            monitor.isRunning && director.process == .running && director.ring == .synced
            && world.ring.hop == .zero && world.mischief == 0
        watchWindows(monitor)
        guard isCalm else { return excuse(monitor.number) }
        for backend in ledgers[monitor.number].backends.indices { watchTimes(monitor, backend) }
    }
}

// MARK: - Polls

extension Referee {
    /// What was counted before counts by the new rules.
    func settingsChanged(_ monitor: MonitorProcess) {
        ledgers[monitor.number].settingsSince = now
        guard monitor.policy.deciding.rejection.account == .warning else { return }
        for backend in ledgers[monitor.number].backends.indices {
            for service in world.scenario.services.indices
            where ledgers[monitor.number].backends[backend].polls[service].isRejectedLast {
                ledgers[monitor.number].backends[backend].polls[service].failures = 0
            }
        }
    }

    func polled(_ monitor: MonitorProcess, _ backend: Int, _ service: Int, _ plan: PollPlan, within time: Duration) {
        let number = monitor.number
        let policy = monitor.policy
        world.timeline.note(2, number, backend, service, Int(time.inMilliseconds)) {
            "m\(number) polls backend \(backend) service \(service) within \(padded(time))"
        }
        var expected = policy.plan(for: world.address(backend), world.scenario.services[service])
        expected.expectedMessage = plan.expectedMessage
        require(plan == expected, .pollsAsSet, "m\(number) polls backend \(backend) otherwise than it is told to")
        require(
            time <= max(policy.patience, policy.deciding.rapidTimeout), .pollsAsSet,
            "m\(number) polls backend \(backend) for \(padded(time)) s")
        var known = ledgers[number].backends[backend]
        require(!known.polls[service].isOut, .pollsPaced, "m\(number) polls backend \(backend) twice at once")
        if !known.polls.contains(where: \.isOut) { known.roundFailed = false }
        known.polls[service].isOut = true
        known.polls[service].startedAt = now
        known.roundStartedAt = now
        ledgers[number].backends[backend] = known
    }

    func pollEnded(
        _ monitor: MonitorProcess, _ backend: Int, _ service: Int, _ failure: PollFailure?, since start: Instant
    ) {
        let number = monitor.number
        counts.polls += 1
        world.timeline.note(3, number, backend, service, failure.map { $0.kind.rawValue.utf8.count } ?? 0) {
            "m\(number): poll of backend \(backend) service \(service): \(failure?.kind.rawValue ?? "good")"
        }
        var known = ledgers[number].backends[backend]
        known.polls[service].isOut = false
        let wasRejected = known.isRejected
        switch known.meaning(failure, isLogin: world.scenario.services[service].mailProtocol != .lmtp, monitor.policy) {
        case .fault:
            known.polls[service].failures += 1
            known.polls[service].failureBegunAt = start
            known.polls[service].isRejectedLast =
                known.isRejected && failure?.phase == .login
                && (failure?.isAccountRejected == true || failure?.kind == .timeout)
            known.polls[service].failedAt = known.polls[service].failedAt ?? now
            known.polls[service].failuresInAll += 1
            if isInOutage(number, start) {
                known.polls[service].failedWithAll = true
            } else {
                known.polls[service].failuresByItself = known.polls[service].failuresInAll
            }
            known.roundFailed = true
            known.goodRounds = 0
        case .nothing:
            known.roundFailed = true
            known.goodRounds = 0
        case .warning where failure?.kind == .timeout:
            // Nobody has answered.
            known.polls[service].failures = 0
            known.polls[service].goodSince = nil
            known.roundFailed = true
            known.goodRounds = 0
        case .warning, nil:
            known.polls[service].failures = 0
            // A good poll of a rapid stage, which follows another without a pause, does not end the failing by itself.
            if start != known.polls[service].endedAt {
                known.polls[service].failedAt = nil
                known.polls[service].failuresInAll = 0
                known.polls[service].failedWithAll = false
                known.polls[service].failuresByItself = 0
            }
            known.polls[service].goodSince = start
        }
        // Of a backend that was not listed meanwhile, it says nothing.
        if !known.isKnown || start < known.knownSince { known.isRejected = wasRejected }
        known.polls[service].endedAt = now
        if known.roundFailed, let hold = known.flapHold { known.heldDownUntil = max(known.heldDownUntil, now + hold) }
        if !known.roundFailed, !known.polls.contains(where: \.isOut) { known.goodRounds += 1 }
        ledgers[number].backends[backend] = known
    }
}

extension Ledger.Backend {
    /// What a poll's end means. Once an account was rejected, a login that times out is the same.
    fileprivate mutating func meaning(
        _ failure: PollFailure?, isLogin: Bool, _ policy: Policy
    ) -> PollFailure.Meaning? {
        guard let failure else {
            if isLogin { isRejected = false }
            return nil
        }
        let isLateRejection = isRejected && failure.phase == .login && failure.kind == .timeout
        guard failure.isAccountRejected || isLateRejection else { return failure.meaning }
        isRejected = true
        return policy.deciding.rejection.account
    }
}

extension Policy {
    /// The longest that a poll of a round may take.
    var patience: Duration {
        deciding.timeoutGrows ? max(timeout, min(timeout * failuresNeeded, interval)) : timeout
    }
}
