package import Site

/// What the polls of one backend show, as far as the pool guard has to know it.
package struct PollEvidence: Hashable, Sendable {
    /// Failed polls in a row, up to the latest.
    package struct Failing: Hashable, Sendable {
        /// When the first of them had ended.
        package var since: Instant
        /// When the round of the latest of them was started.
        package var asOf: Instant
        /// When the latest of them was itself started: later where it had to wait.
        package var startedAt: Instant
        /// Whether one more may have the backend taken down, or they are enough.
        package var isDecisive: Bool

        /// Makes it; by itself, of a poll that did not have to wait.
        package init(since: Instant, asOf: Instant, startedAt: Instant? = nil, isDecisive: Bool = false) {
            self.since = since
            self.asOf = asOf
            self.startedAt = startedAt ?? asOf
            self.isDecisive = isDecisive
        }
    }

    /// Rounds of polls that succeeded in a row, from the start to the end of each, the oldest first, with the latest ones
    /// among them: empty when a poll has failed since, or none was made. Who is not polled is not seen to be healthy, so that
    /// the time between two rounds does not count.
    package var goodRounds: [ClosedRange<Instant>]
    /// Nil when none failed.
    package var failing: Failing?
    /// When the round was started that is under way; nil when none is.
    package var askedAt: Instant?
    /// Whether it is polled at all.
    package var isPolled: Bool
    /// Whether it is not to be polled out of its turn.
    package var keepsItsTurn: Bool

    /// Makes the evidence; by itself, that of a backend of which nothing is known yet.
    package init(
        goodRounds: [ClosedRange<Instant>] = [], failing: Failing? = nil, askedAt: Instant? = nil,
        isPolled: Bool = true,
        keepsItsTurn: Bool = false
    ) {
        self.goodRounds = goodRounds
        self.failing = failing
        self.askedAt = askedAt
        self.isPolled = isPolled
        self.keepsItsTurn = keepsItsTurn
    }

    /// When the latest round was started, where it succeeded.
    var goodAsOf: Instant? { goodRounds.last?.lowerBound }

    /// When the first of the rounds was started, and when the latest.
    var goodRun: ClosedRange<Instant>? {
        guard let first = goodRounds.first?.lowerBound, let latest = goodAsOf else { return nil }
        return min(first, latest)...latest
    }

    /// The round that is under way and has not failed, and whether the one before it has.
    var round: (start: Instant, isAgain: Bool)? {
        guard let askedAt, askedAt != failing?.asOf else { return nil }
        return (askedAt, failing != nil)
    }

    /// Whether nothing is new but that polls are under way.
    func hasOnlyBegun(since former: PollEvidence?) -> Bool {
        guard var former, let askedAt else { return false }
        former.askedAt = askedAt
        return former == self
    }

    /// Whether it may turn out to be healthy: its latest polls succeeded, or nothing is known.
    var isHopeful: Bool { isPolled && failing == nil }
}

extension Reconciliation {
    /// What the polls of one backend show and ask for.
    package struct Judgement: Hashable, Sendable {
        /// The backend.
        package let address: IPAddress
        /// What its polls show.
        package let evidence: PollEvidence
        /// The state that it should have; nil when nothing can be said.
        package let wanted: HostState?

        /// Makes a judgement.
        package init(address: IPAddress, evidence: PollEvidence, wanted: HostState?) {
            self.address = address
            self.evidence = evidence
            self.wanted = wanted
        }
    }
}
