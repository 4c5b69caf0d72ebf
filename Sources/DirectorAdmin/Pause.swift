internal import Site

/// How long something that had no effect is left alone: longer after each attempt, up to the interval. The director is not
/// to be hammered.
struct Pause: Sendable {
    private var growing = Instant.origin
    private var held = Instant.origin
    /// So many attempts were in vain.
    private(set) var attempts = 0

    /// When it is over.
    var until: Instant { max(growing, held) }

    /// Another attempt was in vain.
    mutating func grow(at now: Instant, _ manners: Reconciliation.Manners) {
        attempts = min(attempts + 1, 60)
        growing = now + min(manners.retry * attempts, max(manners.interval, manners.retry))
    }

    /// An attempt was given up, and may still be going on in the director: whatever is learned meanwhile, there is no other.
    mutating func hold(at now: Instant, _ manners: Reconciliation.Manners) {
        held = max(held, now + manners.abandonedHold)
    }

    /// Whether what was given up may still be going on.
    func isHeld(at now: Instant) -> Bool { now < held }

    /// What was tried in vain has been done, or is not wanted any more.
    mutating func over() {
        attempts = 0
        growing = .origin
    }
}
