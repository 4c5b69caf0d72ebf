internal import DirectorAdmin
internal import Health
internal import Probes
internal import Site

/// One backend as the monitor sees it: what the director lists, what its polls show, and what follows.
struct WatchedBackend: Sendable {
    /// The address as the director spells it.
    let spelling: String
    var listed: HostState?
    /// Whether an administrator has set its weight to 0.
    var isOutByWeight: Bool
    /// Whether a maintenance window goes on.
    var isOrderedOut: Bool
    /// Polls of a backend that was dropped meanwhile bear another number.
    private(set) var round = 0
    private(set) var order = RoundOrder([])
    private(set) var health = BackendHealth()
    private(set) var verdict = BackendHealth.Verdict.undecided
    /// What was last wrong with it: kept until it is well and up again, to say what is over.
    private(set) var fault: (service: Service, streak: BackendHealth.Streak)?
    private(set) var recentRounds = RecentRounds()
    private(set) var failedPolls = FailedPolls()
    /// When it may go up again.
    var raising: Raising
    private var account: AccountStanding
    /// The services whose latest poll ended with the account rejected.
    private var rejecting: Set<Service> = []
    /// What the latest polls noticed beside failures: it is told when it is new.
    private var warned: [Service: Set<PollWarning.Kind>] = [:]
    /// Whether it has gone down while nobody watched it: what that means is known once its polls have shown something.
    private var wentDownUnseen: Bool
    /// For what it was last told to be left down; nil when it was not, or has come up since.
    private var toldHold: Raising.Hold?
    private var isRoundGoingOn = false
    private var roundStart = Instant.origin
    private var isPolled = true
    /// Where the failures that were counted were of before that: another poll that is started from then on has to fail.
    private var doubtedAt: Instant?

    init(_ host: Host, raising: Raising, isOrderedOut: Bool = false, rejectsAccount: Bool = false) {
        spelling = host.spelling
        listed = host.state
        isOutByWeight = host.isInMaintenance
        self.isOrderedOut = isOrderedOut
        self.raising = raising
        account = AccountStanding(isRejected: rejectsAccount)
        wentDownUnseen = host.state == .down && raising.upAt != nil
    }

    /// Whether it is nobody's alarm, and not to be touched.
    var isInMaintenance: Bool { isOutByWeight || isOrderedOut }

    /// Whether it has rejected the test account, and no login has succeeded since.
    var rejectsAccount: Bool { account.isRejected }

    /// What the pool guard has to know of its polls.
    func evidence(_ rules: BackendHealth.Rules) -> PollEvidence {
        PollEvidence(
            goodRounds: health.goodRun?.latest ?? [],
            failing: health.failing(rules).map {
                .init(
                    since: $0.since, asOf: $0.latestRound, startedAt: $0.latestPoll,
                    isDecisive: health.isNearlyFaulty(rules))
            },
            askedAt: isRoundGoingOn ? roundStart : nil, isPolled: isPolled, keepsItsTurn: isPaced)
    }

    /// Whether it is polled every interval at most, whatever else would have it polled sooner: Dovecot answers a wrong
    /// password later with each try. Where a poll does not come as far as the login, there is nothing to be sparing of.
    var isPaced: Bool { !rejecting.isEmpty }
}

// MARK: - Sentinels

extension WatchedBackend {
    /// Whether it may have an idle connection that tells when it breaks.
    var mayHaveSentinel: Bool { isPolled && listed != .down && !isInMaintenance && verdict != .faulty }

    /// Whether its latest polls failed.
    func isFailing(_ rules: BackendHealth.Rules) -> Bool { health.failing(rules) != nil }

    /// Whether its latest round is over, and was good.
    var hasDoneWell: Bool { !isRoundGoingOn && verdict == .healthy }
}

// MARK: - Rounds

