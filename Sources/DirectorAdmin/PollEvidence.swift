package import Site

/// What the polls of one backend show, as far as the pool guard has to know it.
package struct PollEvidence: Hashable, Sendable {
    /// Polls that all succeeded, up to the latest.
    package struct Health: Hashable, Sendable {
        /// When the first of them in a row were started.
        package var since: Instant
        /// When the latest of them were started.
        package var asOf: Instant

        /// Makes it; by itself, of one round.
        package init(since: Instant, asOf: Instant) {
            self.since = since
            self.asOf = asOf
        }
    }

    /// Failed polls in a row, up to the latest.
    package struct Failing: Hashable, Sendable {
        /// When the first of them had ended.
        package var since: Instant
        /// When the latest of them was started.
        package var asOf: Instant

        /// Makes it.
        package init(since: Instant, asOf: Instant) {
            self.since = since
            self.asOf = asOf
        }
    }

    /// Nil when a poll has failed since, or none was made.
    package var healthy: Health?
    /// Nil when none failed.
    package var failing: Failing?
    /// Whether polls are under way.
    package var isAsked: Bool
    /// Whether it is polled at all.
    package var isPolled: Bool
    /// Whether it is not to be polled out of its turn.
    package var keepsItsTurn: Bool

    /// Makes the evidence; by itself, that of a backend of which nothing is known yet.
    package init(
        healthy: Health? = nil, failing: Failing? = nil, isAsked: Bool = false, isPolled: Bool = true,
        keepsItsTurn: Bool = false
    ) {
        self.healthy = healthy
        self.failing = failing
        self.isAsked = isAsked
        self.isPolled = isPolled
        self.keepsItsTurn = keepsItsTurn
    }

    /// Whether nothing is new but that polls are under way.
    func hasOnlyBegun(since former: PollEvidence?) -> Bool {
        guard var former, isAsked else { return false }
        former.isAsked = true
        return former == self
    }

    /// Whether it may turn out to be healthy: its latest polls succeeded, or nothing is known.
    var isHopeful: Bool { isPolled && failing == nil }
}
