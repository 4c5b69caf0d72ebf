internal import OrderedCollections
internal import Site

/// The backends of one tag, as the pool guard sees them.
struct GuardedPool: Sendable {
    /// Those that are not under maintenance: what a percentage is of.
    private var members: Set<IPAddress> = []
    /// Those of them that are listed up, with no HOST-DOWN under way.
    private var serving: [IPAddress: PollEvidence] = [:]
    /// Those that are to be taken down; the first that began to fail comes first.
    private var candidates: OrderedDictionary<IPAddress, PollEvidence.Failing> = [:]
    /// When polls were last asked for, out of turn.
    private var asked: [IPAddress: Instant] = [:]
    /// The candidates that may go down, where it is not all of them.
    private var released: OrderedSet<IPAddress> = []
    private var releasesAll = true
    private var alert: Alert?
    /// Whether something has changed that the decision rests on.
    private(set) var isStale = true
    /// Whether that may forbid what was allowed: fewer are known to be healthy, or more may be needed.
    private var isInDoubt = true
    private var decidedAt = Instant.origin
    /// Since when something has been withheld.
    private var withheldSince: Instant?
    /// Whether backends are withheld of which nobody was told: known, as with each event somebody asks when to tell.
    private var hasUntold = false

    private struct Alert: Sendable {
        let since: Instant
        /// When it was last told of all that are withheld.
        var remindedAt: Instant
        /// When it was last told of anything.
        var toldAt: Instant
        /// The backends that were named.
        var named: Set<IPAddress> = []
        /// How many names were told since the last reminder, or the beginning.
        var names = 0

        /// Whether some of those that are withheld are still to be named.
        func hasUntold(_ withheld: [IPAddress]) -> Bool {
            names < GuardedPool.mostNames && !withheld.allSatisfy(named.contains)
        }
    }

    /// So many names are in a line that a log daemon cuts at 1,024 bytes.
    private static let namesInALine = 15
    /// The names of thousands are not worth the lines.
    private static let mostNames = 300

    /// Backends that join those that are withheld are told of together.
    private static let pause = Duration.seconds(1)
    /// A pool of more backends is looked at less often: each look goes through all of them.
    private static let crowd = 64
    private static let crowdPause = Duration.milliseconds(50)

    /// Where more than so many have to be healthy, none is polled for a backend that has failed once.
    private static let few = 4

    /// The candidates that may go down, the first that began to fail first.
    var permitted: ArraySlice<IPAddress> {
        isInDoubt ? [] : (releasesAll ? candidates.keys : released).elements[...]
    }
    var isWithholding: Bool { !releasesAll && released.count < candidates.count }
    /// Whether nothing is to be decided or told.
    var isIdle: Bool { candidates.isEmpty && alert == nil }
    var isEmpty: Bool { members.isEmpty && serving.isEmpty && isIdle }

    /// When it is to be decided anew, or somebody is to be told or reminded.
    func nextTelling(_ manners: Reconciliation.Manners) -> Instant {
        if isStale, !candidates.isEmpty { return nextDecision }
        guard let alert else { return isWithholding ? certain(manners) : .distantFuture }
        let reminder = alert.remindedAt + manners.reminder
        return hasUntold ? min(reminder, alert.toldAt + Self.pause) : reminder
    }

    /// When it may be decided anew.
    var nextDecision: Instant { serving.count <= Self.crowd ? .origin : decidedAt + Self.crowdPause }

    /// When it is told that something is withheld, although others may still turn out to be healthy: backends of which
    /// nothing can be learned must not keep it secret.
    private func certain(_ manners: Reconciliation.Manners) -> Instant {
        withheldSince.map { $0 + manners.interval + .seconds(10) } ?? .distantFuture
    }

    private var withheld: [IPAddress] {
        releasesAll ? [] : candidates.keys.filter { !released.contains($0) }
    }
}

// MARK: - How it stands

extension GuardedPool {
    /// Whether this one is a candidate, and may not go.
    func withholds(_ address: IPAddress) -> Bool {
        !releasesAll && candidates[address] != nil && !released.contains(address)
    }

    /// What is withheld; nil when nothing is.
    func status(_ tag: String, _ manners: Reconciliation.Manners) -> WithheldPool? {
        guard isWithholding, let since = withheldSince else { return nil }
        return WithheldPool(
            tag: tag, withheld: withheld.count, healthy: healthy, needed: manners.minHealthy.needed(of: members.count),
            pool: members.count, since: since)
    }

