internal import Site

/// How many of a pool's healthy backends were polled in vain, and how many were not, by the moment in which their polls were
/// started.
///
/// Where most of those begin to fail that are polled together with a candidate, its failure may be the monitor's own: others
/// that are not polled before that is over have seen nothing of it.
struct PollMoments: Sendable {
    private struct Count: Sendable {
        var good = 0
        var failed = 0
    }

    private var counts: [Int64: Count] = [:]
    private var additions = 0

    private static let length = Duration.milliseconds(100).nanoseconds
    /// Longer than polls take, whatever the settings say.
    private static let memory = Duration.seconds(180).nanoseconds / length

    /// A poll of a backend that had not failed has ended.
    mutating func ended(startedAt time: Instant, isGood: Bool) {
        let moment = Self.moment(time)
        if isGood { counts[moment, default: Count()].good += 1 } else { counts[moment, default: Count()].failed += 1 }
        additions += 1
        if additions.isMultiple(of: 64) { counts = counts.filter { $0.key > moment - Self.memory } }
    }

    /// Whether more polls failed than succeeded that were started at that time or a moment later.
    func isDoubtful(_ time: Instant) -> Bool {
        let moments = [Self.moment(time), Self.moment(time) + 1].compactMap { counts[$0] }
        return moments.reduce(0) { $0 + $1.failed } > moments.reduce(0) { $0 + $1.good }
    }

    private static func moment(_ time: Instant) -> Int64 { (time - .origin).nanoseconds / length }
}
