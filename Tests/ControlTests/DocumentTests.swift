import DirectorAdmin
import Site
import Testing

@testable import Control
@testable import Monitor

/// What the documents say of what the monitor knows.
@Suite struct DocumentTests {
    private func document(lastChange: Int) throws -> BackendDocument {
        let address = try #require(IPAddress("10.0.0.1"))
        let host = Host(
            address: address, spelling: "10.0.0.1", vhosts: 100, users: 3, tag: "", state: .down,
            lastChange: lastChange)
        let status = BackendStatus(
            host: host, isHealthy: false, failures: 3, reason: nil, needed: 3, isGuarded: false, hold: nil,
            maintenance: nil, slowStart: nil, isOwnDown: false, nextPoll: nil)
        return Snapshot.Backend(status: status, record: nil).document(at: Moment(.origin, LogTime(milliseconds: 0)))
    }

    @Test func `when a backend was changed before this run is the director's word, and nobody knows by whom`() throws {
        let change = try document(lastChange: 1_700_000_000).lastChange
        #expect(change == ChangeDocument(time: "2023-11-14T22:13:20.000Z", state: "down", by: nil, reason: nil))
    }

    @Test(arguments: [0, -1, .min, .max, 253_402_300_800]) func `what is no time is none`(lastChange: Int) throws {
        #expect(try document(lastChange: lastChange).lastChange == nil)
    }
}
