internal import Glibc

/// The wall clock: for what is written down, and for the director's times; it decides nothing else.
package enum UnixClock {
    /// `Instant.origin` in seconds since 1970, by the wall clock of now.
    package static func origin() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let now = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        var monotonic = timespec()
        clock_gettime(CLOCK_MONOTONIC, &monotonic)
        return now - Double(monotonic.tv_sec) - Double(monotonic.tv_nsec) / 1e9
    }
}
