import RingLab
import Testing

extension RealRing {
    /// dovemon's own director is stopped while a command is on its way to it.
    @Suite final class StoppedDirectorTests {
        private let ring: Ring
        private let victim: Backend
        private let tap: AdminTap

        init() async throws {
            ring = try await Ring.start(directors: 2, backends: 2)
            victim = ring.backends[1]
            tap = try AdminTap(ring)
        }

        deinit { ring.stop() }

        @Test func `A director that is stopped with a command in its hands runs it once, and polls go on meanwhile`()
            async throws
        {
            let dovemon = try DovemonProcess(
                ring: ring, settings: [("director_admin_socket", tap.path), ("interval", "0.5")])
            try await dovemon.expectAllPolled(ring)
            let director = ring.directors[0]
            tap.judge { line in
                if line.text.hasPrefix("HOST-DOWN") { try? director.freezeDirectorProcess() }
                return .passOn
            }
            try await victim.stop()
            _ = try await dovemon.waitForLine(containing: " err: director=lost", within: .seconds(15))
            tap.keepNothing()
            let start = dovemon.lines.count
            for _ in 1...3 {
                _ = try await dovemon.waitForLine(
                    containing: "backend=\(ring.backends[0].address)", "poll=ok", from: dovemon.lines.count,
                    within: .seconds(5))
                _ = try await dovemon.waitForLine(
                    containing: "backend=\(victim.address)", "poll=failed", from: dovemon.lines.count,
                    within: .seconds(5))
            }
            #expect(!dovemon.lines.contains { $0.text.contains("state=down") })
            try director.thawDirectorProcess()
            _ = try await dovemon.waitForLine(containing: "director=back", from: start, within: .seconds(10))
            _ = try await dovemon.waitForLine(
                containing: "backend=\(victim.address)", "state=down", "by=dovemon", from: start, within: .seconds(30))
            try await ring.waitUntil(victim, is: .down, within: .seconds(60))
            try await victim.start()
            try await ring.waitUntil(victim, is: .up, within: .seconds(60))
            #expect(tap.count("HOST-DOWN", victim.address) == 1, "\(tap.commands)")
            #expect(tap.count("HOST-UP", victim.address) == 1, "\(tap.commands)")
            _ = try await dovemon.terminate()
        }
    }
}
