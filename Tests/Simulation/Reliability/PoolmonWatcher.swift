internal import Site

/// poolmon's algorithm: a scan every 30 s; where the poll fails, a pause of 3 s and four more at half-second steps.
struct PoolmonWatcher: Watcher {
    /// Whose last word the four polls have.
    enum Flavour: Sendable {
        /// brandond/poolmon: down when any of the four fails.
        case original
        /// HeinleinSupport/poolmon: down when all four fail.
        case fork
    }

    private static let interval = Duration.seconds(30)
    private static let timeout = Duration.seconds(5)
    private static let firstPause = Duration.seconds(3)
    private static let step = Duration.milliseconds(500)
    private static let retries = 4

    private let flavour: Flavour
    /// How many of the four have ended; nil before the first poll of a scan has failed.
    private var retried: Int?
    private var failures = 0
    private(set) var next = (at: Instant.origin, within: timeout)
    private(set) var isDown = false
    private(set) var isFresh = true
    let pace = interval

    init(_ flavour: Flavour) { self.flavour = flavour }

    mutating func ended(_ result: PollResult, at now: Instant) {
        guard let former = retried else {
            guard result != .good else {
                isDown = false
                return endScan(at: now)
            }
            isFresh = false
            retried = 0
            failures = 0
            return poll(at: now + Self.firstPause)
        }
        if result != .good { failures += 1 }
        retried = former + 1
        guard former + 1 == Self.retries else { return poll(at: now + Self.step) }
        if failures >= (flavour == .original ? 1 : Self.retries) { isDown = true }
        endScan(at: now)
    }

    private mutating func endScan(at now: Instant) {
        retried = nil
        isFresh = !isDown
        poll(at: now + Self.interval)
    }

    private mutating func poll(at time: Instant) { next = (time, Self.timeout) }
}
