internal import Site

/// The original dovemon's algorithm, as its manuals tell it: three failures in a row 10 s apart, and by the later manual
/// growing timeouts and a stage of ten polls without a pause, of which seven have to fail or one has to time out.
struct OriginalWatcher: Watcher {
    private static let interval = Duration.seconds(10)
    private static let timeout = Duration.seconds(3)
    private static let retries = 3
    private static let rapidPolls = 10
    private static let rapidFailures = 7
    private static let rapidTimeout = Duration.seconds(2)

    private let isLater: Bool
    private var failures = 0
    private var timeouts = 0
    private var lastStart = Instant.origin
    /// The rapid polls that have ended, and how many of them failed; nil outside of that stage.
    private var rapid: (polls: Int, failures: Int)?
    private(set) var next = (at: Instant.origin, within: timeout)
    private(set) var isDown = false
    private(set) var isFresh = true
    let pace = interval

    /// By the later manual, or by the first one.
    init(isLater: Bool) { self.isLater = isLater }

    mutating func ended(_ result: PollResult, at now: Instant) {
        if rapid != nil { return rapidEnded(result, at: now) }
        guard result != .good else {
            failures = 0
            timeouts = 0
            isDown = false
            return poll(after: now)
        }
        failures += 1
        if result == .timeout { timeouts += 1 }
        if failures >= Self.retries, !isDown {
            if isLater {
                rapid = (0, 0)
                return next = (now, Self.rapidTimeout)
            }
            isDown = true
        }
        poll(after: now)
    }

    private mutating func rapidEnded(_ result: PollResult, at now: Instant) {
        guard var stage = rapid else { return }
        stage.polls += 1
        if result != .good { stage.failures += 1 }
        if result == .timeout || stage.failures >= Self.rapidFailures {
            isDown = true
            rapid = nil
        } else if stage.polls == Self.rapidPolls {
            failures = 0
            timeouts = 0
            rapid = nil
        } else {
            rapid = stage
            return next = (now, Self.rapidTimeout)
        }
        poll(after: now)
    }

    /// The next poll, start to start.
    private mutating func poll(after now: Instant) {
        var start = lastStart + Self.interval
        while start < now { start = start + Self.interval }
        lastStart = start
        isFresh = !isDown && failures == 0
        let steps = isLater ? min(timeouts + 1, Self.retries) : 1
        next = (start, Self.timeout * steps)
    }
}
