internal import Glibc

/// A time of day, for people: what is decided is decided by `Instant`.
package struct LogTime: Hashable, Sendable {
    /// Since 1970, UTC.
    package let milliseconds: Int

    /// A time.
    package init(milliseconds: Int) { self.milliseconds = milliseconds }

    /// By the system's clock.
    package static func now() -> LogTime {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return LogTime(milliseconds: now.tv_sec * 1_000 + now.tv_nsec / 1_000_000)
    }

    /// ISO 8601 in UTC, with milliseconds: `2026-11-21T13:20:00.123Z`.
    package var iso8601: String {
        var (time, parts) = (seconds, tm())
        gmtime_r(&time, &parts)
        let fraction = String(milliseconds - time * 1_000 + 1_000).suffix(3)
        return Self.text(parts, "%Y-%m-%dT%H:%M:%S") + ".\(fraction)Z"
    }

    /// The local time, by strftime(3).
    package func local(_ format: String) -> String {
        var (time, parts) = (seconds, tm())
        localtime_r(&time, &parts)
        return Self.text(parts, format)
    }

    private var seconds: time_t { Int((Double(milliseconds) / 1_000).rounded(.down)) }

    private static func text(_ parts: tm, _ format: String) -> String {
        var (parts, text) = (parts, [CChar](repeating: 0, count: 64))
        let length = strftime(&text, text.count, format, &parts)
        return String(decoding: text.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
