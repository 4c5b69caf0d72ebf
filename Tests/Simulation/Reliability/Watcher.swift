internal import Site

/// How a poll ends.
enum PollResult: Hashable, Sendable {
    case good
    /// It failed at once: refused or closed.
    case quick
    /// No answer came in its time.
    case timeout
}

/// A monitor of one backend with one service, for as many years as are needed: when it polls, and what it concludes.
protocol Watcher {
    /// The next poll.
    var next: (at: Instant, within: Duration) { get }
    /// Whether it has marked the backend down.
    var isDown: Bool { get }
    /// Whether the past makes no difference any more: as long as polls succeed, nothing but time passes.
    var isFresh: Bool { get }
    /// Between two polls while all is well.
    var pace: Duration { get }
    /// The next poll has ended.
    mutating func ended(_ result: PollResult, at now: Instant)
}

/// What a good poll, or one that fails at once, takes.
let shortPoll = Duration.milliseconds(20)
