internal import Site

/// How many polls of a pool's backends failed, and how many did not, by the moment in which they were started.
///
/// Where those begin to fail that are polled together with a candidate, its failure may be the monitor's own: others that are
/// not polled before that is over have seen nothing of it.
struct PollMoments: Sendable {
    private struct Count: Sendable {
        var good = 0
        /// Of backends that had not failed before.
        var failed = 0
        var failedAgain = 0
        /// The same of those that are under way, and may fail.
        var open = 0
        var openAgain = 0

        /// Whether there are enough that were healthy before to tell half that fail from all.
        var isEnough: Bool { good + failed + open >= 16 }
        /// Whether all fail. Where most had failed before, few are left that show whether they are all that do.
        var isDark: Bool { good == 0 && (isEnough || failed + open + failedAgain + openAgain >= 32) }
        var isOver: Bool { open + openAgain == 0 }

        static func += (left: inout Count, right: Count) {
            left.good += right.good
            left.failed += right.failed
            left.failedAgain += right.failedAgain
            left.open += right.open
            left.openAgain += right.openAgain
        }
    }

    /// What the neighbours of a failed poll say of it.
    enum Verdict {
        /// It is the backend's own failure, as far as they can tell.
        case own
        /// It may be everybody's.
        case everybodys
        /// Some of them are under way.
        case notYetKnown
    }

    private var counts: [Int64: Count] = [:]
    private var additions = 0

    /// That of the polls' schedule.
    private static let length = Duration.milliseconds(10).nanoseconds
    /// So many moments before and after it belong to one.
    private static let reach: Int64 = 15
    /// Longer than polls take, whatever the settings say.
    private static let memory = Duration.seconds(180).nanoseconds / length

    mutating func began(at time: Instant, again: Bool) {
        add(time) { if again { $0.openAgain += 1 } else { $0.open += 1 } }
    }

    /// One that was under way has ended, in whatever way.
    mutating func ended(startedAt time: Instant, again: Bool) {
        guard var count = counts[Self.moment(time)] else { return }
        if again { count.openAgain = max(0, count.openAgain - 1) } else { count.open = max(0, count.open - 1) }
        counts[Self.moment(time)] = count
    }

    mutating func succeeded(startedAt time: Instant) { add(time) { $0.good += 1 } }

    mutating func failed(startedAt time: Instant, again: Bool) {
        add(time) { if again { $0.failedAgain += 1 } else { $0.failed += 1 } }
    }

    private mutating func add(_ time: Instant, _ poll: (inout Count) -> Void) {
        let moment = Self.moment(time)
        poll(&counts[moment, default: Count()])
        additions += 1
        if additions.isMultiple(of: 1_024) { counts = counts.filter { $0.key > moment - Self.memory } }
    }

    /// Whose failure that of a poll is that was started at that time.
    ///
    /// In a large pool everybody's, when none succeeded of those that were polled with it, or next before it, or next after it:
    /// half of the backends may be dead, and whatever keeps the monitor itself from all of them has such neighbours, however
    /// short it is. In a small one, when more failed than succeeded of the few.
    private func verdict(_ time: Instant) -> Verdict {
        let moment = Self.moment(time)
        let own = counts[moment] ?? Count()
        let sides = [neighbours(moment, step: -1), neighbours(moment, step: 1)]
        let dark = ([own] + sides).filter(\.isDark)
        guard dark.isEmpty else { return dark.contains(where: \.isOver) ? .everybodys : .notYetKnown }
        if sides.contains(where: \.isEnough) { return .own }
        let few = sides.reduce(into: own) { $0 += $1 }
        if few.failed > few.good { return .everybodys }
        return few.failed + few.open > few.good ? .notYetKnown : .own
    }

    /// The verdicts of one look, each moment's once: of thousands of candidates many were polled in the same.
    struct Verdicts {
        private let moments: PollMoments
        private var known: [Int64: Verdict] = [:]

        init(_ moments: PollMoments) { self.moments = moments }

        mutating func verdict(_ time: Instant) -> Verdict {
            let moment = PollMoments.moment(time)
            if let verdict = known[moment] { return verdict }
            let verdict = moments.verdict(time)
            known[moment] = verdict
            return verdict
        }
    }

    /// The polls of the moments next to that one on one side, as many as are enough.
    private func neighbours(_ moment: Int64, step: Int64) -> Count {
        var sum = Count()
        for distance in 1...Self.reach where !sum.isEnough && !sum.isDark {
            if let count = counts[moment + step * distance] { sum += count }
        }
        return sum
    }

    private static func moment(_ time: Instant) -> Int64 { (time - .origin).nanoseconds / length }
}
