internal import OrderedCollections
internal import Site

/// The backends of one tag, as the pool guard sees them.
struct GuardedPool: Sendable {
    /// Those that are not under maintenance: what a percentage is of.
    private var members: Set<IPAddress> = []
    /// Those of them that are listed up, with no HOST-DOWN under way.
    private var serving: [IPAddress: PollEvidence] = [:]
    /// Those that are to be taken down, with when they began to fail; the first to fail comes first.
    private var candidates: OrderedDictionary<IPAddress, Instant> = [:]
    /// Those for which polls have been asked for that have not been started yet.
    private var asked: Set<IPAddress> = []
    /// So many of the candidates may go down: the first ones.
    private var releasedCount = 0
    private var alert: Alert?
    /// Whether something has changed that the decision rests on.
    var isStale = false

    private struct Alert: Sendable {
        let since: Instant
        /// When it was last told of all that are withheld.
        var remindedAt: Instant
        /// When it was last told of anything.
        var toldAt: Instant
        /// The backends that it was told of.
        var told: Set<IPAddress> = []
    }

    /// Backends that join those that are withheld are told of together.
    private static let pause = Duration.seconds(1)

    /// The candidates that may go down, the first to fail first.
    var released: ArraySlice<IPAddress> { candidates.keys.elements[..<releasedCount] }
    var isWithholding: Bool { releasedCount < candidates.count }
    /// Whether nothing is to be decided or told.
    var isIdle: Bool { candidates.isEmpty && alert == nil }
    var isEmpty: Bool { members.isEmpty && serving.isEmpty && isIdle }

    /// When it is to be decided anew, or somebody is to be told or reminded.
    func nextTelling(_ manners: Reconciliation.Manners) -> Instant {
        if isStale, !candidates.isEmpty { return .origin }
        guard let alert else { return .distantFuture }
        let reminder = alert.remindedAt + manners.reminder
        return withheld.allSatisfy(alert.told.contains) ? reminder : min(reminder, alert.toldAt + Self.pause)
    }

    private var withheld: ArraySlice<IPAddress> { candidates.keys.elements[releasedCount...] }
}

// MARK: - Who is in it

extension GuardedPool {
    mutating func update(_ address: IPAddress, _ record: HostRecord, isCandidate: Bool) {
        let size = members.count
        if record.host.isInMaintenance { members.remove(address) } else { members.insert(address) }
        let evidence = record.isServing ? record.evidence : nil
        let former = serving.updateValue(evidence ?? PollEvidence(), forKey: address)
        if evidence == nil { serving[address] = nil }
        // That polls have begun decides nothing yet.
        if former != evidence, !(evidence?.hasOnlyBegun(since: former) ?? false) { isStale = true }
        if size != members.count { isStale = true }
        if record.evidence.askedAt != nil { asked.remove(address) }
        if isCandidate {
            add(address, failingSince: record.evidence.failingSince ?? record.wantedSince)
        } else {
            removeCandidate(address)
        }
    }

    mutating func remove(_ address: IPAddress) {
        members.remove(address)
        serving[address] = nil
        asked.remove(address)
        removeCandidate(address)
        isStale = true
    }

    private mutating func removeCandidate(_ address: IPAddress) {
        guard let index = candidates.index(forKey: address) else { return }
        candidates.remove(at: index)
        if index < releasedCount { releasedCount -= 1 } else { isStale = true }
    }

    /// A new candidate; nothing new when it is one already.
    private mutating func add(_ address: IPAddress, failingSince since: Instant) {
        guard candidates[address] == nil else { return }
        // Nearly always at the end: backends become candidates in the order in which they began to fail.
        var index = candidates.count
        while index > 0, candidates.values[index - 1] > since { index -= 1 }
        candidates.updateValue(since, forKey: address, insertingAt: index)
        releasedCount = min(releasedCount, index)
        isStale = true
    }
}

// MARK: - Who may go

extension GuardedPool {
    /// Decides anew who may go down; gives the backends that are to be polled at once, for too few have been polled since
    /// the first one that is withheld began to fail.
    mutating func decide(_ rule: MinHealthy) -> [IPAddress] {
        isStale = false
        let needed = rule.needed(of: members.count)
        releasedCount = needed == 0 ? candidates.count : mostReleased(needed: needed)
        return isWithholding ? lookFurther(after: candidates.values[releasedCount], needed: needed) : []
    }

    /// How many may go. Those that began to fail later need later evidence, so that they can be searched by halves.
    private func mostReleased(needed: Int) -> Int {
        var (low, high) = (0, candidates.count)
        while low < high {
            let middle = (low + high) / 2
            let isEnough = count(healthyAfter: candidates.values[middle], upTo: needed) == needed
            if isEnough { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func count(healthyAfter time: Instant, upTo limit: Int) -> Int {
        var count = 0
        for evidence in serving.values where evidence.isHealthy(after: time) {
            count += 1
            if count == limit { break }
        }
        return count
    }

    /// A few more than are missing, as some may not answer; none where all of them would not be enough.
    private mutating func lookFurther(after time: Instant, needed: Int) -> [IPAddress] {
        var expected = 0
        var stale: [IPAddress] = []
        for (address, evidence) in serving where evidence.isHopeful {
            let isAwaited = asked.contains(address) || evidence.askedAt != nil
            if isAwaited || evidence.isHealthy(after: time) { expected += 1 } else { stale.append(address) }
        }
        let missing = needed - expected
        guard missing > 0, missing <= stale.count else { return [] }
        let chosen = stale.sorted().prefix(2 * missing + 2)
        asked.formUnion(chosen)
        return Array(chosen)
    }

    /// How many backends are healthy, or may turn out to be.
    private var hopeful: Int { serving.values.count(where: \.isHopeful) }
}

// MARK: - What is told

extension GuardedPool {
    /// Tells of those that are withheld once it is certain: while polls are awaited that may release them, it is not.
    mutating func tell(
        _ tag: String, at now: Instant, _ manners: Reconciliation.Manners, host: (IPAddress) -> Host?
    ) -> DirectorEvent? {
        guard isWithholding else {
            defer { alert = nil }
            return alert.map { .guardReleased(tag: tag, after: now - $0.since) }
        }
        let needed = manners.minHealthy.needed(of: members.count)
        guard alert != nil || hopeful < needed, now >= (alert == nil ? now : nextTelling(manners)) else { return nil }
        var alert = alert ?? Alert(since: now, remindedAt: now, toldAt: now)
        let isReminder = now >= alert.remindedAt + manners.reminder
        let news = isReminder ? Array(withheld) : withheld.filter { !alert.told.contains($0) }
        if isReminder { alert.remindedAt = now }
        alert.toldAt = now
        alert.told = Set(withheld)
        self.alert = alert
        return .guardWithholds(
            GuardedDowns(
                tag: tag, hosts: news.prefix(10).compactMap(host), count: withheld.count,
                healthy: count(healthyAfter: candidates.values[releasedCount], upTo: .max), needed: needed,
                pool: members.count, lasting: now - alert.since))
    }
}
