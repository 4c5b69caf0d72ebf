internal import OrderedCollections
internal import Site

/// The backends of one tag, as the pool guard sees them.
struct GuardedPool: Sendable {
    /// Those that are not under maintenance: what a percentage is of.
    private(set) var members: Set<IPAddress> = []
    /// Those of them that are listed up, with no HOST-DOWN under way.
    private(set) var serving: [IPAddress: PollEvidence] = [:]
    /// How many of these are healthy, or may turn out to be.
    private(set) var hopeful = 0
    private(set) var moments = PollMoments()
    /// Those that are to be taken down; the first that began to fail comes first.
    var candidates: OrderedDictionary<IPAddress, Candidate> = [:]
    /// When polls were last asked for, out of turn.
    var asked: [IPAddress: Instant] = [:]
    /// When they were last asked for because a candidate's poll was started.
    var accompaniedAt: Instant?
    /// When they were last asked for because a backend had begun to fail.
    var witnessedAt: Instant?
    /// The candidates that may go down, where it is not all of them.
    private var released: OrderedSet<IPAddress> = []
    private var releasesAll = true
    private var alert: Alert?
    /// Whether something has changed that the decision rests on.
    private(set) var isStale = true
    /// Whether that may forbid what was allowed: fewer are known to be healthy, or more may be needed.
    private var isInDoubt = true
    private var decidedAt = Instant.origin
    /// How many have failed since then that were known to be healthy, and how many may until it is decided anew.
    private var losses = 0
    private var margin = 0
    /// When all were last judged anew: by the rules of before, nobody may have been polled with polls that are decisive now.
    private(set) var rulesSince = Instant.origin
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
    static let crowd = 64
    static let crowdPause = Duration.milliseconds(50)

    /// The candidates that may go down, the first that began to fail first.
    var permitted: ArraySlice<IPAddress> {
        isInDoubt ? [] : (releasesAll ? candidates.keys : released).elements[...]
    }
    var isWithholding: Bool { !releasesAll && released.count < candidates.count }
    /// How many are withheld of which people have been told: it will be so for a while.
    private var lastingly: Int { alert != nil && !isInDoubt && isWithholding ? candidates.count - released.count : 0 }
    /// Whether nothing is to be decided or told.
    private var isIdle: Bool { candidates.isEmpty && alert == nil }
    private var isEmpty: Bool { members.isEmpty && serving.isEmpty && isIdle }

    /// What others have to know with each change.
    struct Standing {
        let isEmpty: Bool
        let hasPermitted: Bool
        /// How many are withheld of which people have been told.
        let lastingly: Int
        let nextTelling: Instant
    }

    func standing(_ manners: Reconciliation.Manners) -> Standing {
        Standing(
            isEmpty: isEmpty, hasPermitted: !permitted.isEmpty, lastingly: lastingly, nextTelling: nextTelling(manners))
    }

    /// When it is to be decided anew, or somebody is to be told or reminded.
    private func nextTelling(_ manners: Reconciliation.Manners) -> Instant {
        if isStale, !candidates.isEmpty { return nextDecision }
        guard let alert else { return isWithholding ? certain(manners) : .distantFuture }
        guard isWithholding else { return .origin }
        let reminder = alert.remindedAt + manners.reminder
        return hasUntold ? min(reminder, alert.toldAt + Self.pause) : reminder
    }

    /// When it may be decided anew.
    var nextDecision: Instant {
        guard serving.count > Self.crowd else { return .origin }
        // Where thousands are withheld, it takes tens of milliseconds.
        return decidedAt + Self.crowdPause * min(10, 1 + (serving.count * candidates.count) >> 21)
    }

    /// When it is told that something is withheld, although others may still turn out to be healthy: backends of which
    /// nothing can be learned must not keep it secret.
    private func certain(_ manners: Reconciliation.Manners) -> Instant {
        withheldSince.map { $0 + manners.interval + .seconds(10) } ?? .distantFuture
    }

