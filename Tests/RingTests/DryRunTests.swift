import RingLab
import Testing

extension RealRing {
    /// dovemon beside a real director that it must leave alone.
    @Suite struct DryRunTests {
        @Test func `A dry run tells what it would send, and changes nothing`() async throws {
            try await withRing(directors: 1, backends: 2) { ring in
                let victim = ring.backends[1]
                let dovemon = try DovemonProcess(ring: ring, options: ["--dry-run"])
                try await dovemon.expectAllPolled(ring)
                try await victim.stop()
                for command in ["HOST-DOWN", "HOST-RESET-USERS"] {
                    _ = try await dovemon.waitForLine(
                        containing: "backend=\(victim.address) command=\(command) note=\"dry run: not sent\"",
                        within: .seconds(10))
                }
                _ = try await dovemon.waitForLine(
                    containing: "backend=\(victim.address)", "poll=failed failed=4 ", within: .seconds(15))
                #expect(try await ring.directors[0].host(victim.address)?.state == .up)
                #expect(dovemon.lines.count { $0.text.contains("command=HOST-DOWN") } == 1)
                #expect(try await dovemon.terminate().status == .exited(0))
            }
        }
    }
}