    /// How many were seen healthy after the first that is withheld had begun to fail.
    private var healthy: Int { withheld.first.flatMap { candidates[$0] }.map { count(healthyAfter: $0.since) } ?? 0 }
}

// MARK: - Who is in it

extension GuardedPool {
    mutating func update(_ address: IPAddress, _ record: HostRecord, isCandidate: Bool) {
        let size = members.count
        if record.isInMaintenance { members.remove(address) } else { members.insert(address) }
        let evidence = record.isServing ? record.evidence : nil
        let former = serving.updateValue(evidence ?? PollEvidence(), forKey: address)
        if evidence == nil { serving[address] = nil }
        // That polls have begun decides nothing yet.
        if former != evidence, !(evidence?.hasOnlyBegun(since: former) ?? false) { isStale = true }
        let isLost = former?.goodAsOf != nil && evidence?.goodAsOf == nil
        if isLost || size != members.count { doubt() }
        if isCandidate {
            add(address, record.evidence.failing ?? .init(since: record.wantedSince, asOf: record.wantedSince))
        } else {
            removeCandidate(address)
        }
    }

    mutating func remove(_ address: IPAddress) {
        members.remove(address)
        serving[address] = nil
        asked[address] = nil
        removeCandidate(address)
        doubt()
    }

    /// Nobody may go before it is decided anew.
    mutating func doubt() {
        isStale = true
        isInDoubt = true
    }

    private mutating func removeCandidate(_ address: IPAddress) {
        guard candidates.removeValue(forKey: address) != nil else { return }
        // Whether the others may go does not depend on it.
        released.remove(address)
        // In a large pool, it may be decided anew only when others are withheld.
        if candidates.isEmpty { withheldSince = nil }
        if isWithholding || alert != nil { isStale = true }
    }

    private mutating func add(_ address: IPAddress, _ failing: PollEvidence.Failing) {
        guard candidates[address] != failing else { return }
        isStale = true
        if candidates[address]?.since == failing.since {
            candidates[address] = failing
            return
        }
        candidates.removeValue(forKey: address)
        released.remove(address)
        // Nearly always at the end: backends become candidates in the order in which they began to fail.
        var index = candidates.count
        while index > 0, candidates.values[index - 1].since > failing.since { index -= 1 }
        candidates.updateValue(failing, forKey: address, insertingAt: index)
    }
}

// MARK: - Who may go

extension GuardedPool {
    /// Decides anew who may go down; gives the backends that are to be polled at once, as that may change it.
    mutating func decide(at now: Instant, _ manners: Reconciliation.Manners) -> [IPAddress] {
        isStale = false
        isInDoubt = false
        decidedAt = now
        let needed = manners.minHealthy.needed(of: members.count)
        releasesAll = needed == 0
        released = releasesAll ? [] : sparable(needed: needed)
        withheldSince = isWithholding ? withheldSince ?? now : nil
        hasUntold = alert?.hasUntold(withheld) ?? false
        return isWithholding ? lookFurther(needed: needed, at: now, manners) : []
    }

    /// The candidates that leave enough healthy backends.
    ///
    /// A backend counts that had a whole good round after the candidate began to fail and before the candidate's last failed
    /// poll was started, and that has not failed since: where all failed, and all recover, the first to be seen healthy says
    /// nothing of those that were not polled since, nor of itself in between.
    private func sparable(needed: Int) -> OrderedSet<IPAddress> {
        guard let first = candidates.values.first?.since else { return [] }
        var rounds: [(address: IPAddress, round: ClosedRange<Instant>)] = []
        for (address, evidence) in serving {
            for round in evidence.goodRounds where round.lowerBound >= first { rounds.append((address, round)) }
        }
        rounds.sort { $0.round.upperBound < $1.round.upperBound }
        var unseen = rounds[...]
        var witnesses = Witnesses(needed: needed)
        var chosen: Set<IPAddress> = []
        for (address, failing) in candidates.elements.sorted(by: { $0.value.asOf < $1.value.asOf }) {
            while let next = unseen.first, next.round.upperBound <= failing.asOf {
                witnesses.saw(next.address, from: next.round.lowerBound)
                unseen.removeFirst()
            }
            if let since = witnesses.since, since >= failing.since { chosen.insert(address) }
        }
        return OrderedSet(candidates.keys.filter(chosen.contains))
    }

