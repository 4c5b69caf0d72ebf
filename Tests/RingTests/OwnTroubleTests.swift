import Glibc
import RingLab
import Testing

extension RealRing {
    /// What befalls dovemon's own machine: the log daemon, the disk of the state file, the descriptors.
    @Suite final class OwnTroubleTests {
        private let ring: Ring
        private let victim: Backend

        init() async throws {
            ring = try await Ring.start(directors: 1, backends: 3)
            victim = ring.backends[1]
        }

        deinit { ring.stop() }

        private var isUp: Bool {
            get async throws { try await ring.directors[0].host(victim.address)?.state == .up }
        }

        // MARK: The log daemon

        @Test func `Without its log daemon dovemon decides all the same, and says later what it did and what was lost`()
            async throws
        {
            let path = "\(ring.directory)/log"
            var daemon: NotifySocket? = try NotifySocket(path)
            let dovemon = try DovemonProcess(
                ring: ring, settings: [("logger_socket_addr", path), ("interval", "0.4")], isForeground: false)
            for backend in ring.backends {
                try await daemon?.waitForLine { $0.contains("backend=\(backend.address)") && $0.contains("poll=ok") }
            }
            daemon = nil
            unlink(path)
            try await victim.stop()
            try await ring.waitUntil(victim, is: .down, within: .seconds(10))
            try await victim.start()
            try await ring.waitUntil(victim, is: .up, within: .seconds(10))

            let other = try NotifySocket(path)
            // HOST-UP may be confirmed, and so be told, after the loss.
            var missing: [(String) -> Bool] = [
                { [victim] in $0.contains("backend=\(victim.address)") && $0.contains("state=down") },
                { [victim] in $0.contains("backend=\(victim.address)") && $0.contains("state=up") },
                { $0.contains(/^<20>.*: log=lost lines=[1-9]/) },
            ]
            try await other.waitForLine { line in
                missing.removeAll { $0(line) }
                return missing.isEmpty
            }
            try await victim.stop()
            try await other.waitForLine { $0.contains("backend=\(victim.address)") && $0.contains("state=down") }
            #expect(dovemon.lines.isEmpty, "\(dovemon.lines)")
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        // MARK: The state file

        @Test(.enabled(if: SmallDisk.unavailableReason == nil, "\(SmallDisk.unavailableReason ?? "")"))
        func `A full disk under the state file is one warning, and HOST-DOWN goes out all the same`() async throws {
            let disk = try SmallDisk(at: try ring.newDirectory("disk"), kilobytes: 8)
            try disk.fill()
            let dovemon = try DovemonProcess(
                ring: ring, settings: [("state_file", "\(disk.directory)/state.json"), ("interval", "0.4")])
            try await dovemon.expectAllPolled(ring)
            for _ in 1...2 {
                let start = dovemon.lines.count
                try await victim.stop()
                try await ring.waitUntil(victim, is: .down, within: .seconds(10))
                let faulty = try await dovemon.waitForLine(
                    containing: "health=faulty", from: start, within: .seconds(5))
                let down = try await dovemon.waitForLine(
                    containing: "state=down", "by=dovemon", from: start, within: .seconds(5))
                #expect(down.arrival - faulty.arrival < .seconds(1), "a disk that says no need not be waited for")
                try await victim.start()
                try await ring.waitUntil(victim, is: .up, within: .seconds(10))
            }
            let warnings = dovemon.lines.filter { $0.text.contains("state_file=failed") }
            #expect(warnings.count == 1)
            #expect(warnings.first?.text.contains(" warning: ") == true)
            #expect(warnings.first?.text.contains("No space left on device") == true, "\(warnings)")

            disk.empty()
            try await victim.stop()
            _ = try await dovemon.waitForLine(containing: " notice: state_file=written", within: .seconds(10))
            try await ring.waitUntil(victim, is: .down, within: .seconds(10))
            try await waitUntil("the state to be written", within: .seconds(5)) {
                readFile("\(disk.directory)/state.json")?.contains(victim.address) == true
            }

            // Nothing else changes before the end.
            try disk.fill()
            try await victim.start()
            try await ring.waitUntil(victim, is: .up, within: .seconds(10))
            _ = try await dovemon.waitForLine(
                containing: "state_file=failed", from: dovemon.lines.count - 5, within: .seconds(10))
            disk.empty()
            #expect(try await dovemon.terminate().status == .exited(0))
            #expect(readFile("\(disk.directory)/state.json")?.contains("\"down\"") == false)
        }

        // MARK: Descriptors

        @Test func `Without descriptors nothing is marked down, it is told once, and all goes on when there are some`()
            async throws
        {
            let dovemon = try DovemonProcess(
                ring: ring, settings: [("interval", "0.3"), ("retry_count", "1")],
                environment: ["prlimit", "--nofile=500:500"])
            try await dovemon.expectAllPolled(ring)
            try await limit(dovemon, to: 3)
            _ = try await dovemon.waitForLine(
                containing: " err: ", "poll=unknown", "kind=local", "Too many open files", within: .seconds(5))
            _ = try await dovemon.waitForLine(
                containing: " err: director=lost", "Too many open files", within: .seconds(5))
            // What is dead meanwhile is dead, and cannot be seen to be.
            try await victim.stop()
            for backend in ring.backends {
                for _ in 1...4 {
                    _ = try await dovemon.waitForLine(
                        containing: "backend=\(backend.address)", "poll=unknown", from: dovemon.lines.count,
                        within: .seconds(5))
                }
            }
            #expect(try await isUp)
            #expect(dovemon.lines.count { $0.text.contains(" err: ") && $0.text.contains("poll=unknown") } == 1)
            #expect(dovemon.lines.count { $0.text.contains(" err: director=lost") } == 1)
            #expect(!dovemon.lines.contains { $0.text.contains("health=faulty") || $0.text.contains("state=down") })

            let start = dovemon.lines.count
            try await limit(dovemon, to: 500)
            _ = try await dovemon.waitForLine(containing: "director=back", from: start, within: .seconds(5))
            try await ring.waitUntil(victim, is: .down, within: .seconds(10))
            for backend in ring.backends where backend.address != victim.address {
                _ = try await dovemon.waitForLine(
                    containing: "backend=\(backend.address)", "poll=ok", from: start, within: .seconds(5))
            }
            try await victim.start()
            try await ring.waitUntil(victim, is: .up, within: .seconds(10))
            #expect(
                !dovemon.lines.contains {
                    $0.text.contains("state=down") && !$0.text.contains("backend=\(victim.address)")
                })
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `Started with few descriptors, dovemon polls with what there is`() async throws {
            let dovemon = try DovemonProcess(
                ring: ring, settings: [("interval", "0.4")], environment: ["prlimit", "--nofile=24:24"])
            try await dovemon.expectAllPolled(ring)
            try await victim.stop()
            try await ring.waitUntil(victim, is: .down, within: .seconds(10))
            try await victim.start()
            try await ring.waitUntil(victim, is: .up, within: .seconds(10))
            #expect(!dovemon.lines.contains { $0.text.contains("poll=unknown") })
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        /// Changes the soft limit of a running process.
        private func limit(_ dovemon: DovemonProcess, to count: Int) async throws {
            let result = try await ring.run(
                ["/usr/bin/prlimit", "--pid", "\(dovemon.pid)", "--nofile=\(count):"], within: .seconds(5))
            try #require(result.status == .exited(0), "\(result.output)")
        }
    }
}
