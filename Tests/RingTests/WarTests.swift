import Glibc
import RingLab
import Synchronization
import Testing

extension RealRing {
    /// Two monitors at two directors of one ring, of which only one can log in to a backend.
    @Suite final class WarTests {
        private let ring: Ring
        private let victim: Backend

        init() async throws {
            ring = try await Ring.start(directors: 2, backends: 3)
            victim = ring.backends[1]
        }

        deinit { ring.stop() }

        private func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }

        /// Holds up each command to the next second. Dovecot dates changes by the second: an UP and a DOWN of the same one, at
        /// two directors, can chase each other around the ring for ever, or leave the directors of two minds.
        private func separateChanges(_ taps: [AdminTap]) {
            let latest = Latest()
            for tap in taps {
                tap.judge { line in
                    if !line.isReply, line.text.hasPrefix("HOST-UP") || line.text.hasPrefix("HOST-DOWN") {
                        latest.second.withLock { second in
                            while time(nil) <= second { usleep(5_000) }
                            second = time(nil)
                        }
                    }
                    return .passOn
                }
            }
        }

        /// When the last command was.
        private final class Latest: Sendable {
            let second = Mutex(0)
        }

        @Test func `Two monitors that disagree change a backend no oftener than war_hold allows, and tell of it`()
            async throws
        {
            let hold = 1.5
            let settings = [("interval", "0.3"), ("retry_count", "1"), ("war_hold", "\(hold)")]
            let taps = [try AdminTap(ring), try AdminTap(ring, director: 1)]
            separateChanges(taps)
            let seeing = try DovemonProcess(
                ring: ring, settings: settings + [("director_admin_socket", taps[0].path)])
            try await seeing.expectAllPolled(ring)
            let accounts = ring.backends.map { backend in
                let password = backend.address == victim.address ? "wrong" : backend.account.password
                return "\(backend.address):\n  username: \(backend.account.username)\n  password: \(password)\n"
            }
            let blind = try DovemonProcess(
                ring: ring, settings: settings + [("director_admin_socket", taps[1].path)], accounts: accounts.joined())
            let address = "backend=\(victim.address)"
            for time in [hold, 2 * hold, 4 * hold] {
                _ = try await seeing.waitForLine(
                    containing: " err: \(address) health=ok state=down held=war for=\(time)s", within: .seconds(20))
            }
            let downs = seeing.lines.filter { $0.text.contains("\(address) state=down by=others") }
            let ups = seeing.lines.filter { $0.text.contains("\(address)") && $0.text.contains("state=up by=dovemon") }
            // Up once as ever, and then behind each hold.
            #expect(ups.count == 3, "\(ups)")
            #expect(downs.count == 4, "\(downs)")
            #expect(taps[0].count("HOST-UP", victim.address) == 3)
            #expect(taps[1].count("HOST-DOWN", victim.address) == 4)
            for (number, (up, down)) in zip(ups.dropFirst(), downs.dropFirst()).enumerated() {
                #expect(seconds(up.arrival - down.arrival) >= hold * [1, 2][number] - 0.2)
            }
            // The other one does what it always did, and is not held up by what the first one thinks.
            try await waitUntil("its own word of its fourth HOST-DOWN", within: .seconds(10)) {
                blind.lines.count { $0.text.contains("state=down") && $0.text.contains("by=dovemon") } >= 4
            }
            #expect(!blind.lines.contains { $0.text.contains("held=war") })
            _ = try await seeing.terminate()
            _ = try await blind.terminate()
        }
    }
}
