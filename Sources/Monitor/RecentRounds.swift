package import Site

/// How the last rounds of one backend went, for people who ask by SIGHUP; some 40 bytes.
package struct RecentRounds: Hashable, Sendable {
    /// So many are remembered.
    package static let limit = 10

    /// A failed round; graver than any time, and than `undetermined`.
    private static let failed = UInt32.max
    /// A round in which the own machine was in the way.
    private static let undetermined = UInt32.max - 1

    /// Tenths of a millisecond, or one of the above; the oldest first.
    private var outcomes: [UInt32] = []
    /// The gravest of the polls of the round that is going on: its slowest, when all were good.
    private var current: UInt32 = 0

    /// No rounds yet.
    package init() {}

    /// A round has started.
    package mutating func roundStarted() { current = 0 }

    /// A poll of the round has ended.
    package mutating func pollEnded(_ report: PollReport) {
        let outcome =
            switch report.failure?.meaning {
            case .fault: Self.failed
            case .nothing: Self.undetermined
            // No poll takes longer than an hour.
            case .warning, nil: UInt32(clamping: Int((report.duration.inMilliseconds * 10).rounded()))
            }
        current = max(current, outcome)
    }

    /// All polls of the round have ended.
    package mutating func roundEnded() {
        if outcomes.count == Self.limit { outcomes.removeFirst() }
        outcomes.append(current)
    }

    /// `12.3ms 11.0ms failed`, the oldest first; `none` before the first one.
    package var text: String {
        guard !outcomes.isEmpty else { return "none" }
        return outcomes.map { outcome in
            switch outcome {
            case Self.failed: "failed"
            case Self.undetermined: "unknown"
            default: "\(outcome / 10).\(outcome % 10)ms"
            }
        }.joined(separator: " ")
    }
}
