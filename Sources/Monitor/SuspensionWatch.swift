internal import Site

/// Notices that the machine was suspended, for which the clock of the timers stands still.
struct SuspensionWatch: Sendable {
    /// Shorter than this, it has changed nothing; nor can the two clocks be read in the same moment.
    private static let shortest = Duration.seconds(1)

    private var difference: Duration

    /// Begins to watch; `sinceBoot` is now, by a clock that goes on.
    init(at now: Instant, sinceBoot: Instant) { difference = sinceBoot - now }

    /// Whether it was suspended since this was last asked.
    mutating func hasSlept(at now: Instant, sinceBoot: Instant) -> Bool {
        let former = difference
        difference = sinceBoot - now
        return difference - former > Self.shortest
    }
}
