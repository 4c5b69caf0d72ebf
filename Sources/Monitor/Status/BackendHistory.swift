internal import Glibc
package import Site

/// How a backend stood at a moment, the gravest last.
package enum BackendCondition: UInt8, Comparable, Hashable, Sendable {
    /// Nothing is known yet.
    case unknown
    /// It is listed up, and polls well.
    case up
    /// It is under maintenance.
    case maintenance
    /// Polls fail.
    case failing
    /// It is listed down.
    case down

    /// The graver one is the greater one.
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// One character for it: `.`, `u`, `m`, `f`, `d`.
    package var letter: Character {
        switch self {
        case .unknown: "."
        case .up: "u"
        case .maintenance: "m"
        case .failing: "f"
        case .down: "d"
        }
    }
}

/// How one backend fared in the last 24 hours, and how long its polls took in the last one; 1.1 KiB from the first on.
package struct BackendHistory: Hashable, Sendable {
    /// The time is cut into steps of this length.
    package static let step = Duration.seconds(300)
    /// So many are remembered.
    package static let steps = 288
    private static let stepsOfAnHour = 12
    /// So many polls of a step are remembered, whatever the interval.
    private static let samplesOfAStep = 30

    /// The oldest first; the last one is going on.
    private var kept: [Step] = []
    /// The number of the step that is going on, counted from the origin of time.
    private var current = Int64.min
    /// How it stood last: a step in which nothing happens is like the end of the one before.
    private var last = BackendCondition.unknown
    /// The latencies of the last hour, step by step, the oldest first, and how many there are of each.
    private var samples: [Latency] = []
    private var sampleCounts: [UInt8] = []
    /// How many there were in the step that is going on.
    private var seen = 0

    /// Nothing is known yet.
    package init() {}

    /// How it stands now; with the time that its latest good poll took, if there was one.
    package mutating func note(_ condition: BackendCondition, latency: Duration? = nil, at now: Instant) {
        reserve()
        advance(to: now)
        last = condition
        let place = kept.count - 1
        kept[place].condition = max(kept[place].condition, condition)
        if let latency { add(Latency(latency)) }
    }

    /// When the step that is going on ends: steps begin and end at the same times for all backends, whenever one is asked for.
    package static func stepEnd(at now: Instant) -> Instant {
        Instant(nanoseconds: (number(of: now) + 1) * step.nanoseconds)
    }

    /// One letter and one median latency for each step, the oldest first; the last one is going on.
    package func steps(at now: Instant) -> (letters: String, medians: [Duration?]) {
        var whole = self
        whole.advance(to: now)
        let medians = whole.kept.dropLast().map(\.median) + [Self.quantile(0.5, of: whole.samplesOfCurrentStep)]
        return (String(whole.kept.map(\.condition.letter)), medians.map { $0?.duration })
    }

    /// What half, and what 99 of 100 good polls of the last hour took at most; nil where there was none.
    package func latency(at now: Instant) -> (median: Duration, p99: Duration)? {
        guard current != .min else { return nil }
        let recent: ArraySlice<Latency>
        let age = Self.number(of: now) - current
        // Without a poll since, the oldest steps are past the hour by now.
        if age <= 0 {
            recent = samples[...]
        } else {
            let kept = max(0, Self.stepsOfAnHour - Int(clamping: age))
            recent = samples.suffix(sampleCounts.suffix(kept).reduce(0) { $0 + Int($1) })
        }
        guard let median = Self.quantile(0.5, of: recent), let high = Self.quantile(0.99, of: recent) else {
            return nil
        }
        return (median.duration, high.duration)
    }

    /// Arrays that grow by themselves take up to twice as much; and where somebody is reading them, what is written to is a copy
    /// that has no room.
    private mutating func reserve() {
        kept.reserveCapacity(Self.steps)
        samples.reserveCapacity(Self.stepsOfAnHour * Self.samplesOfAStep)
        sampleCounts.reserveCapacity(Self.stepsOfAnHour)
    }

    private mutating func advance(to now: Instant) {
        let number = Self.number(of: now)
        guard number > current else { return }
        guard current != .min else {
            current = number
            return begin()
        }
        kept[kept.count - 1].median = Self.quantile(0.5, of: samplesOfCurrentStep)
        for _ in 0..<min(number - current, Int64(Self.steps)) { begin() }
        current = number
    }

    private mutating func begin() {
        if kept.count == Self.steps { kept.removeFirst() }
        kept.append(Step(condition: last))
        if sampleCounts.count == Self.stepsOfAnHour { samples.removeFirst(Int(sampleCounts.removeFirst())) }
        sampleCounts.append(0)
        seen = 0
    }

    /// Of many polls of a step each has the same chance to be among those that are kept.
    private mutating func add(_ latency: Latency) {
        seen += 1
        guard seen > Self.samplesOfAStep else {
            samples.append(latency)
            sampleCounts[sampleCounts.count - 1] += 1
            return
        }
        let place = Int(Self.scattered(UInt64(seen)) % UInt64(seen))
        if place < Self.samplesOfAStep { samples[samples.count - Self.samplesOfAStep + place] = latency }
    }

    private var samplesOfCurrentStep: ArraySlice<Latency> { samples.suffix(Int(sampleCounts.last ?? 0)) }

    private static func number(of time: Instant) -> Int64 { time.nanoseconds / step.nanoseconds }

    /// The smallest that so many are not greater than.
    private static func quantile(_ part: Double, of samples: ArraySlice<Latency>) -> Latency? {
        guard !samples.isEmpty else { return nil }
        let sorted = samples.sorted()
        return sorted[min(sorted.count - 1, max(0, Int((part * Double(sorted.count)).rounded(.up)) - 1))]
    }

    /// SplitMix64's output function: the same number always gives the same.
    private static func scattered(_ number: UInt64) -> UInt64 {
        var mixed = number &* 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// What is remembered of a step, in two bytes.
private struct Step: Hashable, Sendable {
    /// The gravest.
    var condition: BackendCondition
    private var code: UInt8 = 0

    init(condition: BackendCondition) { self.condition = condition }

    /// The median latency; nil while the step is going on, and where no poll went well.
    var median: Latency? {
        get { code == 0 ? nil : Latency(code: code) }
        set { code = newValue?.code ?? 0 }
    }
}

/// How long a poll took, in one byte: 0.1 ms to four minutes, to three percent.
private struct Latency: Comparable, Hashable, Sendable {
    /// Never 0.
    let code: UInt8

    init(code: UInt8) { self.code = code }

    init(_ duration: Duration) {
        code = UInt8(clamping: 1 + Int((12 * log2(max(duration.inMilliseconds * 10, 1))).rounded()))
    }

    var duration: Duration { .nanoseconds(Int64(100_000 * exp2(Double(code - 1) / 12))) }

    static func < (left: Latency, right: Latency) -> Bool { left.code < right.code }
}