extension WatchedBackend {
    /// A round is started; gives the polls to begin with.
    mutating func roundStarted(
        _ number: Int, _ plans: [PollPlan], at now: Instant, of address: IPAddress, _ rules: BackendHealth.Rules
    ) -> [MonitorMachine.Action] {
        round = number
        isRoundGoingOn = true
        roundStart = now
        isPolled = true
        order = RoundOrder(plans)
        rejecting.formIntersection(plans.map(\.service))
        health.roundStarted(plans.map(\.service), at: now)
        recentRounds.roundStarted()
        return order.first.map { poll(order.plan($0), of: address, rules) }
    }

    private func poll(
        _ plan: PollPlan, of address: IPAddress, _ rules: BackendHealth.Rules
    ) -> MonitorMachine.Action {
        .poll(
            MonitorMachine.PollID(address: address, service: plan.service, round: round), plan,
            within: health.timeout(plan.service, rules))
    }

    /// A round is passed over: what earlier polls showed, with an account that is gone, says nothing any more.
    mutating func leftAlone() {
        isPolled = false
        isRoundGoingOn = false
        rejecting = []
        health = BackendHealth()
        verdict = .undecided
    }

    /// What follows the end of a poll.
    struct PollEnd {
        /// What people are told of it, and behind that the rapid poll that it asks for.
        var actions: [MonitorMachine.Action] = []
        /// The polls of its round that it allows.
        var further: [MonitorMachine.Action] = []
        /// Whether the backend has become faulty by it.
        var isFaultNew = false
        /// Where its round is over, when the next one is to come: soon, or not before its turn.
        var pause: (isShort: Bool, isPaced: Bool)?
    }

    /// A poll has ended, of a service that may not be polled any more; nil for one of another round.
    mutating func pollEnded(
        _ id: MonitorMachine.PollID, _ report: PollReport, _ policy: Policy, _ rules: BackendHealth.Rules,
        _ troubles: inout ToldTroubles, at now: Instant
    ) -> PollEnd? {
        guard round == id.round else { return nil }
        var end = PollEnd()
        var isRapid = false
        if policy.services.contains(id.service) {
            let (outcome, judged) = take(report, of: id.service, policy.deciding, rules, at: now)
            isRapid = outcome.stage != nil
            end.actions = told(of: id, judged, outcome, needed: policy.failuresNeeded, &troubles, at: now).map(tell)
            // By itself: what others of the round have delivered is no concern of a rapid poll.
            if outcome.pollsAgain {
                let plan = policy.plan(for: id.address, id.service)
                end.actions.append(.poll(id, plan, within: policy.deciding.rapidTimeout))
            }
        } else {
            // It ends its round, but says nothing any more.
            health.serviceDropped(id.service, at: now)
        }
        if !isRapid, let place = order.place(of: id.service) {
            end.further = order.ended(place, report).map { poll(order.plan($0), of: id.address, rules) }
        }
        end.isFaultNew = judge(rules, policy.deciding.raising, at: now)
        if health.roundIsOver { end.pause = (isShort: health.awaitsRetry(rules) && !isPaced, isPaced: isPaced) }
        return end
    }

    /// Takes a poll's end in; gives what it means, and the report with its failure as it is to be taken.
    private mutating func take(
        _ report: PollReport, of service: Service, _ deciding: Deciding, _ rules: BackendHealth.Rules, at now: Instant
    ) -> (outcome: BackendHealth.Outcome, report: PollReport) {
        var report = report
        report.failure = account.judge(report, deciding.rejection)
        if report.failure?.isAccountRejected == true {
            rejecting.insert(service)
        } else if report.failure?.meaning != .nothing {
            rejecting.remove(service)
        }
        recentRounds.pollEnded(report)
        failedPolls.pollEnded(service, report, at: now)
        let outcome = health.pollEnded(service, report.failure, took: report.duration, rules, at: now)
        let isFault = report.failure?.meaning == .fault
        if isFault, let doubt = doubtedAt, now >= doubt + report.duration,
            health.faultyServices(rules).contains(where: { $0.service == service })
        {
            doubtedAt = nil
        }
        return (outcome, report)
    }

    /// What was seen was before `time`, since when nothing could be seen.
    mutating func doubted(since time: Instant, at now: Instant) {
        doubtedAt = now
        health.isBlind(since: time)
    }

