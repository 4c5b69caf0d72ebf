internal import DirectorAdmin
internal import Probes
internal import Site

/// Idle connections that break when a backend does.
extension MonitorMachine {
    /// A poll has ended. A backend that is well has a sentinel; by opening them behind polls alone they come as spread as those
    /// do, whatever has ended all of them at once.
    mutating func keepSentinel(_ address: IPAddress, at now: Instant) -> [Action] {
        // Most monitors keep none, and this is asked behind each poll.
        if !policy.keepsSentinels, sentinels.isEmpty { return [] }
        guard let backend = backends[address] else { return endUnwantedSentinel(address) }
        let news = backend.isFailing(rules) ? sentinelFailed(backend, address) : []
        guard backend.mayHaveSentinel else { return news + endUnwantedSentinel(address) }
        guard news.isEmpty else { return news }
        if backend.hasDoneWell { sentinels.succeeded(address) }
        guard policy.sentinelPlan != nil, backend.verdict == .healthy else { return [] }
        return policy.actions(for: sentinels.wanted(address, at: now))
    }

    private mutating func sentinelFailed(_ backend: WatchedBackend, _ address: IPAddress) -> [Action] {
        let (steps, isGivenUp) = sentinels.failed(address)
        return policy.actions(for: steps)
            + (isGivenUp ? [backend.tell(.sentinelGivenUp(backend: backend.spelling))] : [])
    }

    /// One that is down has none, as it is polled to come up; nor has one that an administrator is working on.
    mutating func endUnwantedSentinel(_ address: IPAddress) -> [Action] {
        if let backend = backends[address], backend.mayHaveSentinel { return [] }
        return policy.actions(for: sentinels.unwanted(address))
    }

    /// One that breaks says that something has happened; what that is, polls have to say. A backend that is polled sparingly
    /// stays so.
    mutating func sentinelEnded(_ id: SentinelID, _ end: SentinelEnd, at now: Instant) -> [Action] {
        guard sentinels.ended(id), case .lost(let text) = end, let backend = backends[id.address] else { return [] }
        if !backend.isPaced { schedule.hasten(id.address, isUrgent: true, at: now) }
        return [backend.tell(.sentinelLost(backend: backend.spelling, text))] + startRounds(at: now)
    }

    mutating func sentinelsListed(_ count: Int) -> [Action] {
        guard policy.sentinelPlan != nil else { return [] }
        return sentinels.shortage(of: count).map { [.tell(.sentinelsShort($0))] } ?? []
    }
}

extension Policy {
    // No method of the machine: that one would hold a copy of all sentinels while the argument changes them.
    /// What becomes of a sentinel's steps.
    func actions(for steps: [Sentinels.Step]) -> [MonitorMachine.Action] {
        steps.compactMap { step in
            switch step {
            case .open(let id): sentinelPlan.map { .openSentinel(id, $0, within: timeout) }
            case .close(let id): .closeSentinel(id)
            }
        }
    }
}
