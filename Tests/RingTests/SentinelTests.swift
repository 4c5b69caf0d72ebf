import RingLab
import Testing

extension RealRing {
    /// dovemon with sentinels beside real directors and backends.
    @Suite final class SentinelTests {
        private let ring: Ring
        private let victim: Backend

        init() async throws {
            ring = try await Ring.start(directors: 2, backends: 3)
            victim = ring.backends[1]
        }

        deinit { ring.stop() }

        private func dovemon(_ settings: [(String, String)] = []) throws -> DovemonProcess {
            try DovemonProcess(
                ring: ring,
                settings: [("sentinel", "yes"), ("retry_interval", "0.2"), ("retry_count", "3")] + settings)
        }

        /// Waits until each backend has been polled well twice: the sentinel was opened after the first time.
        private func expectSentinels(_ dovemon: DovemonProcess) async throws {
            for backend in ring.backends {
                try await waitUntil("a sentinel at \(backend.address)", within: .seconds(25)) {
                    let lines = dovemon.lines.filter { $0.text.contains("backend=\(backend.address) ") }
                    return lines.count { $0.text.contains("poll=ok") } >= 2
                }
            }
        }

        @Test func `A crash is known long before the next poll`() async throws {
            let dovemon = try dovemon([("interval", "10")])
            try await expectSentinels(dovemon)
            let crash = ContinuousClock.now
            try await victim.kill()
            let down = try await dovemon.waitForLine(
                containing: "backend=\(victim.address) ", " state=down ", "by=dovemon", within: .seconds(20))
            #expect(down.arrival - crash < .seconds(3), "\(down.arrival - crash)")
            #expect(dovemon.lines.contains { $0.text.contains("backend=\(victim.address) sentinel=lost ") })
            let others = dovemon.lines.filter { !$0.text.contains(victim.address) }
            #expect(!others.contains { $0.text.contains("sentinel=lost") || $0.text.contains("poll=failed") })
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `A reload of Dovecot breaks none, and the log of a backend tells of none that stands`() async throws
        {
            let dovemon = try dovemon([("interval", "1")])
            try await expectSentinels(dovemon)
            let before = readFile(victim.logFile) ?? ""
            #expect(!before.contains("no auth attempts"), "\(before.suffix(2000))")
            try await victim.restorePassword()
            try await expectSentinels(dovemon)
            #expect(!dovemon.lines.contains { $0.text.contains("poll=failed") || $0.text.contains("state=down") })
            #expect(try await dovemon.terminate().status == .exited(0))
        }
    }
}
