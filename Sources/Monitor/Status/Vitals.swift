package import Site

/// What shows whether the monitor works, at one moment.
package struct Vitals: Hashable, Sendable {
    /// That moment.
    package var now: Instant
    /// From the start of a backend's poll to the start of the next.
    package var interval: Duration
    /// When the round that is next was, or will be, due; nil where nothing is to be polled.
    package var nextRound: Instant?
    /// Since when the poll waits that has been waiting longest for its place; nil where none does.
    package var pollWaitsSince: Instant?
    /// When the director's latest list had come in; nil where none has.
    package var listedAt: Instant?

    /// Makes them.
    package init(
        now: Instant, interval: Duration, nextRound: Instant?, pollWaitsSince: Instant?, listedAt: Instant?
    ) {
        self.now = now
        self.interval = interval
        self.nextRound = nextRound
        self.pollWaitsSince = pollWaitsSince
        self.listedAt = listedAt
    }

    /// A poll may start so late.
    package var latenessLimit: Duration { max(.seconds(5), interval) }

    /// The director's latest list may be so old: two may be missed, each with its five seconds.
    package var listLimit: Duration { interval * 3 + .seconds(15) }

    /// Why it does not work, in one line; nil when it does.
    package var trouble: String? {
        guard let listedAt else { return "the director has not been read yet" }
        let age = now - listedAt
        if age > listLimit { return "the director was last read \(Int(age.inSeconds)) seconds ago" }
        let late = [nextRound, pollWaitsSince].compactMap { $0 }.map { now - $0 }.max() ?? .zero
        if late > latenessLimit { return "a poll is overdue by \(Int(late.inSeconds)) seconds" }
        return nil
    }
}
