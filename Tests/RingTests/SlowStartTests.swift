import Glibc
import RingLab
import Testing

extension RealRing {
    /// Weights that dovemon sets on a real director: step by step when a backend comes back, and back again where a
    /// maintenance had taken its users away.
    @Suite final class SlowStartTests {
        private let ring: Ring
        private let victim: Backend
        private let stateFile: String

        init() async throws {
            ring = try await Ring.start(directors: 2, backends: 2)
            victim = ring.backends[1]
            stateFile = "\(ring.directory)/state.json"
        }

        deinit { ring.stop() }

        private func dovemon(_ settings: (String, String)...) async throws -> DovemonProcess {
            let dovemon = try DovemonProcess(
                ring: ring, settings: [("state_file", stateFile), ("interval", "0.3"), ("retry_count", "1")] + settings)
            try await dovemon.expectAllPolled(ring)
            return dovemon
        }

        private func row() async throws -> HostListEntry {
            try #require(try await ring.directors[0].host(victim.address))
        }

        private func weight(_ vhosts: Int) async throws {
            try await waitUntil("a weight of \(vhosts)", within: .seconds(15), every: .milliseconds(20)) {
                try await row().vhosts == vhosts
            }
        }

        private func failAndComeBack() async throws {
            try await victim.stop()
            try await waitUntil("HOST-DOWN", within: .seconds(10)) { try await row().state == .down }
            try await victim.start()
        }

        /// How many of so many new users come to the backend.
        private func share(of count: Int, named name: String) async throws -> Int {
            let before = try await row().users
            try await ring.logIn(users: (1...count).map { "\(name)\($0)" })
            return try await row().users - before
        }

        @Test func `A backend that comes back gets a growing share of the users who log in`() async throws {
            let dovemon = try await dovemon(("slow_start", "16"), ("slow_start_steps", "5"))
            try await failAndComeBack()
            try await waitUntil("HOST-UP", within: .seconds(10), every: .milliseconds(20)) {
                let row = try await row()
                // Never with its whole weight.
                #expect(row.state == .down || row.vhosts == 20)
                return row.state == .up
            }
            // A sixth of them by their weights.
            let first = try await share(of: 60, named: "early")
            try await weight(20)
            for vhosts in [40, 60, 80] {
                try await weight(vhosts)
                #expect(try await ring.directors[1].host(victim.address)?.vhosts == vhosts)
            }
            try await weight(100)
            // Half of them.
            let last = try await share(of: 60, named: "late")
            #expect(last > first, "\(first) of 60 at first, \(last) of 60 in the end")
            _ = try await dovemon.waitForLine(
                containing: "backend=\(victim.address) vhosts=100 weight=restored", within: .seconds(5))
            #expect(try await row().state == .up)
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `Killed in the middle, it goes on to the whole weight`() async throws {
            let dovemon = try await dovemon(("slow_start", "8"), ("slow_start_steps", "5"))
            try await failAndComeBack()
            try await weight(40)
            try await dovemon.kill()
            let next = try await self.dovemon(("slow_start", "8"), ("slow_start_steps", "5"))
            try await weight(100)
            #expect(try await next.terminate().status == .exited(0))
        }

        @Test func `What an administrator sets in the middle is left to them`() async throws {
            let dovemon = try await dovemon(("slow_start", "8"), ("slow_start_steps", "5"))
            try await failAndComeBack()
            try await weight(40)
            _ = try await ring.directors[1].doveadm("director", "update", victim.address, "33")
            _ = try await dovemon.waitForLine(
                containing: "backend=\(victim.address) vhosts=33 target=100 weight=left", within: .seconds(5))
            let lines = dovemon.lines.count
            _ = try await dovemon.waitForLine(from: lines, within: .seconds(5)) { $0.contains("poll=ok") }
            #expect(try await row().vhosts == 33)
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        /// As an earlier run had left it: the window's end came while dovemon was away.
        @Test func `A maintenance that ended while dovemon was away ends at its start, and the weight comes back`()
            async throws
        {
            _ = try await ring.directors[0].doveadm("director", "update", victim.address, "0")
            let now = Int(time(nil))
            let file = """
                {"file": "dovemon state", "version": 1, "director": "\(ring.directors[0].adminSocket)", "backends": {
                  "\(victim.address)": {
                    "maintenance": {"by": "alice", "reason": "kernel update", "since": \(now - 100),
                      "until": \(now - 10), "drain": true},
                    "weight": {"target": 70, "ours": [0], "asked": 0, "drained": true}}}}
                """
            let descriptor = open(stateFile, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            #expect(write(descriptor, file, file.utf8.count) == file.utf8.count)
            close(descriptor)
            let dovemon = try await dovemon()
            _ = try await dovemon.waitForLine(
                containing: "backend=\(victim.address) maintenance=expired by=alice", within: .seconds(5))
            try await weight(70)
            #expect(try await dovemon.terminate().status == .exited(0))
        }
    }
}
