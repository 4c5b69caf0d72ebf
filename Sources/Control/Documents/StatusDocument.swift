package import Site

/// How everything stands, for programs: what `dovemon status --format json`, the control socket and `/api/v1/status` tell.
/// docs/control.md has each key.
package struct StatusDocument: Codable, Hashable, Sendable {
    package var revision: Int
    package var time: String
    package var version: String
    package var startedAt: String
    package var dryRun: Bool
    package var intervalSeconds: Double
    package var director: DirectorDocument
    package var ring: RingDocument
    package var guards: [GuardDocument]
    package var backends: [BackendDocument]

    enum CodingKeys: String, CodingKey {
        case revision, time, version, director, ring, backends
        case startedAt = "started_at"
        case dryRun = "dry_run"
        case intervalSeconds = "interval_seconds"
        case guards = "guard"
    }
}

/// How it stands with the director.
package struct DirectorDocument: Codable, Hashable, Sendable {
    package var connected: Bool
    @ExplicitNull package var since: String?
    @ExplicitNull package var lastListAt: String?
    @ExplicitNull package var error: String?

    enum CodingKeys: String, CodingKey {
        case connected, since, error
        case lastListAt = "last_list_at"
    }
}

/// How far the directors agree.
package struct RingDocument: Codable, Hashable, Sendable {
    package var state: String
}

/// A pool whose HOST-DOWNs are withheld.
package struct GuardDocument: Codable, Hashable, Sendable {
    package var tag: String
    package var withheld: Int
    package var healthy: Int
    package var needed: Int
    package var pool: Int
    package var since: String
}

/// How one backend stands.
package struct BackendDocument: Codable, Hashable, Sendable {
    package var address: String
    package var tag: String
    package var vhosts: Int
    package var users: Int
    @ExplicitNull package var state: String?
    @ExplicitNull package var healthy: Bool?
    package var failures: Int
    package var needed: Int
    @ExplicitNull package var reason: String?
    @ExplicitNull package var maintenance: MaintenanceDocument?
    package var guarded: Bool
    @ExplicitNull package var hold: HoldDocument?
    @ExplicitNull package var slowStart: SlowStartDocument?
    package var ownDown: Bool
    @ExplicitNull package var lastChange: ChangeDocument?
    @ExplicitNull package var latency: LatencyDocument?
    @ExplicitNull package var nextPollAt: String?

    enum CodingKeys: String, CodingKey {
        case address, tag, vhosts, users, state, healthy, failures, needed, reason, maintenance, hold, latency
        case guarded = "guard"
        case slowStart = "slow_start"
        case ownDown = "own_down"
        case lastChange = "last_change"
        case nextPollAt = "next_poll_at"
    }
}

/// Why a backend is left alone.
package struct MaintenanceDocument: Codable, Hashable, Sendable {
    package var kind: String
    @ExplicitNull package var by: String?
    @ExplicitNull package var reason: String?
    @ExplicitNull package var since: String?
    @ExplicitNull package var until: String?
    package var drain: Bool
    @ExplicitNull package var kept: Bool?
}

/// Why a healthy backend stays down.
package struct HoldDocument: Codable, Hashable, Sendable {
    package var kind: String
    @ExplicitNull package var seconds: Double?
}

/// How far a backend has come back.
package struct SlowStartDocument: Codable, Hashable, Sendable {
    package var vhosts: Int
    package var target: Int
}

/// The latest change of a backend's switch; one from before this run has neither `by` nor a reason.
package struct ChangeDocument: Codable, Hashable, Sendable {
    package var time: String
    @ExplicitNull package var state: String?
    @ExplicitNull package var by: String?
    @ExplicitNull package var reason: String?
}

/// How long the good polls of the last hour took.
package struct LatencyDocument: Codable, Hashable, Sendable {
    package var medianMilliseconds: Double
    package var p99Milliseconds: Double

    enum CodingKeys: String, CodingKey {
        case medianMilliseconds = "median_milliseconds"
        case p99Milliseconds = "p99_milliseconds"
    }
}
