import Foundation
import RingLab
import Testing

extension RealRing {
    /// What people ask the running daemon, and what they order, on a real ring.
    @Suite final class ControlTests {
        private let ring: Ring
        private let victim: Backend

        init() async throws {
            ring = try await Ring.start(directors: 2, backends: 3)
            victim = ring.backends[1]
        }

        deinit { ring.stop() }

        private func ask(
            _ dovemon: DovemonProcess, _ arguments: String...
        ) async throws -> (output: String, status: RingLab.ExitStatus) {
            try await ring.run(
                [DovemonProcess.binary] + arguments + ["--config", dovemon.configurationFile], within: .seconds(20))
        }

        /// The backend's object in `status --format json`.
        private func object(_ dovemon: DovemonProcess) async throws -> [String: Any] {
            let text = try await ask(dovemon, "status", "--format", "json", victim.address).output
            let document = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            return try #require((document?["backends"] as? [[String: Any]])?.first, "\(text)")
        }

        private func vhosts() async throws -> Int? { try await ring.directors[1].host(victim.address)?.vhosts }

        @Test func `What there is to know of a backend that fails is told, and of the ring`() async throws {
            let dovemon = try DovemonProcess(ring: ring)
            _ = try await dovemon.waitForLine(containing: victim.address, "poll=ok", within: .seconds(20))
            let well = try await ask(dovemon, "status")
            #expect(well.status == .exited(0))
            #expect(well.output.hasPrefix("director: connected; ring: synced\n3 backends: "), "\(well.output)")
            #expect(try await object(dovemon)["healthy"] as? Bool == true)
            try await victim.stop()
            _ = try await dovemon.waitForLine(
                containing: victim.address, " state=down ", "by=dovemon", within: .seconds(20))
            let failed = try await object(dovemon)
            #expect(failed["state"] as? String == "down" && failed["own_down"] as? Bool == true)
            #expect((failed["reason"] as? String)?.hasSuffix("connect refused: Connection refused") == true)
            let table = try await ask(dovemon, "status").output
            #expect(table.contains("3 backends: 2 up, 1 down"), "\(table)")
            let explained = try await ask(dovemon, "explain", victim.address)
            #expect(explained.status == .exited(0))
            let story = [
                "is down: dovemon took it down", "failed=\"1 of 2\"", "failed=\"2 of 2\"", "backend_faulty",
                "command_sent  command=HOST-DOWN", "command_answered  command=HOST-DOWN reply=OK",
                "state_changed  ERROR",
                "The last failed polls",
            ]
            var rest = explained.output[...]
            for part in story {
                let range = try #require(rest.firstRange(of: part), "\(part) is missing: \(explained.output)")
                rest = rest[range.upperBound...]
            }
            #expect(!explained.output.contains(victim.account.password))
            let events = try await ask(dovemon, "status", "--events").output
            #expect(events.contains("state_changed  ERROR  backend=\(victim.address) "), "\(events)")
            let unknown = try await ask(dovemon, "explain", "192.0.2.1")
            #expect(unknown.status == .exited(3) && unknown.output.contains("the director does not list it"))
            #expect(try await dovemon.terminate().status == .exited(0))
            let gone = try await ask(dovemon, "status")
            #expect(gone.status == .exited(3))
            #expect(gone.output.contains("control.sock: no dovemon answers: No such file or directory; is it running"))
        }

        @Test func `A maintenance keeps hands off, outlives a kill, and ends by itself`() async throws {
            let dovemon = try DovemonProcess(ring: ring)
            _ = try await dovemon.waitForLine(containing: victim.address, "poll=ok", within: .seconds(20))
            let begun = try await ask(
                dovemon, "maintenance", "start", victim.address, "--for", "1h", "--reason", "new disk\u{1b}[2J")
            #expect(begun.status == .exited(0), "\(begun.output)")
            try await victim.stop()
            _ = try await dovemon.waitForLine(
                containing: victim.address, "health=faulty", "under maintenance: not commanded", within: .seconds(20))
            #expect(try await ring.directors[0].host(victim.address)?.state == .up)
            try await dovemon.kill()
            let next = try DovemonProcess(
                ring: ring,
                settings: [
                    ("state_file", "\(dovemon.directory)/state.json")
                ])
            _ = try await next.waitForLine(
                containing: victim.address, "health=faulty", "under maintenance: not commanded", within: .seconds(20))
            let window = try #require(try await object(next)["maintenance"] as? [String: Any])
            #expect(window["kind"] as? String == "ordered" && window["by"] as? String == "root")
            #expect(window["reason"] as? String == "new disk\\x1b[2J")
            let listed = try await ask(next, "maintenance", "list").output
            #expect(listed.hasPrefix("\(victim.address): maintenance by root until "), "\(listed)")
            // It is made shorter, and then nobody has to end it.
            _ = try await ask(next, "maintenance", "start", victim.address, "--for", "2s")
            _ = try await next.waitForLine(
                containing: victim.address, " state=down ", "by=dovemon", within: .seconds(20))
            #expect(try await ask(next, "maintenance", "list").output == "no backend is under maintenance\n")
            let again = try await ask(next, "maintenance", "end", victim.address)
            #expect(again.status == .exited(3) && again.output.contains("it is not under maintenance"))
            #expect(try await next.terminate().status == .exited(0))
        }

