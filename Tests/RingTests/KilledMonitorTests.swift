import Glibc
import RingLab
import Synchronization
import Testing

extension RealRing {
    /// dovemon killed in the middle of a change, and started again with what it had written down.
    @Suite final class KilledMonitorTests {
        /// A moment of a change: a line that is on its way between dovemon and the director when dovemon is killed.
        struct Moment: CustomStringConvertible, Sendable {
            let description: String
            /// Of the HOST-UP, not of the HOST-DOWN.
            var isOfUp = false
            let command: String
            var isReply = false
            /// Only once this one has been answered.
            var after: String?

            func isMeant(_ line: AdminTap.Line) -> Bool {
                line.command.hasPrefix(command) && line.isReply == isReply && !line.text.hasPrefix("VERSION")
            }

            func isBefore(_ line: AdminTap.Line) -> Bool {
                line.isReply && after.map(line.command.hasPrefix) ?? false
            }

            static let all = [
                Moment(description: "about to decide", command: "HOST-LIST"),
                Moment(description: "decided, and not sent", command: "HOST-DOWN"),
                Moment(description: "sent, and not answered", command: "HOST-DOWN", isReply: true),
                Moment(description: "answered, and not confirmed", command: "HOST-LIST", after: "HOST-DOWN"),
                Moment(description: "confirmed", command: "HOST-RESET-USERS"),
                Moment(description: "users moved", command: "HOST-RESET-USERS", isReply: true),
                Moment(description: "before it is raised", isOfUp: true, command: "HOST-LIST"),
                Moment(description: "raised, and not sent", isOfUp: true, command: "HOST-UP"),
                Moment(description: "raised, and not answered", isOfUp: true, command: "HOST-UP", isReply: true),
                Moment(description: "raised, and not confirmed", isOfUp: true, command: "HOST-LIST", after: "HOST-UP"),
            ]
        }

        private let ring: Ring
        private let tap: AdminTap
        private let victim: Backend
        /// An administrator has taken it down, although it is well.
        private let foreign: Backend
        private let stateFile: String

        init() async throws {
            ring = try await Ring.start(directors: 1, backends: 3)
            tap = try AdminTap(ring)
            (victim, foreign) = (ring.backends[1], ring.backends[2])
            stateFile = "\(ring.directory)/state.json"
            _ = try await ring.directors[0].doveadm("director", "down", foreign.address)
        }

        deinit { ring.stop() }

        /// Starts one that has polled the victim.
        private func dovemon() async throws -> DovemonProcess {
            let dovemon = try DovemonProcess(
                ring: ring,
                settings: [
                    ("director_admin_socket", tap.path), ("state_file", stateFile), ("up_policy", "own"),
                    ("interval", "0.3"), ("retry_count", "1"),
                ])
            _ = try await dovemon.waitForLine(
                containing: "backend=\(victim.address) protocol=imap", "poll=", within: .seconds(15))
            return dovemon
        }

        private func expect(_ state: HostListEntry.State) async throws {
            try await ring.waitUntil(victim, is: state, within: .seconds(10))
        }

        /// Whether it is written down that the victim's down is dovemon's own.
        private var isIntended: Bool {
            guard let text = readFile(stateFile), let entry = text.firstRange(of: "\"\(victim.address)\":{") else {
                return false
            }
            return text[entry.upperBound...].prefix { $0 != "}" }.contains("\"down\":")
        }

        /// One death and one recovery of the victim. `kill` ends dovemon somewhere in it; after that another goes on.
        private func change(
            _ what: String, killing isOfUp: Bool, by kill: (DovemonProcess) async throws -> Void
        ) async throws {
            let (downs, ups) = (tap.count("HOST-DOWN", victim.address), tap.count("HOST-UP", victim.address))
            let first = try await dovemon()
            if isOfUp {
                try victim.makeMailboxUnreadable()
                _ = try await first.waitForLine(containing: "state=down", "by=dovemon", within: .seconds(10))
            }
            try await kill(first)
            tap.keepNothing()
            let second = try await dovemon()
            if !isOfUp {
                try await expect(.down)
                try victim.makeMailboxReadable()
            }
            try await expect(.up)
            try await waitUntil("\(what): the down to be forgotten", within: .seconds(5)) { !isIntended }
            #expect(tap.count("HOST-DOWN", victim.address) == downs + 1, "\(what): \(tap.commands)")
            #expect(tap.count("HOST-UP", victim.address) == ups + 1, "\(what): \(tap.commands)")
            #expect(try await second.terminate().status == .exited(0))
        }

