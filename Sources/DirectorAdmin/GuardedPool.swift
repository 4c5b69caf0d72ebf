internal import OrderedCollections
internal import Site

/// The backends of one tag, as the pool guard sees them.
struct GuardedPool: Sendable {
    /// Those that are not under maintenance: what a percentage is of.
    private var members: Set<IPAddress> = []
    /// Those of them that are listed up, with no HOST-DOWN under way.
    private(set) var serving: [IPAddress: PollEvidence] = [:]
    /// How many of these are healthy, or may turn out to be.
    private var hopeful = 0
    private(set) var moments = PollMoments()
    /// Those that are to be taken down; the first that began to fail comes first.
    var candidates: OrderedDictionary<IPAddress, Candidate> = [:]
    /// When polls were last asked for, out of turn.
    private var asked: [IPAddress: Instant] = [:]
    /// When they were last asked for because a candidate's poll was started.
    private var accompaniedAt: Instant?
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
    /// So many may be polled at once for one decision, whatever the pool's size; in a large one as many as are polled anyway
    /// from one decision to the next.
    private static let portion = 16

    /// The candidates that may go down, the first that began to fail first.
    var permitted: ArraySlice<IPAddress> {
        isInDoubt ? [] : (releasesAll ? candidates.keys : released).elements[...]
    }
    var isWithholding: Bool { !releasesAll && released.count < candidates.count }
    /// How many are withheld of which people have been told: it will be so for a while.
    var lastingly: Int { alert != nil && !isInDoubt && isWithholding ? candidates.count - released.count : 0 }
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
    var nextDecision: Instant {
        guard serving.count > Self.crowd else { return .origin }
        // Where thousands are withheld, it takes tens of milliseconds.
        return decidedAt + Self.crowdPause * min(10, 1 + (serving.count * candidates.count) >> 20)
    }

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
    private var healthy: Int {
        withheld.first.flatMap { candidates[$0] }.map { count(healthyAfter: $0.failing.since) } ?? 0
    }
}

// MARK: - Who is in it

extension GuardedPool {
    /// `isOn`: there is a rule for which to remember how polls ended.
    mutating func update(_ address: IPAddress, _ record: HostRecord, isCandidate: Bool, isOn: Bool) {
        let size = members.count
        if record.isInMaintenance { members.remove(address) } else { members.insert(address) }
        let evidence = record.isServing ? record.evidence : nil
        let former = serving.updateValue(evidence ?? PollEvidence(), forKey: address)
        if evidence == nil { serving[address] = nil }
        hopeful += (evidence?.isHopeful == true ? 1 : 0) - (former?.isHopeful == true ? 1 : 0)
        if isOn, let former, let evidence { note(evidence, after: former) }
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

    private mutating func note(_ evidence: PollEvidence, after former: PollEvidence) {
        if let good = evidence.goodAsOf, good != former.goodAsOf { moments.ended(startedAt: good, isGood: true) }
        // Of one that failed before it was looked at, the first failed poll is not known.
        if former.failing == nil, let failing = evidence.failing, failing.asOf <= failing.since {
            moments.ended(startedAt: failing.startedAt, isGood: false)
        }
    }

    mutating func remove(_ address: IPAddress) {
        members.remove(address)
        if serving.removeValue(forKey: address)?.isHopeful == true { hopeful -= 1 }
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
        guard candidates[address]?.failing != failing else { return }
        isStale = true
        if candidates[address]?.failing.since == failing.since {
            candidates[address]?.failing = failing
            return
        }
        candidates.removeValue(forKey: address)
        released.remove(address)
        // Nearly always at the end: backends become candidates in the order in which they began to fail.
        var index = candidates.count
        while index > 0, candidates.values[index - 1].failing.since > failing.since { index -= 1 }
        candidates.updateValue(Candidate(failing: failing), forKey: address, insertingAt: index)
    }
}

// MARK: - What is to be learned

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

    private func count(healthyAfter time: Instant) -> Int {
        serving.values.count { $0.goodAsOf.map { $0 >= time } ?? false }
    }

    /// Where a candidate has only to see others healthy now, others; where too few were polled since the first of the rest began
    /// to fail, others as well: a few more than are missing, as some may not answer, and none where all of them would not be
    /// enough. Where enough were, the candidate itself is asked again, and all those of which that is true.
    private mutating func lookFurther(
        needed: Int, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [IPAddress] {
        let withheld = withheld
        var chosen: OrderedSet<IPAddress> = []
        if let time = withheld.compactMap({ candidates[$0]?.proof?.startedAt }).max() {
            chosen.append(contentsOf: others(seenAfter: time, needed: needed, at: now, manners))
        }
        let unproven = withheld.filter { candidates[$0]?.proof == nil }
        if let since = unproven.first.flatMap({ candidates[$0]?.failing.since }) {
            if let seen = healthySince(needed: needed), seen >= since {
                // Their turns come every interval anyway.
                chosen.append(
                    contentsOf: unproven.filter { canAsk($0, provenBy: seen, at: now, manners) }.prefix(Self.portion))
            } else {
                chosen.append(contentsOf: others(seenAfter: since, needed: needed, at: now, manners))
            }
        }
        for address in chosen { asked[address] = now }
        return chosen.elements
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

    /// A poll of a backend is started that may have it taken down: others that are polled with it show at once, and for all
    /// that are not polled now, whether everything fails. Without them the candidate would have to wait for the first of them.
    mutating func companions(at now: Instant, _ manners: Reconciliation.Manners) -> [IPAddress] {
        let needed = manners.minHealthy.needed(of: members.count)
        // Those that were asked for another one a moment ago are answer enough.
        guard needed > 0, hopeful >= needed, accompaniedAt.map({ now - $0 >= Self.crowdPause * 2 }) ?? true else {
            return []
        }
        accompaniedAt = now
        let chosen = others(seenAfter: now, needed: min(needed, Self.few), at: now, manners)
        for address in chosen { asked[address] = now }
        return chosen
    }

    /// Whether another failed poll of a candidate would settle it, and is not under way.
    private func canAsk(
        _ address: IPAddress, provenBy time: Instant, at now: Instant, _ manners: Reconciliation.Manners
    ) -> Bool {
        guard let since = candidates[address]?.failing.since, since <= time, let evidence = serving[address],
            evidence.askedAt == nil, !evidence.keepsItsTurn
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
        var stale: [(askedAt: Instant, address: IPAddress)] = []
        for (address, evidence) in serving where evidence.isHopeful {
            // One whose answer said nothing is not asked again at once.
            let wasAsked = asked[address].map { $0 >= time && now - $0 < manners.interval } ?? false
            // What is under way may have seen what was before.
            let isAwaited = wasAsked || evidence.askedAt.map { $0 >= time } ?? false
            let isFresh = evidence.goodAsOf.map { $0 >= time } ?? false
            if isAwaited || isFresh {
                expected += 1
            } else if evidence.keepsItsTurn {
                inTurn += 1
            } else {
                stale.append((asked[address] ?? .origin, address))
            }
        }
        let missing = needed - expected
        guard missing > 0, missing <= stale.count + inTurn else { return [] }
        let turns = Double(members.count) * (Self.crowdPause / manners.interval)
        // Not always the same: where some backend fails each second, those would be polled ten times as often as others.
        return stale.sorted(by: <).prefix(min(2 * missing + 2, max(Self.portion, Int(turns)))).map(\.address)
    }
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
