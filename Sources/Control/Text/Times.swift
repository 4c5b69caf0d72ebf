internal import FoundationEssentials
internal import Monitor

extension LogTime {
    /// Reads what `iso8601` writes.
    init?(iso8601 text: String) {
        guard let date = try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)) else {
            return nil
        }
        self.init(milliseconds: Int((date.timeIntervalSince1970 * 1_000).rounded()))
    }
}

/// A length of time in a few characters: `4s`, `12m`, `3h 05m`, `2d 4h`.
func shortTime(seconds: Double) -> String {
    let whole = Int(max(0, min(seconds, 1e12)).rounded())
    switch whole {
    case ..<60: return "\(whole)s"
    case ..<3_600: return "\(whole / 60)m"
    case ..<86_400: return "\(whole / 3_600)h \(String(100 + whole / 60 % 60).dropFirst())m"
    default: return "\(whole / 86_400)d \(whole / 3_600 % 24)h"
    }
}

/// From one time to another, both in ISO 8601; nil where either is none.
func seconds(from earlier: String?, to later: String?) -> Double? {
    guard let earlier = earlier.flatMap(LogTime.init(iso8601:)), let later = later.flatMap(LogTime.init(iso8601:))
    else {
        return nil
    }
    return Double(later.milliseconds - earlier.milliseconds) / 1_000
}

/// A time of ISO 8601 as people read it here: `2026-11-21 14:20:00`, by the local clock.
func localTime(_ text: String?) -> String {
    text.flatMap(LogTime.init(iso8601:))?.local("%Y-%m-%d %H:%M:%S") ?? "unknown"
}

/// Reads a length of time as people write it: `90s`, `30m`, `2h`, `1d`, `1h30m`; nil where it is none, or has no end.
package func duration(_ text: String) -> Duration? {
    var rest = text[...]
    var total = 0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        guard let number = Int(digits), number <= 1_000_000, let unit = rest.popFirst() else { return nil }
        switch unit {
        case "s": total += number
        case "m": total += number * 60
        case "h": total += number * 3_600
        case "d": total += number * 86_400
        default: return nil
        }
    }
    return .seconds(total)
}
