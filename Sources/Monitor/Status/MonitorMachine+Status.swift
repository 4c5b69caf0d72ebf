package import DirectorAdmin
internal import Health
package import Site

// How everything stands now, for people who ask.
extension MonitorMachine {
    /// The backends as last listed.
    package var hosts: [Host] { reconciliation.listedHosts }

    /// The ring's state as last read; nil when it is not known.
    package var ring: RingState? { reconciliation.ring }

    /// Why the director could not be read the last time; nil when it could.
    package var directorFailure: DirectorFailure? { reconciliation.directorFailure }

    /// The pools in which the pool guard withholds HOST-DOWNs.
    package var withheldPools: [WithheldPool] { reconciliation.withheldPools }

    /// How one backend stands; nil when it is not listed.
    package func status(of address: IPAddress, at now: Instant) -> BackendStatus? {
        guard let host = reconciliation.host(address), let backend = backends[address] else { return nil }
        let isOwnDown = reconciliation.isOwnDown(address)
        let worst = backend.health.worst
        // What it was taken down for is told until it is up again, although it may poll well meanwhile.
        let reason = backend.fault.map { ($0.service, $0.streak) } ?? worst.map { ($0.service, $0.streak) }
        let isHeld = host.state == .down && backend.verdict == .healthy && !backend.isInMaintenance
        return BackendStatus(
            host: host, isHealthy: backend.verdict.isHealthy, failures: worst?.streak.count ?? 0,
            reason: reason.map { .init(service: $0.0, failure: $0.1.latest) }, needed: policy.failuresNeeded,
            isGuarded: reconciliation.isGuarded(address), downDelay: reconciliation.downDelay(of: address, at: now),
            hold: isHeld
                ? backend.raising.hold(
                    isOwn: isOwnDown, goodSince: backend.health.goodRun?.since, policy.deciding.raising, at: now) : nil,
            maintenance: maintenance(of: address), slowStart: slowStart(of: address), isOwnDown: isOwnDown,
            nextPoll: schedule.nextStart(of: address))
    }

    /// What a bar of its states shows of this moment.
    package func condition(of address: IPAddress) -> BackendCondition {
        guard let backend = backends[address] else { return .unknown }
        if backend.isInMaintenance { return .maintenance }
        if backend.listed == .down { return .down }
        if backend.verdict == .healthy { return .up }
        return backend.health.worst == nil ? .unknown : .failing
    }

    /// The last failed polls of a backend, the oldest first.
    package func failedPolls(of address: IPAddress) -> [FailedPoll] { backends[address]?.failedPolls.polls ?? [] }
}

extension BackendHealth.Verdict {
    fileprivate var isHealthy: Bool? {
        switch self {
        case .healthy: true
        case .faulty: false
        case .undecided: nil
        }
    }
}