        @Test func `A drained backend gets no users, and its weight back in the end`() async throws {
            _ = try await ring.directors[0].doveadm("director", "update", victim.address, "60")
            let dovemon = try DovemonProcess(ring: ring)
            _ = try await dovemon.waitForLine(containing: victim.address, "poll=ok", within: .seconds(20))
            let begun = try await ask(dovemon, "maintenance", "start", victim.address, "--for", "1h", "--drain")
            #expect(begun.status == .exited(0), "\(begun.output)")
            try await waitUntil("the drain", within: .seconds(20)) { try await self.vhosts() == 0 }
            // Many who ask share an answer for half a second, and the start has asked already.
            try await waitUntil("the status", within: .seconds(20)) {
                try await self.object(dovemon)["vhosts"] as? Int == 0
            }
            _ = try await ask(dovemon, "maintenance", "end", victim.address)
            try await waitUntil("the weight", within: .seconds(20)) { try await self.vhosts() == 60 }
            _ = try await dovemon.waitForLine(containing: victim.address, "weight=restored", within: .seconds(20))
            #expect(!dovemon.lines.contains { $0.text.contains("state=down") })
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `The live view ends with q and leaves the terminal as it was`() async throws {
            let dovemon = try DovemonProcess(ring: ring)
            _ = try await dovemon.waitForLine(containing: victim.address, "poll=ok", within: .seconds(20))
            let command = "\(DovemonProcess.binary) status --watch --config \(dovemon.configurationFile)"
            // The terminal of script(1); what stty tells before and behind is to be the same.
            let shell = "stty cols 60 rows 10; stty -g; \(command); echo \"ended $?\"; stty -g"
            let shown = try await ring.run(
                ["/bin/sh", "-c", "(sleep 2; printf q; sleep 20) | timeout 20 script -qec '\(shell)' /dev/null"],
                within: .seconds(40)
            ).output
            #expect(shown.contains("ended 0"), "\(shown)")
            #expect(shown.contains("\u{1B}[?1049h") && shown.contains("\u{1B}[?25h\u{1B}[?1049l"))
            let states = shown.split(whereSeparator: \.isNewline).filter { $0.count { $0 == ":" } > 15 }
            #expect(states.count == 2 && states.first == states.last, "\(shown)")
            #expect(shown.contains(victim.address) && shown.contains("director: connected"))
            let none = try await ask(dovemon, "status", "--watch")
            #expect(none.status == .exited(3) && none.output.contains("--watch needs a terminal"))
            #expect(try await dovemon.terminate().status == .exited(0))
        }

        @Test func `A socket that was removed is back with a reload, and no bad one takes its place`() async throws {
            let dovemon = try DovemonProcess(ring: ring)
            _ = try await dovemon.waitForLine(containing: victim.address, "poll=ok", within: .seconds(20))
            let path = "\(dovemon.directory)/control.sock"
            try FileManager.default.removeItem(atPath: path)
            dovemon.reload()
            try await waitUntil("the socket", within: .seconds(20)) { FileManager.default.fileExists(atPath: path) }
            #expect(try await ask(dovemon, "status").status == .exited(0))
            try dovemon.write(settings: [("control_socket", "/nonexistent/control.sock")])
            dovemon.reload()
            let line = try await dovemon.waitForLine(containing: "control_socket=failed", within: .seconds(20))
            #expect(line.text.contains("\(path) is still answered on"), "\(line)")
            let asked = try await ring.run([DovemonProcess.binary, "status", "--socket", path], within: .seconds(20))
            #expect(asked.status == .exited(0))
            #expect(try await dovemon.terminate().status == .exited(0))
            #expect(!FileManager.default.fileExists(atPath: path))
        }

        @Test func `A socket that another dovemon answers on is left to it`() async throws {
            let first = try DovemonProcess(ring: ring)
            _ = try await first.waitForLine(containing: victim.address, "poll=ok", within: .seconds(20))
            let second = try DovemonProcess(
                ring: ring, settings: [("control_socket", "\(first.directory)/control.sock"), ("dry_run", "yes")])
            let line = try await second.waitForLine(containing: "control_socket=failed", within: .seconds(20))
            #expect(line.text.contains(" warning: ") && line.text.contains("another process answers there"))
            _ = try await second.waitForLine(containing: victim.address, "poll=ok", within: .seconds(20))
            #expect(try await second.terminate().status == .exited(0))
            #expect(try await ask(first, "status").status == .exited(0))
            #expect(try await first.terminate().status == .exited(0))
        }
    }
}