    private func count(healthyAfter time: Instant) -> Int {
        serving.values.count { $0.goodAsOf.map { $0 >= time } ?? false }
    }

    /// Others, where too few were polled since the first one that is withheld began to fail: a few more than are missing, as
    /// some may not answer, and none where all of them would not be enough. Where enough were, it is itself asked again, and
    /// all those of which that is true.
    private mutating func lookFurther(
        needed: Int, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [IPAddress] {
        guard let time = withheld.first.flatMap({ candidates[$0]?.since }) else { return [] }
        let seen = serving.values.compactMap(\.goodAsOf).sorted(by: >)
        let chosen: [IPAddress]
        if seen.count >= needed, seen[needed - 1] >= time {
            // Their turns come every interval anyway.
            chosen = Array(withheld.filter { canAsk($0, provenBy: seen[needed - 1], at: now, manners) }.prefix(16))
        } else {
            chosen = others(seenAfter: time, needed: needed, at: now, manners)
        }
        for address in chosen { asked[address] = now }
        return chosen
    }

    /// A backend has begun to fail: others that are polled now will have been seen when it is polled again, so that nobody has
    /// to wait for them once it is a candidate. Where many would be needed, a failed poll alone is not worth it.
    mutating func witnesses(
        since time: Instant, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [IPAddress] {
        let needed = manners.minHealthy.needed(of: members.count)
        guard (1...Self.few).contains(needed) else { return [] }
        let chosen = others(seenAfter: time, needed: needed, at: now, manners)
        for address in chosen { asked[address] = now }
        return chosen
    }

    /// Whether another failed poll of a candidate would settle it, and is not under way.
    private func canAsk(
        _ address: IPAddress, provenBy time: Instant, at now: Instant, _ manners: Reconciliation.Manners
    ) -> Bool {
        guard let since = candidates[address]?.since, since <= time, let evidence = serving[address],
            !evidence.isAsked, !evidence.keepsItsTurn
        else { return false }
        return asked[address].map { $0 < since || now - $0 >= manners.interval } ?? true
    }

    /// Those that may turn out to be healthy after that time.
    private func others(
        seenAfter time: Instant, needed: Int, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [IPAddress] {
        var expected = 0
        // What these show comes when their turn does.
        var inTurn = 0
        var stale: [IPAddress] = []
        for (address, evidence) in serving where evidence.isHopeful {
            // One whose answer said nothing is not asked again at once.
            let wasAsked = asked[address].map { $0 >= time && now - $0 < manners.interval } ?? false
            let isAwaited = wasAsked || evidence.isAsked
            let isFresh = evidence.goodAsOf.map { $0 >= time } ?? false
            if isAwaited || isFresh {
                expected += 1
            } else if evidence.keepsItsTurn {
                inTurn += 1
            } else {
                stale.append(address)
            }
        }
        let missing = needed - expected
        guard missing > 0, missing <= stale.count + inTurn else { return [] }
        return Array(stale.sorted().prefix(2 * missing + 2))
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
        guard alert != nil || hopeful < needed || now >= certain(manners),
            now >= (alert == nil ? now : nextTelling(manners))
        else { return nil }
        let withheld = withheld
        var alert = alert ?? Alert(since: now, remindedAt: now, toldAt: now)
        let isReminder = now >= alert.remindedAt + manners.reminder
        if isReminder { (alert.remindedAt, alert.names) = (now, 0) }
        alert.named.formIntersection(withheld)
        let news = (isReminder ? withheld : withheld.filter { !alert.named.contains($0) }).prefix(Self.namesInALine)
        alert.toldAt = now
        alert.named.formUnion(news)
        alert.names += news.count
        hasUntold = alert.hasUntold(withheld)
        self.alert = alert
        // Whoever was to be named may have recovered.
        guard !news.isEmpty else { return nil }
        return .guardWithholds(
            GuardedDowns(
                tag: tag, hosts: news.compactMap(host), count: withheld.count,
                unnamed: withheld.count - alert.named.count,
                healthy: healthy, needed: needed, pool: members.count, lasting: now - alert.since))
    }
}
