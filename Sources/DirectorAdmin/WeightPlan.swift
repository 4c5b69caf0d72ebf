internal import Site

/// The weight of one backend, as far as this monitor has a word in it: none while it only watches; from its first HOST-UPDATE
/// on until a list shows the weight that there was before, or one that an administrator has set.
struct WeightPlan: Sendable {
    /// What is asked of it.
    struct Demand {
        let order: MaintenanceOrder
        /// Whether it is down, and to go up.
        let isToRise: Bool
        /// Whether the users of one that was drained are to come back: it polls well, or it is not polled at all.
        let isBack: Bool
        /// Whether nothing speaks against more users.
        let isWell: Bool
        let slowStart: SlowStart?
    }

    private enum Record {
        case none, awaited, done
    }

    /// What there is to be written down; nil while nothing was changed.
    private(set) var memory: WeightMemory?
    private var record = Record.none
    /// When others have last changed the weight.
    private var othersChangedAt: Instant?
    /// Since when it has been listed as down; nil while it is not. Slow start stands still then.
    private var fellAt: Instant?
    /// Whether that was long ago when the backend was last to go up. What changed of late may be another monitor's slow start,
    /// and no weight to come back to.
    private var isSteady = true
    /// The latest weight that was listed by a synced ring; nil before the first.
    private var former: Int?
    /// Whether the time for the next step has come.
    private var isStepDue = false
    /// Whether the ring was in trouble since the plan began: what it had taken over may be forgotten again when it heals.
    private var isTroubled = false
    /// Since when lists have shown the whole weight, with nothing left to do; nil while they do not.
    private var completeSince: Instant?
    /// Whether people have been told what would be sent, where nothing may be.
    var isTold = false
    /// Not again before this is over.
    private(set) var pause = Pause()

    /// So often is a first step tried before the backend comes up without it: a director may not know HOST-UPDATE.
    private static let patience = 3
    /// So long may a director that was away bring back what the others have forgotten.
    private static let relapse = Duration.seconds(120)
    /// Whether the next command waits to be written down.
    var isPending: Bool { record == .awaited }

    /// Whether the first step was tried in vain, so that nothing waits for it any longer.
    var isInVain: Bool { pause.attempts >= Self.patience }

    // MARK: - What it needs

    /// The weight that is to be listed now; nil where any will do.
    func wanted(_ host: Host, _ demand: Demand) -> Int? {
        if demand.order == .drain, memory != nil || host.canBeDrained { return 0 }
        guard let memory else {
            guard demand.order == .none, demand.isToRise, isSteady, host.vhosts <= DirectorCommand.largestWeight else {
                return nil
            }
            return demand.slowStart?.first(of: host.vhosts)
        }
        guard demand.order == .none else { return nil }
        if host.state != .down, memory.isDrained || isOwnZero(host) {
            guard demand.isBack else { return nil }
            return demand.slowStart?.next(after: host.vhosts, of: memory.target) ?? memory.target
        }
        guard let rule = demand.slowStart else { return memory.target }
        // While it is down its weight does nothing: whoever puts it up then, and however, finds the right one.
        if host.state != .up { return demand.isToRise ? rule.first(of: memory.target) : memory.target }
        return isStepDue && demand.isWell ? rule.next(after: host.vhosts, of: memory.target) : nil
    }

    /// Whether this row is news when a list of a synced ring shows it, also where one of a ring that was not synced has shown
    /// the same.
    func isNew(_ row: Host) -> Bool {
        former != row.vhosts || (row.state == .up) != (fellAt == nil)
    }

    /// Whether a weight of 0 is this monitor's own work, and no administrator's word.
    func isOwnZero(_ host: Host) -> Bool { host.vhosts == 0 && memory?.ours.contains(0) == true }

    /// When the next step is to be taken; nil when none is, or it is due already.
    func nextStep(_ rule: SlowStart?) -> Instant? {
        guard let memory, !memory.isDrained, !isStepDue, let rule, let steppedAt = memory.steppedAt else { return nil }
        return steppedAt + rule.pause(of: memory.target)
    }

    /// Whether this command is written down, and may be sent.
    func isRecorded(_ vhosts: Int) -> Bool { record == .done && memory?.asked == vhosts }

    // MARK: - What happens

    /// The backend is to go up.
    mutating func rises(_ rule: SlowStart?, at now: Instant) {
        isTold = false
        isSteady = othersChangedAt.map { (fellAt ?? now) - $0 >= rule?.duration ?? .zero } ?? true
    }

    mutating func stepIsDue() { isStepDue = true }

    mutating func orderChanged() { isTold = false }

