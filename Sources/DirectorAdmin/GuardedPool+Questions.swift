internal import HeapModule
internal import OrderedCollections
internal import Site

/// Whom to poll out of turn, to learn who may go.
extension GuardedPool {
    /// Where more than so many have to be healthy, none is polled for a backend that has failed once.
    private static let few = 4
    /// So many may be polled at once for one decision, whatever the pool's size; in a large one as many as are polled anyway
    /// from one decision to the next.
    private static let portion = 16

    /// Where a candidate has only to see others healthy now, others; where too few were polled since the first of the rest began
    /// to fail, others as well: a few more than are missing, as some may not answer, and none where all of them would not be
    /// enough. Where enough were, the candidate itself is asked again, and all those of which that is true.
    mutating func lookFurther(
        needed: Int, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [IPAddress] {
        let withheld = withheld
        var chosen: OrderedSet<IPAddress> = []
        if let time = withheld.compactMap({ candidates[$0]?.proof?.startedAt }).max() {
            chosen.append(contentsOf: others(seenAround: time, needed: needed, at: now, manners))
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
        // In a large pool others are polled all the time; and where thousands begin to fail, each look goes through all.
        let isCrowd = serving.count > Self.crowd
        guard !isCrowd || witnessedAt.map({ now - $0 >= Self.crowdPause * 2 }) ?? true else { return [] }
        witnessedAt = now
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
        others(seenAfter: time, needed: needed, at: now, manners) { _ in true }
    }

    /// Those that may turn out to be healthy since before that time.
    private func others(
        seenAround time: Instant, needed: Int, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [IPAddress] {
        others(seenAfter: time, needed: needed, at: now, manners) { $0.goodRun.map { $0.lowerBound <= time } ?? false }
    }

    private func others(
        seenAfter time: Instant, needed: Int, at now: Instant, _ manners: Reconciliation.Manners,
        where isOfUse: (PollEvidence) -> Bool
    ) -> [IPAddress] {
        var expected = 0
        // What these show comes when their turn does.
        var inTurn = 0
        var stale: [Dated<IPAddress>] = []
        for (address, evidence) in serving where evidence.isHopeful && isOfUse(evidence) {
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
                stale.append(Dated(time: asked[address] ?? .origin, value: address))
            }
        }
        let missing = needed - expected
        guard missing > 0, missing <= stale.count + inTurn else { return [] }
        let turns = Double(members.count) * (Self.crowdPause / manners.interval)
        // Not always the same: where some backend fails each second, those would be polled ten times as often as others.
        return Self.first(min(2 * missing + 2, max(Self.portion, Int(turns))), of: stale)
    }
}

extension GuardedPool {
    /// The next ones. A heap, as it is a few of thousands.
    private static func first(_ count: Int, of turns: [Dated<IPAddress>]) -> [IPAddress] {
        var heap = Heap(turns)
        return (0..<count).compactMap { _ in heap.popMin()?.value }
    }
}
