package import Check
internal import Site

/// All that is known of one backend.
package struct DetailDocument: Codable, Hashable, Sendable {
    package var backend: BackendDocument
    /// The latest of each service.
    package var polls: [PollDocument]
    /// The last failed ones, with their transcripts, the oldest first.
    package var failedPolls: [PollDocument]
    package var history: HistoryDocument
    /// The latest events that name it, the oldest first.
    package var events: [[String: String]]

    enum CodingKeys: String, CodingKey {
        case backend, polls, history, events
        case failedPolls = "failed_polls"
    }
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