    /// Draws the conclusions; gives whether the backend has become faulty by it.
    private mutating func judge(_ rules: BackendHealth.Rules, _ raisingRules: Raising.Rules, at now: Instant) -> Bool {
        if health.roundIsOver, isRoundGoingOn {
            recentRounds.roundEnded()
            isRoundGoingOn = false
        }
        let former = verdict
        verdict = health.verdict(rules)
        guard verdict == .faulty, let worst = health.faultyServices(rules).first else { return false }
        fault = worst
        raising.failedHere(raisingRules, at: now)
        return former != .faulty
    }

    /// What has not taken it down, and is over, is not why it goes down later.
    mutating func faultMayBeOver() {
        if verdict == .healthy, listed == .up { fault = nil }
    }

    /// Other services are polled from now on.
    mutating func servicesChanged(_ services: [Service]) { health.servicesChanged(to: services) }

    /// What was seen is judged by other rules; gives whether the backend has become faulty by it.
    mutating func judgeAnew(_ deciding: Deciding, _ rules: BackendHealth.Rules, at now: Instant) -> Bool {
        health.meaningsChanged(deciding.rejection.meaning)
        let isNews = judge(rules, deciding.raising, at: now)
        // That it was to go down is not told by anything.
        if verdict != .faulty, listed == .up { fault = nil }
        return isNews
    }

    /// The warnings of a poll that are new.
    mutating func news(_ service: Service, _ report: PollReport) -> [PollWarning] {
        let news = report.warnings.filter { warned[service]?.contains($0.kind) != true }
        // A poll that failed may not have come so far as to notice anything.
        if report.succeeded { warned[service] = Set(report.warnings.map(\.kind)) }
        return news
    }
}

// MARK: - What is wanted

extension WatchedBackend {
    /// The switch's state that the verdict asks for; nil when it cannot say, or has to wait. Where several good rounds are
    /// needed, a backend that is listed up is left alone until then, as one that nothing is known of.
    mutating func wanted(
        _ deciding: Deciding, isOwnDown: Bool, at now: Instant
    ) -> (state: HostState?, left: Raising.Hold?) {
        if wentDownUnseen, verdict != .undecided {
            wentDownUnseen = false
            // What holds it is told below.
            _ = raising.wentDown(
                byOthers: !isOwnDown, here: verdict, deciding.raising, at: now)
        }
        switch verdict {
        case .undecided: return (nil, nil)
        case .faulty: return (doubtedAt == nil ? .down : nil, nil)
        case .healthy:
            guard health.goodRounds >= deciding.goodRoundsNeeded else { return (nil, nil) }
            guard listed == .down else {
                toldHold = nil
                return (.up, nil)
            }
            // What holds it is looked at when the administrator is done.
            guard !isInMaintenance else { return (nil, nil) }
            let hold = raising.hold(isOwn: isOwnDown, goodSince: health.goodRun?.since, deciding.raising, at: now)
            guard let hold else { return (.up, nil) }
            // Behind a quarrel there may be flapping, for longer than was told.
            let isNews = toldHold.map { !hold.isOfTheKind(of: $0) } ?? true
            toldHold = hold
            return (nil, isNews ? hold : nil)
        }
    }

    /// The director lists another state than before; gives what holds the backend from now on, where that is news.
    mutating func stateChanged(to state: HostState?, byOthers: Bool, _ rules: Raising.Rules, at now: Instant)
        -> Raising.Hold?
    {
        // What others do while a person has it in hand is that person's work, and no quarrel.
        let here = isOrderedOut ? .faulty : verdict
        listed = state
        wentDownUnseen = false
        switch state {
        case .up:
            // Others may raise a backend that is still faulty: the reason is needed again.
            if verdict != .faulty { fault = nil }
            // They may have mended it, too.
            if byOthers { doubtedAt = now }
            raising.wentUp(byOthers: byOthers, at: now)
            toldHold = nil
            return nil
        case .down:
            let hold = raising.wentDown(byOthers: byOthers, here: here, rules, at: now)
            if byOthers { health.successIsPast() }
            toldHold = hold
            return hold
        case nil: return nil
        }
    }
}
