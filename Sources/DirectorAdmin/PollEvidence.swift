package import Site

/// What the polls of one backend show, as far as the pool guard has to know it.
package struct PollEvidence: Hashable, Sendable {
    /// When the latest polls of it were started that all succeeded; nil when one has failed since, or none was made.
    package var healthyAsOf: Instant?
    /// When the first of its failed polls in a row had ended; nil when none failed.
    package var failingSince: Instant?
    /// When the polls were started that are under way; nil when none are.
    package var askedAt: Instant?
    /// Whether it is polled at all.
    package var isPolled: Bool

    /// Makes the evidence; by itself, that of a backend of which nothing is known yet.
    package init(
        healthyAsOf: Instant? = nil, failingSince: Instant? = nil, askedAt: Instant? = nil, isPolled: Bool = true
    ) {
        self.healthyAsOf = healthyAsOf
        self.failingSince = failingSince
        self.askedAt = askedAt
        self.isPolled = isPolled
    }

    /// Whether it is known to be healthy by polls that were started after `time`.
    func isHealthy(after time: Instant) -> Bool { healthyAsOf.map { $0 > time } ?? false }

    /// Whether nothing is new but that polls are under way.
    func hasOnlyBegun(since former: PollEvidence?) -> Bool {
        guard var former, askedAt != nil else { return false }
        former.askedAt = askedAt
        return former == self
    }

    /// Whether it may turn out to be healthy: its latest polls succeeded, or nothing is known.
    var isHopeful: Bool { isPolled && failingSince == nil }
}
