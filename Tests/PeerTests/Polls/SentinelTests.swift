import DirectorAdmin
import Monitor
import Probes
import ScriptedPeers
import Site
import Synchronization
import Testing

/// Idle connections to servers that end them in different ways, over real sockets.
@Suite struct SentinelTests {
    /// How a server ends an idle connection.
    enum End: CaseIterable { case closed, reset, goodbye }

    private static func end(_ connection: PeerConnection, _ end: End) async throws {
        switch end {
        case .closed: try await connection.close()
        case .reset: try await connection.reset()
        case .goodbye: try await connection.write("* BYE Shutting down\r\n")
        }
    }

    /// Has a monitor watch a server that ends its sentinel and is ill from then on, with so long an interval that only the
    /// sentinel can bring another poll about.
    private func watch(
        tls: TLSMode = .none, _ end: @escaping @Sendable (PeerConnection) async throws -> Void,
        until isDone: (ScriptedPeer, Journal) async -> Bool
    ) async throws -> [Journal.Entry] {
        let isIll = Mutex(false)
        let (signal, breaking) = AsyncStream.makeStream(of: Void.self)
        let peer = try await ScriptedPeer.start(tls: tls == .none ? nil : try PeerTLS()) { connection in
            try await connection.write("* OK [CAPABILITY IMAP4rev1] ready\r\n")
            if connection.number == 1 {
                for await _ in signal {}
                return try await end(connection)
            }
            let isIll = isIll.withLock { $0 }
            try await connection.answer("d1 LOGIN", isIll ? "d1 NO [UNAVAILABLE] ill\r\n" : "d1 OK\r\n")
            if !isIll { try await connection.answer("d2 LOGOUT", "d2 OK\r\n") }
        }
        let directory = try SocketDirectory()
        let director = ModelDirector(path: directory.director, DirectorModel([.init("127.0.0.1")]))
        try await director.start()
        let address = try #require(IPAddress("127.0.0.1"))
        var policy = Policy(
            services: [Service(.imap, port: peer.port, tls: tls)], interval: .seconds(1), timeout: .seconds(20),
            failuresNeeded: 2, options: PollOptions(imap: IMAPChecks(lists: false)),
            accounts: [address: Account(username: "probe", password: Password("p"))], keepsSentinels: true)
        policy.deciding.retryInterval = .milliseconds(100)
        let run = try await MonitorRun.start(
            policy, directorPath: director.path, patience: .endless, into: director.journal)
        // One that breaks before its greeting is read never stood.
        let limit = ContinuousClock.now + .seconds(30)
        while try await run.standingSentinels() == 0, .now < limit { await Task.yield() }
        policy.interval = .seconds(3_600)
        try await run.change(to: policy)
        isIll.withLock { $0 = true }
        breaking.finish()
        #expect(await isDone(peer, director.journal))
        try await run.stop()
        await director.stop()
        await peer.stop()
        return director.journal.entries
    }

    @Test(arguments: End.allCases, [TLSMode.none, .implicit])
    func `one that breaks has the backend polled at once, and polls decide`(end: End, tls: TLSMode) async throws {
        let entries = try await watch(tls: tls) {
            try await Self.end($0, end)
        } until: { _, journal in
            await journal.wait { $0.lines(with: "backend=127.0.0.1").contains { $0.contains(" state=down ") } }
        }
        #expect(entries.lines(with: "sentinel=lost").count == 1)
        #expect(entries.lines(with: "poll=failed").count == 2)
    }

    @Test func `one that the server ends as idle brings no poll about`() async throws {
        let entries = try await watch {
            try await $0.write("* BYE Disconnected for inactivity.\r\n")
        } until: { peer, _ in
            await peer.waitUntilEnded(2)
            return true
        }
        #expect(entries.lines(with: "sentinel=lost").isEmpty)
        #expect(entries.lines(with: "poll=failed").isEmpty)
    }
}
