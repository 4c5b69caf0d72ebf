internal import OrderedCollections
internal import Site

/// Who may go: the candidates whose failing others bear out.
extension GuardedPool {
    /// One that is to be taken down.
    struct Candidate: Sendable {
        /// What its polls show by now.
        var failing: PollEvidence.Failing
        /// The same as of a poll of whose neighbours some are under way: it stays the same until they have ended, or a backend
        /// that is polled more often than that would never be judged.
        var pending: PollEvidence.Failing?
        /// The same as of a poll before which others were seen healthy, and after which they have to be: it stays the same
        /// while that is awaited, or a backend that is polled more often than others answer would never go.
        var proof: PollEvidence.Failing?
    }

    /// The candidates that leave enough healthy backends.
    ///
    /// Others count that had a whole good round after the candidate began to fail and before one of its failed polls was
    /// started, and others that had one before this poll and one that was started with it or later; and that have not failed
    /// since. Without the former, all may have failed, and the first to be seen healthy says nothing of those that were not
    /// polled since. Without the latter, a backend that has lost one poll may have failed with all others from then on; and who
    /// has failed in between, may have done so with it.
    ///
    /// - Parameter margin: how many of the latter may be missing by the time that a candidate goes.
    mutating func sparable(needed: Int, margin: Int) -> OrderedSet<IPAddress> {
        var verdicts = PollMoments.Verdicts(moments)
        let former = candidates.compactMap { address, candidate in candidate.proof.map { (address, $0) } }
        let standing = provable(former, needed: needed, &verdicts)
        for (address, _) in former where !standing.contains(address) { candidates[address]?.proof = nil }
        let others = candidates.filter { $0.value.proof == nil }.map { address, candidate in
            let pending = candidate.pending.flatMap { $0.asOf >= rulesSince ? $0 : nil }
            return (address: address, failing: pending ?? candidate.failing)
        }
        for (address, failing) in others {
            candidates[address]?.pending = verdicts.verdict(failing.startedAt) == .notYetKnown ? failing : nil
        }
        let proven = provable(others, needed: needed, &verdicts)
        for (address, failing) in others where proven.contains(address) { candidates[address]?.proof = failing }
        let runs = GoodRuns(serving.values)
        return OrderedSet(
            candidates.filter { $0.value.proof.map { runs.count(around: $0.startedAt) >= needed + margin } ?? false }
                .keys)
    }

    /// Those before whose failed poll enough others were seen healthy.
    private func provable(
        _ polls: [(address: IPAddress, failing: PollEvidence.Failing)], needed: Int,
        _ verdicts: inout PollMoments.Verdicts
    ) -> Set<IPAddress> {
        let polls = polls.filter {
            $0.failing.asOf >= rulesSince && verdicts.verdict($0.failing.startedAt) == .own
        }.sorted { $0.failing.asOf < $1.failing.asOf }
        guard let first = polls.map(\.failing.since).min() else { return [] }
        let ends = polls.map(\.failing.asOf)
        // By the first of these polls that was started after them.
        var rounds: [[(address: IPAddress, start: Instant)]] = Array(repeating: [], count: polls.count)
        for (address, evidence) in serving {
            var latest: (index: Int, start: Instant)?
            for round in evidence.goodRounds where round.lowerBound >= first {
                let index = ends.firstIndex(notBefore: round.upperBound)
                guard index < ends.count else { break }
                if let latest, latest.index != index { rounds[latest.index].append((address, latest.start)) }
                latest = (index, round.lowerBound)
            }
            if let latest { rounds[latest.index].append((address, latest.start)) }
        }
        var witnesses = Witnesses(needed: needed)
        var proven: Set<IPAddress> = []
        for (poll, rounds) in zip(polls, rounds) {
            for round in rounds { witnesses.saw(round.address, from: round.start) }
            if let since = witnesses.since, since >= poll.failing.since { proven.insert(poll.address) }
        }
        return proven
    }

    /// Since when as many as are needed have been seen healthy, by the starts of their latest rounds; nil while there are
    /// fewer.
    func healthySince(needed: Int) -> Instant? {
        let seen = serving.values.compactMap(\.goodAsOf)
        guard needed > 0, seen.count >= needed else { return nil }
        return needed == 1 ? seen.max() : seen.sorted(by: >)[needed - 1]
    }
}

/// Since when, and up to when, backends were seen healthy without a failure in between.
private struct GoodRuns {
    private let starts: [Instant]
    private let latest: [Instant]

    init(_ evidence: some Sequence<PollEvidence>) {
        let runs = evidence.compactMap { $0.goodRun }
        starts = runs.map(\.lowerBound).sorted()
        latest = runs.map(\.upperBound).sorted()
    }

    /// How many runs have a round that was started at that moment or sooner, and one that was at that moment or later.
    func count(around time: Instant) -> Int {
        starts.firstIndex(notBefore: time + .nanoseconds(1)) - latest.firstIndex(notBefore: time)
    }
}

extension [Instant] {
    /// The place of the first that is not before that time, where they are in order; the count when all are.
    fileprivate func firstIndex(notBefore time: Instant) -> Int {
        var range = 0..<count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = self[middle] < time ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}
