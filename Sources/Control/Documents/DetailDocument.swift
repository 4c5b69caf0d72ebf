package import Check
package import Site

/// All that is known of one backend.
package struct DetailDocument: Codable, Hashable, Sendable {
    package var backend: BackendDocument
    /// Whom a command for it would be sent to, and whether one may be.
    package var director: DirectorDocument
    package var ring: RingDocument
    package var dryRun: Bool
    /// How its HOST-DOWN is put off.
    @ExplicitNull package var delayedDown: DelayedDownDocument?
    /// The latest of each service.
    package var polls: [PollDocument]
    /// The last failed ones, with their transcripts, the oldest first.
    package var failedPolls: [PollDocument]
    package var history: HistoryDocument
    /// The latest events that name it, the oldest first.
    package var events: [[String: String]]

    enum CodingKeys: String, CodingKey {
        case backend, director, ring, polls, history, events
        case dryRun = "dry_run"
        case delayedDown = "delayed_down"
        case failedPolls = "failed_polls"
    }
}

/// How a backend's HOST-DOWN is put off by `use_delayed_down`.
package struct DelayedDownDocument: Codable, Hashable, Sendable {
    /// How long still.
    package var seconds: Double
    /// Whether it is only logged after that, as more than `delayed_down_limit` backends are down or about to be.
    package var withheld: Bool
}

/// How a backend was in the last 24 hours.
package struct HistoryDocument: Codable, Hashable, Sendable {
    package var stepSeconds: Double
    /// Of the last step, which is going on: up to five minutes ahead.
    package var end: String
    /// A letter for each step.
    package var states: String
    /// A median for each step.
    package var latencyMilliseconds: [Double?]

    enum CodingKeys: String, CodingKey {
        case end, states
        case stepSeconds = "step_seconds"
        case latencyMilliseconds = "latency_milliseconds"
    }
}

/// How some backends were.
package struct HistoriesDocument: Codable, Hashable, Sendable {
    package var histories: [String: HistoryDocument]
}

/// What happened, the oldest first.
package struct EventsDocument: Codable, Hashable, Sendable {
    package var events: [[String: String]]
}

/// The maintenance windows that go on.
package struct MaintenancesDocument: Codable, Hashable, Sendable {
    /// One of them.
    package struct Entry: Codable, Hashable, Sendable {
        package var backend: String
        package var maintenance: MaintenanceDocument
    }

    package var maintenance: [Entry]
}
