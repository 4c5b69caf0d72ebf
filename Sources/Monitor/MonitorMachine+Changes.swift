internal import DirectorAdmin
internal import Health
internal import Probes
internal import Site

/// Other settings, another director, or what another run has left.
extension MonitorMachine {
    mutating func change(to policy: Policy, at now: Instant) -> [Action] {
        let isSame = self.policy.services == policy.services
        let areElsewhere = self.policy.sentinelPlan != policy.sentinelPlan
        self.policy = policy
        let farewells = policy.actions(
            for: (areElsewhere ? sentinels.clear() : [])
                + sentinels.change(limit: policy.sentinelLimit, pause: policy.interval))
        rules = policy.rules
        reconciliation.manners = policy.manners
        schedule.setInterval(policy.interval, at: now)
        // It may be another file.
        records.changed()
        let verdicts = judgeAnew(areOthersPolled: !isSame, at: now)
        return farewells + [.tell(.settingsChanged)] + verdicts + startRounds(at: now)
    }

    /// What the former settings wanted must not go out under these. Where other services are polled, what went wrong elsewhere
    /// is forgotten, and only a round of all that is polled now shows that a backend is healthy.
    private mutating func judgeAnew(areOthersPolled: Bool, at now: Instant) -> [Action] {
        var news: [Action] = []
        for address in backends.keys.sorted() {
            if areOthersPolled { backends[address]?.servicesChanged(policy.services) }
            let isNews = backends[address]?.judgeAnew(policy.deciding, rules, at: now) == true
            if isNews, let backend = backends[address] { news += tellFault(backend, at: now) }
        }
        return news + concludeAll(at: now)
    }

    /// Another ring's backends may have the same addresses: what was done over there was not done here.
    mutating func directorChanged(isOther: Bool, at now: Instant) -> [Action] {
        let steps = reconciliation.directorChanged(isOther: isOther)
        guard isOther else { return [] }
        for address in backends.keys { noteWeight(of: address) }
        return follow(steps, at: now) + concludeAll(at: now)
    }

    /// Another run has written this down, and has ended: what is not known here, and holds backends down, is taken over.
    mutating func stateFound(_ found: MonitorState, at now: Instant) -> [Action] {
        for (address, memory) in found.raising {
            if backends[address] == nil, raising[address] == nil {
                raising[address] = memory
            } else {
                backends[address]?.raising.takeHolds(of: memory)
                keepRaising(of: address)
            }
        }
        rejections.formUnion(found.rejections.filter { backends[$0] == nil })
        for address in found.remembered where backends[address] == nil {
            absences.began(address, at: found.absences[address] ?? now)
        }
        records.changed()
        let steps = reconciliation.found(found.intents, found.weights)
        for address in found.weights.keys { noteWeight(of: address) }
        return follow(steps, at: now) + windowsFound(found, at: now)
    }

    private mutating func windowsFound(_ found: MonitorState, at now: Instant) -> [Action] {
        let goOn = found.windows.filter { windows[$0.key] == nil && now < $0.value.until }
        return goOn.sorted { $0.key < $1.key }.flatMap { address, window in
            windows.begin(window, for: address)
            backends[address]?.isOrderedOut = true
            return follow(reconciliation.ordered(window.order, for: address, at: now), at: now)
                + endUnwantedSentinel(address)
        }
    }

    /// How a poll that had to wait is to be made now; nil where nobody waits for it any more.
    func plan(of id: PollID, asked plan: PollPlan) -> PollPlan? {
        guard backends[id.address]?.round == id.round else { return nil }
        var current = policy.plan(for: id.address, id.service)
        current.expectedMessage = plan.expectedMessage
        return current
    }
}
