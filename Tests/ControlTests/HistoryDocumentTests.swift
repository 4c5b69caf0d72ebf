import DirectorAdmin
import Site
import Testing

@testable import Control
@testable import Monitor

/// What is told of a backend's last 24 hours.
@Suite struct HistoryDocumentTests {
    @Test func `the end is that of the step that is going on, whenever in it somebody asks`() throws {
        let host = Host(
            address: try #require(IPAddress("10.0.0.1")), spelling: "10.0.0.1", vhosts: 100, users: 0, tag: "",
            state: .up, lastChange: 0)
        let status = BackendStatus(
            host: host, isHealthy: true, failures: 0, reason: nil, needed: 2, isGuarded: false, hold: nil,
            maintenance: nil, slowStart: nil, isOwnDown: false, nextPoll: nil)
        let backend = Snapshot.Backend(status: status, record: nil)
        // A step begins 300 s after the origin.
        for (seconds, isLast) in [(300, true), (310, true), (599, true), (600, false)] {
            let moment = Moment(
                Instant.origin + .seconds(seconds), LogTime(milliseconds: 1_000_000_000 + seconds * 1_000))
            let end = LogTime(milliseconds: 1_000_000_000 + (isLast ? 600 : 900) * 1_000)
            #expect(backend.history(at: moment).end == end.iso8601, "\(seconds)")
        }
    }
}
