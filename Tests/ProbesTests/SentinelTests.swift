import Rehearsal
import Site
import Testing
import Transport

@testable import Probes

@Suite struct SentinelTests {
    private func end(
        _ lines: String..., then interruption: Interruption = .closed("connection closed by the peer")
    ) -> SentinelEnd {
        let pieces = lines.map { Array("\($0)\r\n".utf8)[...] }
        let rehearsal = rehearse(Sentinel(), pieces, then: interruption)
        #expect(rehearsal.words == [])
        return rehearsal.outcome
    }

    @Test func `it says nothing, and one that breaks behind the greeting is lost`() {
        #expect(end("* OK ready") == .lost("connection closed by the peer"))
        #expect(end("* PREAUTH hello") == .lost("connection closed by the peer"))
        #expect(end("* OK ready", then: .unreachable("No route to host")) == .lost("No route to host"))
        #expect(end("* OK ready", "* OK still here") == .lost("connection closed by the peer"))
    }

    @Test func `one that never stood says nothing`() {
        #expect(end() == .quiet)
        #expect(end(then: .refused("Connection refused")) == .quiet)
        #expect(end("* BYE too many connections") == .quiet)
        #expect(end("HTTP/1.1 400 Bad Request") == .quiet)
    }

    @Test func `nor does one that this machine has ended`() {
        #expect(end("* OK ready", then: .local("Network is down")) == .quiet)
        #expect(end("* OK ready", then: .cancelled) == .quiet)
    }

    @Test(arguments: [
        "* BYE Disconnected for inactivity.", "* BYE Connection queue full", "* bye idle for too long",
        "* BYE Autologout; idle for too long", "* BYE timeout",
    ])
    func `a goodbye to idle connections says nothing of the backend`(line: String) {
        #expect(end("* OK ready", line) == .quiet)
    }

    @Test func `another goodbye does`() {
        #expect(end("* OK ready", "* BYE Shutting down\u{7}") == .lost(#"* BYE Shutting down\x07"#))
    }
}
