internal import NIOCore
internal import Site

/// Notices when this process was held up: stopped (SIGSTOP, a debugger, a suspended machine) or starved of its processor.
///
/// Ticks only while something is watched. Loop-confined.
final class LoopWatch {
    /// What the loop had missed when somebody began to look.
    struct Mark: Sendable {
        fileprivate let missed: Duration
    }

    private let loop: any EventLoop
    private let clock: () -> Instant
    private var meter: StallMeter
    private var watched = 0
    private(set) var isTicking = false

    /// Watches `loop` by a clock that goes on while the machine is suspended.
    init(loop: any EventLoop, clock: @escaping () -> Instant = Instant.sinceBoot) {
        self.loop = loop
        self.clock = clock
        meter = StallMeter(from: clock())
    }

    /// Begins to watch for somebody. `end` must follow.
    func begin() -> Mark {
        watched += 1
        if !isTicking {
            isTicking = true
            meter.restart(at: clock())
            tick()
        }
        return Mark(missed: meter.missed(at: clock()))
    }

    /// Watches no longer for somebody.
    func end() { watched -= 1 }

    /// For how long the loop has been held up since then, all in all.
    func missed(since mark: Mark) -> Duration { meter.missed(at: clock()) - mark.missed }

    private func tick() {
        loop.assumeIsolated().scheduleTask(in: .nanoseconds(StallMeter.period.nanoseconds)) { [weak self] in
            guard let self else { return }
            guard watched > 0 else {
                isTicking = false
                return
            }
            meter.ticked(at: clock())
            tick()
        }
    }
}

/// A conversation's time limit, with an eye on how much of it this process was there.
package struct WatchedTime {
    private let limit: Duration
    private let watch: LoopWatch
    private let mark: LoopWatch.Mark

    init(_ limit: Duration, by watch: LoopWatch) {
        self.limit = limit
        self.watch = watch
        mark = watch.begin()
    }

    /// For how long this process was held up; nil when it was not, or too little to matter.
    package var stall: Duration? {
        let missed = watch.missed(since: mark)
        return StallMeter.isTooMuch(missed, of: limit) ? missed : nil
    }

    /// The conversation is over. To be called once.
    package func end() { watch.end() }
}

/// Adds up by how much the ticks of a loop are late.
struct StallMeter: Sendable {
    /// From one tick to the next. What is shorter than this may go unnoticed.
    static let period = Duration.milliseconds(50)
    /// Any loop is late now and then, by no more than two ticks: a deadline under half a second must not make that a reason to
    /// know nothing.
    private static let usual = Duration.milliseconds(100)

    private var due: Instant
    private var sum = Duration.zero

    init(from now: Instant) { due = now + Self.period }

    /// After a time in which nobody had it tick.
    mutating func restart(at now: Instant) { due = now + Self.period }

    mutating func ticked(at now: Instant) {
        sum = missed(at: now)
        due = now + Self.period
    }

    /// By how much the ticks were late so far. One that has not come counts too: what was held up with it may be seen to
    /// before it.
    func missed(at now: Instant) -> Duration { sum + max(.zero, now - due) }

    /// Whether so much of a time limit was missed that nothing can be said of what did not happen within it.
    static func isTooMuch(_ missed: Duration, of time: Duration) -> Bool { missed > max(time / 5, usual) }
}

extension Interruption {
    /// This process was held up for so long, in words.
    package static func stall(_ time: Duration) -> String {
        "this process was stopped or starved for some \(time.nanoseconds / 1_000_000) ms"
    }
}