        private func turn(_ isOfUp: Bool) throws {
            if isOfUp { try victim.makeMailboxReadable() } else { try victim.makeMailboxUnreadable() }
        }

        private func expectForeignUntouched() async throws {
            #expect(!tap.commands.contains { $0.address == foreign.address })
            #expect(try await ring.directors[0].host(foreign.address)?.state == .down)
        }

        @Test func `Killed at any moment of a change, it forgets nothing, and does nothing twice`() async throws {
            for moment in Moment.all {
                try await change("\(moment)", killing: moment.isOfUp) { dovemon in
                    let start = dovemon.lines.count
                    tap.keep(after: moment.after == nil ? nil : moment.isBefore, moment.isMeant)
                    try turn(moment.isOfUp)
                    try await tap.waitUntilKept(within: .seconds(10))
                    if moment.description == "about to decide" {
                        _ = try await dovemon.waitForLine(
                            containing: "health=faulty", from: start, within: .seconds(10))
                    }
                    if moment.description == "decided, and not sent" { #expect(isIntended) }
                    try await dovemon.kill()
                }
            }
            try await expectForeignUntouched()
        }

        @Test(arguments: [20_241_121 as UInt64]) func `Killed at random moments of ten changes, it does neither`(
            seed: UInt64
        ) async throws {
            var chance = SplitMix(state: seed)
            for number in 1...10 {
                let isOfUp = Bool.random(using: &chance)
                let (line, pause) = (Int.random(in: 1...9, using: &chance), UInt32.random(in: 0...4000, using: &chance))
                try await change(
                    "\(number), of \(isOfUp ? "up" : "down") at line \(line) after \(pause) µs", killing: isOfUp
                ) { dovemon in
                    let count = Atomic(0)
                    let pid = dovemon.pid
                    tap.judge { heard in
                        if !heard.isReply, count.add(1, ordering: .relaxed).newValue == line {
                            usleep(pause)
                            Glibc.kill(pid, SIGKILL)
                        }
                        return .passOn
                    }
                    try turn(isOfUp)
                    #expect(try await dovemon.end(within: .seconds(10)) == .killed(signal: SIGKILL))
                }
            }
            try await expectForeignUntouched()
        }

        @Test func `Users that were not yet moved when it was killed are moved by the next one`() async throws {
            var number = 0
            while try await ring.directors[0].host(victim.address)?.users == 0 {
                number += 1
                try await ring.logIn(users: ["user\(number)"])
            }
            let first = try await dovemon()
            tap.keep { $0.text.hasPrefix("HOST-RESET-USERS") }
            try victim.makeMailboxUnreadable()
            try await tap.waitUntilKept(within: .seconds(10))
            try await first.kill()
            tap.keepNothing()
            let second = try await dovemon()
            try await waitUntil("the users to be moved", within: .seconds(15)) {
                try await ring.directors[0].host(victim.address)?.users == 0
            }
            #expect(try await second.terminate().status == .exited(0))
        }

        @Test func `What an administrator took down while it was dead stays down`() async throws {
            let director = ring.directors[0]
            let first = try await dovemon()
            try victim.makeMailboxUnreadable()
            _ = try await first.waitForLine(containing: "state=down", "by=dovemon", within: .seconds(10))
            try await waitUntil("the confirmed down to be written", within: .seconds(5)) {
                readFile(stateFile)?.contains("\"change\"") == true
            }
            try await first.kill()
            try victim.makeMailboxReadable()
            _ = try await director.doveadm("director", "up", victim.address)
            // Changes are dated by the second.
            let up = try #require(try await director.host(victim.address)).changed
            try await waitUntil("the next second", within: .seconds(3)) { time(nil) > up }
            _ = try await director.doveadm("director", "down", victim.address)

            let second = try await dovemon()
            for backend in [victim, foreign] {
                _ = try await second.waitForLine(
                    containing: "backend=\(backend.address)", "state=down held=policy", within: .seconds(10))
            }
            for _ in 1...3 {
                _ = try await second.waitForLine(
                    containing: "backend=\(victim.address)", "poll=ok", from: second.lines.count, within: .seconds(5))
            }
            #expect(tap.count("HOST-UP", victim.address) == 0)
            #expect(try await director.host(victim.address)?.state == .down)
            #expect(try await second.terminate().status == .exited(0))
        }
    }
}

/// The same numbers for the same seed, in every run (Steele, Lea, Flood: SplitMix64).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
