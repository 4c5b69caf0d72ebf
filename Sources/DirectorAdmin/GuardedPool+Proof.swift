internal import OrderedCollections
internal import Site

/// Who may go: the candidates whose failing others bear out.
extension GuardedPool {
    /// One that is to be taken down.
    struct Candidate: Sendable {
        /// What its polls show by now.
        var failing: PollEvidence.Failing
        /// The same as of a poll before which others were seen healthy, and after which they have to be: it stays the same
        /// while that is awaited, or a backend that is polled more often than others answer would never go.
        var proof: PollEvidence.Failing?
    }

    /// The candidates that leave enough healthy backends.
    ///
    /// Others count that had a whole good round after the candidate began to fail and before one of its failed polls was
    /// started, and others that had one that was started with this poll or later; and that have not failed since. Without the
    /// former, all may have failed, and the first to be seen healthy says nothing of those that were not polled since.
    /// Without the latter, a backend that has lost one poll may have failed with all others from then on.
    mutating func sparable(needed: Int) -> OrderedSet<IPAddress> {
        let former = candidates.compactMap { address, candidate in candidate.proof.map { (address, $0) } }
        let standing = provable(former, needed: needed)
        for (address, _) in former where !standing.contains(address) { candidates[address]?.proof = nil }
        let others = candidates.compactMap { address, candidate in
            candidate.proof == nil ? (address, candidate.failing) : nil
        }
        for address in provable(others, needed: needed) {
            let failing = candidates[address]?.failing
            candidates[address]?.proof = failing
        }
        guard let seen = healthySince(needed: needed) else { return [] }
        return OrderedSet(candidates.filter { $0.value.proof.map { $0.startedAt <= seen } ?? false }.keys)
    }

    /// Those before whose failed poll enough others were seen healthy.
    private func provable(
        _ polls: [(address: IPAddress, failing: PollEvidence.Failing)], needed: Int
    ) -> Set<IPAddress> {
        let polls = polls.filter { !moments.isDoubtful($0.failing.startedAt) }.sorted {
            $0.failing.asOf < $1.failing.asOf
        }
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
