internal import DirectorAdmin
package import Site

// MARK: - What is asked

extension MonitorMachine {
    /// Why a backend is left alone; nil when it is not.
    package func maintenance(of address: IPAddress) -> MaintenanceKind? {
        if let window = windows[address] { return .ordered(window, isKept: policy.keepsState) }
        return backends[address]?.isOutByWeight == true ? .weight : nil
    }

    /// The windows that go on, sorted by address; also those of backends that are not listed any more.
    package var maintenances: [(address: IPAddress, maintenance: Maintenance)] {
        windows.all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// How far a backend has come that gets its users step by step; nil when none does, or it has come back already.
    package func slowStart(of address: IPAddress) -> SlowStartStatus? {
        reconciliation.slowStart(of: address).map { SlowStartStatus(vhosts: $0.vhosts, target: $0.target) }
    }

    /// Whether this monitor has still something to do with a backend's weight: until a list shows it as it is to be.
    package func hasWeightPlan(for address: IPAddress) -> Bool { reconciliation.hasWeightPlan(for: address) }

    /// Why this window cannot begin; nil when it can.
    package func objection(
        to window: Maintenance, for address: IPAddress, at now: Instant
    ) -> MaintenanceRefusal? {
        guard backends[address] != nil else { return .notListed(address) }
        // By the order's own beginning: a microsecond later, the shortest one is too short.
        let length = window.until - window.since
        guard Maintenance.lengths.contains(length), window.until > now else { return .length(length) }
        if window.drains, !policy.hasStateFile, !policy.isDryRun { return .unkept(address) }
        guard window.drains, let vhosts = reconciliation.undrainableWeight(of: address) else { return nil }
        return .undrainable(address, vhosts: vhosts)
    }

    /// Why no window of this backend can be ended; nil when there is one.
    package func objection(toEndOf address: IPAddress) -> MaintenanceRefusal? {
        windows[address] == nil
            ? .notUnderMaintenance(address, vhosts: backends[address]?.isOutByWeight == true ? 0 : nil) : nil
    }
}

// MARK: - What happens

extension MonitorMachine {
    /// A window of the same backend that goes on is extended.
    mutating func maintenanceStarted(_ window: Maintenance, _ address: IPAddress, at now: Instant) -> [Action] {
        guard objection(to: window, for: address, at: now) == nil, let backend = backends[address] else { return [] }
        let former = windows[address]
        let window = window.extending(former)
        windows.begin(window, for: address)
        records.changed()
        backends[address]?.isOrderedOut = true
        let told = MonitorEvent.maintenanceStarted(
            backend: backend.spelling, window, until: unixTime(window.until), isExtended: former != nil)
        return [.tell(told)] + follow(reconciliation.ordered(window.order, for: address, at: now), at: now)
            + endUnwantedSentinel(address)
    }

    /// `who` has ended it before its time; nil when that has come.
    mutating func maintenanceEnded(_ address: IPAddress, by who: String?, at now: Instant) -> [Action] {
        guard let window = windows.end(address) else { return [] }
        records.changed()
        let spelling = backends[address]?.spelling ?? address.description
        let told = MonitorEvent.maintenanceEnded(
            backend: spelling, window, by: who.map { printable($0, limit: Maintenance.whoLimit) })
        guard backends[address] != nil else {
            return [.tell(told)] + follow(reconciliation.ordered(.none, for: address, at: now), at: now)
        }
        backends[address]?.isOrderedOut = false
        lookAnew(address, at: now)
        let doubts = conclude(address, at: now)
        return [.tell(told)] + doubts + follow(reconciliation.ordered(.none, for: address, at: now), at: now)
            + endUnwantedSentinel(address) + startRounds(at: now)
    }

    /// Ends those whose time has come, also while nobody was there to see it.
    mutating func endMaintenances(at now: Instant) -> [Action] {
        windows.over(at: now).flatMap { maintenanceEnded($0, by: nil, at: now) }
    }

    /// A weight of 0 that is left of a drain is nobody's order.
    mutating func noteWeight(of address: IPAddress) {
        backends[address]?.isOutByWeight = reconciliation.isOutByWeight(address)
    }

    /// An administrator has brought back what was drained: that outlives a restart, as the window does.
    mutating func drainIsOver(_ address: IPAddress) {
        guard let window = windows[address], window.drains else { return }
        windows.begin(window.undrained, for: address)
        records.changed()
    }

    private func unixTime(_ time: Instant) -> Int { unixOrigin &+ Int(time.nanoseconds / 1_000_000_000) }
}

extension Maintenance {
    /// What follows for the director.
    var order: MaintenanceOrder { drains ? .drain : .handsOff }
}
