/// A moment of monotonic time, in nanoseconds since an arbitrary origin (the machine's boot in the daemon, anything in a
/// test or a simulation). Wall-clock time never decides anything.
package struct Instant: Hashable, Sendable, Comparable {
    /// Nanoseconds since the origin.
    package let nanoseconds: Int64

    /// Makes an instant from nanoseconds since the origin.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The origin itself.
    package static let origin = Instant(nanoseconds: 0)
    /// Later than anything else.
    package static let distantFuture = Instant(nanoseconds: .max)

    /// Earlier before later.
    package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }
    /// The instant this much later; stops at the first or the last one there is instead of overflowing.
    package static func + (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        guard overflow else { return Instant(nanoseconds: sum) }
        return duration < .zero ? Instant(nanoseconds: .min) : .distantFuture
    }
    /// The time from `earlier` to `later`, 292 years at most; negative when they are the other way round.
    package static func - (later: Instant, earlier: Instant) -> Duration {
        let (difference, overflow) = later.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        guard overflow else { return Duration(wholeNanoseconds: difference) }
        return .nanoseconds(later < earlier ? Int64.min : .max)
    }
}

extension Duration {
    /// The whole duration in nanoseconds, at most as many as an `Int64` holds (292 years) in either direction.
    package var nanoseconds: Int64 {
        // Nine seconds either way, which are nearly all: a division of 128 bits takes ten times as long.
        if let few = Int64(exactly: attoseconds) { return few / Self.attosecondsInANanosecond }
        return Int64(clamping: attoseconds / Int128(Self.attosecondsInANanosecond))
    }
    private static var attosecondsInANanosecond: Int64 { 1_000_000_000 }

    /// What `nanoseconds(_:)` gives, which takes some hundred instructions more.
    fileprivate init(wholeNanoseconds count: Int64) {
        self.init(attoseconds: Int128(count) * Int128(Self.attosecondsInANanosecond))
    }

    /// The whole duration in seconds, for people and for output; never for decisions.
    package var inSeconds: Double { Double(nanoseconds) / 1_000_000_000 }
    /// The whole duration in milliseconds, for people and for output; never for decisions.
    package var inMilliseconds: Double { Double(nanoseconds) / 1_000_000 }
}