    var withheld: [IPAddress] {
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
    /// Takes in how one of them stands; gives how the pool does; nil where it has backends, and nothing is to be decided or told of it, nor was before.
    mutating func update(
        _ address: IPAddress, _ record: HostRecord, isCandidate: Bool, _ manners: Reconciliation.Manners
    ) -> Standing? {
        let wasIdle = isIdle
        update(address, record, isCandidate: isCandidate, isOn: !manners.minHealthy.isOff)
        return wasIdle && isIdle && !isEmpty ? nil : standing(manners)
    }

    /// `isOn`: there is a rule for which to remember how polls ended.
    private mutating func update(_ address: IPAddress, _ record: HostRecord, isCandidate: Bool, isOn: Bool) {
        let size = members.count
        if record.isInMaintenance { members.remove(address) } else { members.insert(address) }
        let evidence = record.isServing ? record.evidence : nil
        let former = serving.updateValue(evidence ?? PollEvidence(), forKey: address)
        if evidence == nil { serving[address] = nil }
        hopeful += (evidence?.isHopeful == true ? 1 : 0) - (former?.isHopeful == true ? 1 : 0)
        if isOn { note(evidence, after: former) }
        // That polls have begun decides nothing yet.
        if former != evidence, !(evidence?.hasOnlyBegun(since: former) ?? false) { isStale = true }
        let isLost = former?.goodAsOf != nil && evidence?.goodAsOf == nil
        if isOn, isLost { lose() }
        if isOn, size != members.count { doubt() }
        if isCandidate {
            add(address, record.evidence.failing ?? .init(since: record.wantedSince, asOf: record.wantedSince))
        } else {
            removeCandidate(address)
        }
    }

    private mutating func note(_ evidence: PollEvidence?, after former: PollEvidence?) {
        let (round, formerRound) = (evidence?.round, former?.round)
        if round?.start != formerRound?.start || round?.isAgain != formerRound?.isAgain {
            if let formerRound { moments.ended(startedAt: formerRound.start, again: formerRound.isAgain) }
            if let round { moments.began(at: round.start, again: round.isAgain) }
        }
        guard let evidence, let former else { return }
        if let good = evidence.goodAsOf, good != former.goodAsOf { moments.succeeded(startedAt: good) }
        guard let failing = evidence.failing, failing.asOf != former.failing?.asOf else { return }
        // Of one that failed before it was looked at, the first failed poll is not known.
        let isAgain = former.failing != nil || failing.asOf > failing.since
        moments.failed(startedAt: failing.startedAt, again: isAgain)
    }

    mutating func remove(_ address: IPAddress) {
        members.remove(address)
        let former = serving.removeValue(forKey: address)
        if former?.isHopeful == true { hopeful -= 1 }
        note(nil, after: former)
        asked[address] = nil
        removeCandidate(address)
        doubt()
    }

    private mutating func lose() {
        isStale = true
        losses += 1
        if losses > margin { isInDoubt = true }
    }

    /// Nobody may go before it is decided anew.
    mutating func doubt() {
        isStale = true
        isInDoubt = true
    }

    /// Who has begun under the former rule may not have been looked at.
    mutating func ruleChanged() {
        moments = PollMoments()
        for round in serving.values.compactMap(\.round) { moments.began(at: round.start, again: round.isAgain) }
        doubt()
    }

    /// All backends were judged anew: only polls from now on bear out that one has to go.
    mutating func judgedAnew(at now: Instant) {
        rulesSince = now
        doubt()
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

// MARK: - Who may go

extension GuardedPool {
    /// Decides anew who may go down; gives the backends that are to be polled at once, as that may change it.
    mutating func decide(at now: Instant, _ manners: Reconciliation.Manners) -> [IPAddress] {
        isInDoubt = false
        decidedAt = now
        let needed = manners.minHealthy.needed(of: members.count)
        margin = marginNow(needed: needed)
        losses = 0
        releasesAll = needed == 0
        released = releasesAll ? [] : sparable(needed: needed, margin: margin)
        isStale = isWithholding && margin > 0
        withheldSince = isWithholding ? withheldSince ?? now : nil
        hasUntold = alert?.hasUntold(withheld) ?? false
        return isWithholding ? lookFurther(needed: needed, at: now, manners) : []
    }

    /// Where thousands begin to fail, no decision would hold for longer than to the next of them: as many more have to be healthy
    /// as may fail until it is decided anew, twice those that have since the last time. Not so many that few are left to wait
    /// for.
    private func marginNow(needed: Int) -> Int {
        guard serving.count > Self.crowd, losses > 0 else { return 0 }
        let healthy = serving.values.count { $0.goodAsOf != nil }
        return min(2 * losses, max(0, healthy - needed) / 4)
    }

    private func count(healthyAfter time: Instant) -> Int {
        serving.values.count { $0.goodAsOf.map { $0 >= time } ?? false }
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
        // While a margin is kept, there may be enough, and it is over in a moment.
        guard alert != nil || hopeful < needed || (margin == 0 && now >= certain(manners)),
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
