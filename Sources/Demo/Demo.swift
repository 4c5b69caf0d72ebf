import Glibc
import RingLab

/// What `make demo` shows, step by step. What does not happen as promised is thrown.
struct Demo: Sendable {
    /// A promise that was not kept.
    struct Broken: Error, CustomStringConvertible { let description: String }

    let ending: Ending
    let keep: Bool
    private let console = Console(steps: 7)

    init(ending: Ending, keep: Bool) {
        self.ending = ending
        self.keep = keep
    }

    /// Ends the process when all went well.
    func run() async throws -> Never {
        let start = ContinuousClock.now
        console.show("dovemon watches a real ring of Dovecot directors, all on this machine's loopback addresses.")

        console.step(1, "Start 3 directors and 4 backends")
        let ring = try await Ring.start(directors: 3, backends: 4)
        ending.cleansUp(ring)
        try await tell(of: ring)
        if !keep {
            console.step(7, "Stop everything")
            ring.stop()
            guard access(ring.directory, F_OK) != 0 else { throw Broken(description: "\(ring.directory) is left over") }
            console.note("nothing runs any more, and \(ring.directory) is removed")
        }
        ending.end("Done in \((.now - start).inSeconds): all that was promised happened.", status: 0)
    }

    private func tell(of ring: Ring) async throws {
        console.note("ready after \(ring.startDuration.inSeconds), in \(ring.directory)")
        console.note("directors  \(ring.directors.map(\.address).joined(separator: "  "))")
        console.note("backends   \(ring.backends.map(\.address).joined(separator: "  "))")
        console.note("IMAP on port \(ring.imapPort), POP3 on \(ring.pop3Port), LMTP on \(ring.lmtpPort)")

        console.step(2, "Start dovemon beside the first director")
        let dovemon = try await startDovemon(beside: ring)

        console.step(3, "Log 12 users in through the first director")
        try await ring.logIn(users: (1...12).map { "user\($0)" })
        try await showStatus(of: ring)
        guard let victim = try await busiestBackend(of: ring) else { throw Broken(description: "no user is counted") }

        console.step(4, "Kill backend \(victim.address)")
        let death = ContinuousClock.now
        try await kill(victim, of: ring, watchedBy: dovemon)

        console.step(5, "Its users move to the other backends")
        try await waitUntil("the users of \(victim.address) to move", within: .seconds(20)) {
            try await ring.directors[0].host(victim.address)?.users == 0
        }
        console.note("they have, \((.now - death).inSeconds) after its death at the latest")
        try await showStatus(of: ring)

        console.step(6, "Start backend \(victim.address) again")
        try await revive(victim, of: ring, watchedBy: dovemon)
        try await showStatus(of: ring)
        if keep { try letGo(of: ring, dovemon, victim: victim) }
    }

    private func startDovemon(beside ring: Ring) async throws -> DovemonProcess {
        let dovemon = try DovemonProcess(ring: ring, settings: [("poll_pop3", "yes"), ("poll_lmtp", "yes")])
        console.note("it polls each backend every second over IMAP, POP3 and LMTP; the second failure counts")
        for backend in ring.backends {
            _ = try await dovemon.waitForLine(
                containing: "backend=\(backend.address)", "protocol=imap", within: .seconds(10))
        }
        console.note("it has polled all \(ring.backends.count) backends")
        return dovemon
    }

    private func kill(_ backend: Backend, of ring: Ring, watchedBy dovemon: DovemonProcess) async throws {
        let before = dovemon.lines.count
        let start = ContinuousClock.now
        try await backend.kill()
        try await report("HOST-DOWN", .down, of: backend, on: ring, since: start)
        try await quote(dovemon, from: before, about: backend, until: "down")
    }

    private func revive(_ backend: Backend, of ring: Ring, watchedBy dovemon: DovemonProcess) async throws {
        let before = dovemon.lines.count
        let start = ContinuousClock.now
        try await backend.start()
        try await report("HOST-UP", .up, of: backend, on: ring, since: start)
        try await quote(dovemon, from: before, about: backend, until: "up")
    }

    /// Tells for each director when its HOST-LIST showed the new state.
    private func report(
        _ command: String, _ state: HostListEntry.State, of backend: Backend, on ring: Ring,
        since start: ContinuousClock.Instant
    ) async throws {
        try await withThrowingTaskGroup(of: (String, Duration).self) { group in
            for director in ring.directors {
                group.addTask {
                    try await waitUntil(
                        "\(command) of \(backend.address) on director \(director.address)", within: .seconds(15),
                        every: .milliseconds(10)
                    ) { try await director.host(backend.address)?.state == state }
                    return (director.address, .now - start)
                }
            }
            for try await (director, duration) in group {
                console.note("\(command) on director \(director) after \(duration.inSeconds)")
            }
        }
    }

    /// Shows what dovemon logged meanwhile, except the good polls of the others.
    private func quote(
        _ dovemon: DovemonProcess, from first: Int, about backend: Backend, until word: String
    ) async throws {
        let own = "backend=\(backend.address) "
        _ = try await dovemon.waitForLine(from: first, within: .seconds(5)) {
            ($0 + " ").contains(own) && $0.contains(word)
        }
        console.note("dovemon's log:")
        let lines = dovemon.lines.dropFirst(first).map(\.text).filter { ($0 + " ").contains(own) }
        console.quote(lines.prefix(8).joined(separator: "\n"))
    }

    private func showStatus(of ring: Ring) async throws {
        let director = ring.directors[0]
        console.note("doveadm director status:")
        console.quote(try await director.doveadm("director", "status"))
    }

    private func busiestBackend(of ring: Ring) async throws -> Backend? {
        let busiest = try await ring.directors[0].hostList().filter { $0.users > 0 }.max { $0.users < $1.users }
        return ring.backends.first { $0.address == busiest?.address }
    }

    private func letGo(of ring: Ring, _ dovemon: DovemonProcess, victim: Backend) throws {
        ending.cleansUp(nil)
        ring.letGo()
        console.step(7, "Left running, for KEEP is set")
        console.show(cheatSheet(ring: ring, dovemon: dovemon, victim: victim))
    }
}
