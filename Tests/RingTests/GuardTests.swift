import Glibc
import RingLab
import Testing

extension RealRing {
    /// The pool guard beside real directors.
    @Suite final class GuardTests {
        /// How all backends go at once.
        enum Death: CaseIterable { case killed, silent }

        private let ring: Ring
        private let tap: AdminTap

        init() async throws {
            ring = try await Ring.start(directors: 2, backends: 3)
            tap = try AdminTap(ring)
        }

        deinit { ring.stop() }

        private func dovemon(accounts: String? = nil) throws -> DovemonProcess {
            try DovemonProcess(
                ring: ring,
                settings: [
                    ("director_admin_socket", tap.path), ("interval", "0.4"), ("timeout", "0.5"), ("min_healthy", "1"),
                ], accounts: accounts)
        }

        private func accounts(password: String) -> String {
            "default:\n  username: \(ring.account.username)\n  password: \(password)\n"
        }

        private var downs: Int { tap.commands.count { $0.verb == "HOST-DOWN" } }

        private func expectAllUp() async throws {
            for director in ring.directors { #expect(try await director.hostList().allSatisfy { $0.state == .up }) }
        }

        /// Waits until the guard's alerts have named all backends.
        private func expectAlert(_ dovemon: DovemonProcess) async throws {
            let all = Set(ring.backends.map(\.address))
            try await waitUntil("an alert that names \(all)", within: .seconds(15)) {
                Set(dovemon.lines.flatMap { withheld($0.text) }) == all
            }
            let alert = try await dovemon.waitForLine(containing: "guard=withholds", within: .seconds(1))
            #expect(alert.text.contains(" crit: ") && alert.text.contains(" healthy=0 needed=1 pool=3 "), "\(alert)")
        }

        /// The backends that a line says are withheld.
        private func withheld(_ line: String) -> [String] {
            guard line.contains("guard=withholds"), let names = line.firstMatch(of: /\ backends=(\S+)/)?.1 else {
                return []
            }
            return names.split(separator: ",").map(String.init)
        }

        /// Lets each backend fail so often, and looks whether anything comes of it.
        private func expectPatience(_ dovemon: DovemonProcess) async throws {
            for backend in ring.backends {
                _ = try await dovemon.waitForLine(
                    containing: "backend=\(backend.address)", "failed=5 ", within: .seconds(15))
            }
            try await expectAllUp()
        }

        /// Waits for the alert's end, and two good polls of each backend behind it.
        private func expectRecovery(_ dovemon: DovemonProcess) async throws {
            let end = try await dovemon.waitForLine(containing: " notice: guard=allows", within: .seconds(15))
            for backend in ring.backends {
                try await waitUntil("two good polls", within: .seconds(10)) {
                    dovemon.lines.count {
                        $0.arrival > end.arrival && $0.text.contains("backend=\(backend.address) protocol=imap port=")
                            && $0.text.contains("poll=ok")
                    } >= 2
                }
            }
            #expect(downs == 0, "\(tap.commands)")
            try await expectAllUp()
        }

        @Test(arguments: Death.allCases)
        func `All backends die at once: none is marked down, one alert names them, and none goes at the recovery`(
            by death: Death
        ) async throws {
            let dovemon = try dovemon()
            try await dovemon.expectAllPolled(ring)
            try await each { death == .killed ? try await $0.kill() : try $0.freeze() }
            try await expectAlert(dovemon)
            try await expectPatience(dovemon)
            switch death {
            case .silent: try await each { try $0.thaw() }
            case .killed:
                // Where one is back before another, that one is rightly taken down: so all are back when dovemon looks.
                kill(dovemon.pid, SIGSTOP)
                try await each { try await $0.start() }
                kill(dovemon.pid, SIGCONT)
            }
            try await expectRecovery(dovemon)
            _ = try await dovemon.terminate()
        }

        @Test func `A wrong test password takes nothing down; one real death among healthy ones does at once`()
            async throws
        {
            let dovemon = try dovemon(accounts: accounts(password: "wrong"))
            try await expectAlert(dovemon)
            try await expectPatience(dovemon)
            #expect(dovemon.lines.contains { $0.text.contains("phase=login kind=rejected code=AUTHENTICATIONFAILED") })
            try dovemon.write(accounts: ring.backends.map { ($0.address, $0.account) })
            dovemon.reload()
            try await expectRecovery(dovemon)

            let start = dovemon.lines.count
            let victim = ring.backends[1]
            try await victim.kill()
            try await ring.waitUntil(victim, is: .down, within: .seconds(10))
            let down = try await dovemon.waitForLine(
                containing: "backend=\(victim.address)", "state=down", "failed=", from: start, within: .seconds(5))
            #expect(down.text.contains("by=dovemon reply=OK"), "\(down)")
            let failures = down.text.firstMatch(of: /\ failed=(\d+)\ /).flatMap { Int($0.1) }
            #expect(failures ?? 0 >= 2, "\(down)")
            #expect(downs == 1)
            #expect(!dovemon.lines.dropFirst(start).contains { $0.text.contains("guard=") })
            try await victim.start()
            try await ring.waitUntil(victim, is: .up, within: .seconds(10))
            _ = try await dovemon.terminate()
        }

        /// Does something to all backends at once.
        private func each(_ body: @escaping @Sendable (Backend) async throws -> Void) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for backend in ring.backends { group.addTask { try await body(backend) } }
                try await group.waitForAll()
            }
        }
    }
}