    /// A command is about to be sent.
    mutating func decided(_ vhosts: Int, _ host: Host, _ order: MaintenanceOrder) {
        var next = memory ?? WeightMemory(target: host.vhosts, ours: [host.vhosts])
        if memory == nil { isTroubled = false }
        if order == .drain {
            next.isDrained = true
        } else if vhosts != next.target {
            next.isDrained = false
        }
        next.asked = vhosts
        next.ours = Array((next.ours.filter { $0 != vhosts } + [vhosts]).suffix(WeightMemory.mostOurs))
        memory = next
        record = .awaited
    }

    /// That was written down, or could not be.
    mutating func recorded() {
        if record == .awaited { record = .done }
    }

    /// What an earlier run has left, or this one before the backend was not listed for a while.
    mutating func restore(_ memory: WeightMemory) {
        self.memory = memory
        record = .none
    }

    /// The director was restarted, or its word on a HOST-UPDATE is missing.
    mutating func ringIsInTrouble() { isTroubled = true }

    /// HOST-UPDATE has had no effect.
    mutating func hadNoEffect(at now: Instant, _ manners: Reconciliation.Manners) {
        isTroubled = true
        pause.grow(at: now, manners)
    }

    /// A list shows what HOST-UPDATE has asked for; gives what is to be told.
    mutating func tookEffect(_ reply: CommandReply, _ host: Host, isSettled: Bool, at now: Instant) -> WeightNews? {
        guard var memory, memory.asked == host.vhosts else { return nil }
        // This change is nobody else's.
        former = host.vhosts
        pause.over()
        isStepDue = false
        if reply != .ok { isTroubled = true }
        if !isTroubled { memory.ours = [host.vhosts] }
        if memory.steppedAt != nil { memory.steppedAt = now }
        self.memory = memory
        guard host.vhosts == memory.target else { return .set(target: memory.target) }
        // A ring that is not synced may forget it again: the next good list has the last word.
        guard isSettled else { return nil }
        forget()
        return .restored(wasDrained: memory.isDrained)
    }

    /// Takes in a row; gives what is to be told. `isAsking`: HOST-UPDATE is out, or may be held.
    mutating func listed(
        _ row: Host, isSettled: Bool, isAsking: Bool, _ order: MaintenanceOrder, at now: Instant
    ) -> WeightNews? {
        guard isSettled else {
            isTroubled = true
            completeSince = nil
            return nil
        }
        defer { former = row.vhosts }
        if row.state != .up { isStepDue = false }
        countTimeUp(row, at: now)
        guard var memory else {
            // No slow start gives more to one that is down.
            if let former, row.vhosts < former || (row.vhosts != former && row.state == .up) { othersChanged(at: now) }
            return nil
        }
        memory.steppedAt = row.state == .up ? memory.steppedAt ?? now : nil
        self.memory = memory
        // Where a command of one's own is out, it is not over yet.
        if isAsking { return nil }
        let isOthers = !memory.ours.contains(row.vhosts)
        let isWhole = row.vhosts == memory.target && !memory.isDrained
        if isOthers, !isWhole || !isTroubled {
            othersChanged(at: now)
            forget()
            return isWhole ? .restored(wasDrained: false) : .left(target: memory.target, wasDrained: memory.isDrained)
        }
        guard row.vhosts == memory.target, isOthers || isOver(memory, row, order) else {
            completeSince = nil
            return nil
        }
        let since = completeSince ?? now
        completeSince = since
        if isTroubled, now - since < Self.relapse { return nil }
        forget()
        return isOthers || memory.asked == memory.target ? .restored(wasDrained: memory.isDrained) : nil
    }

    /// Whether its whole weight, which is listed, is all that there was to do. A first step that was tried in vain is none.
    private func isOver(_ memory: WeightMemory, _ row: Host, _ order: MaintenanceOrder) -> Bool {
        memory.isDrained ? order != .drain : order != .drain && (row.state == .up || memory.asked == memory.target)
    }

    private mutating func countTimeUp(_ row: Host, at now: Instant) {
        if row.state != .up {
            fellAt = fellAt ?? now
        } else if let since = fellAt {
            othersChangedAt = othersChangedAt.map { $0 + (now - since) }
            fellAt = nil
        }
    }

    private mutating func othersChanged(at now: Instant) {
        othersChangedAt = now
        if fellAt != nil { fellAt = now }
        isSteady = false
    }

    private mutating func forget() {
        memory = nil
        record = .none
        isStepDue = false
        isTold = false
        completeSince = nil
        pause.over()
    }
}

/// What has become of a backend's weight, for people.
package enum WeightNews: Hashable, Sendable {
    /// It is what this monitor has asked for, on its way to the target, or away from it.
    case set(target: Int)
    /// It is what it was before.
    case restored(wasDrained: Bool)
    /// Others have set another one: it is left to them, and not brought to the target.
    case left(target: Int, wasDrained: Bool)
}

extension Host {
    /// Whether its weight can be set to 0, and back.
    var canBeDrained: Bool { (1...DirectorCommand.largestWeight).contains(vhosts) }
}
