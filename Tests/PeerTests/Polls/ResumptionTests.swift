import Glibc
import ScriptedPeers
import Site
import Synchronization
import Testing

@testable import Probes
@testable import Transport

/// TLS sessions that are resumed, and when they must not be.
@Suite(.timeLimit(.minutes(2))) struct ResumptionTests {
    private let loop: Reactor
    private let tls = TLSContexts()

    init() throws { loop = try Reactor() }

    private static let address = IPAddress("127.0.0.1")

    /// Polls one after the other by one prober, as often as `goesOn` wants.
    private func poll(
        _ service: Service, _ checks: TLSChecks, within time: Duration = .seconds(20),
        while goesOn: @escaping @Sendable (PollReport) -> Bool
    ) async throws {
        let address = try #require(Self.address)
        try await loop.flatSubmit { [loop, tls] in
            let done = loop.makePromise(of: Void.self)
            let prober = Prober(connector: Connector(loop: loop), tls: tls)
            let plan = PollPlan(service: service, account: WatchedPoll.account, options: PollOptions(tls: checks))
            func next() {
                prober.poll(address, plan: plan, within: time) { goesOn($0) ? next() : done.succeed() }
            }
            next()
            return done.futureResult
        }.get()
    }

    private func poll(_ service: Service, _ checks: TLSChecks, times: Int) async throws -> [PollReport] {
        let reports = Mutex<[PollReport]>([])
        try await poll(service, checks) { report in
            reports.withLock {
                $0.append(report)
                return $0.count < times
            }
        }
        return reports.withLock { $0 }
    }

    @Test(arguments: [(true, PeerTLS.Versions.onlyTLS13, 2), (true, .onlyTLS12, 2), (false, .onlyTLS13, 0)])
    func `a poll resumes the session of the one before it`(
        resumes: Bool, versions: PeerTLS.Versions, hits: Int
    ) async throws {
        let server = try PeerTLS(versions: versions)
        let peer = try await ScriptedPeer.start(tls: server, GoodServer.imap.script())
        let service = Service(.imap, port: peer.port, tls: .implicit)
        let reports = try await poll(service, TLSChecks(resumes: resumes), times: 3)
        #expect(reports.map(\.succeeded) == [true, true, true])
        #expect(server.resumedSessions == hits)
        await peer.stop()
    }

    @Test func `after a failed poll the handshake is a full one`() async throws {
        let server = try PeerTLS()
        let number = Atomic(0)
        let peer = try await ScriptedPeer.start(tls: server) { connection in
            let isSecond = number.add(1, ordering: .relaxed).newValue == 2
            try await GoodServer.pop3.script(until: isSecond ? 1 : .max) { connection, _ in
                try await connection.write("-ERR no\r\n")
            }(connection)
        }
        let service = Service(.pop3, port: peer.port, tls: .implicit)
        let reports = try await poll(service, TLSChecks(resumes: true), times: 4)
        #expect(reports.map(\.succeeded) == [true, false, true, true])
        #expect(server.resumedSessions == 2, "the second and the fourth")
        await peer.stop()
    }

    @Test func `a failure of one service has the others' certificates shown, too`() async throws {
        let server = try PeerTLS()
        let good = try await ScriptedPeer.start(tls: server, GoodServer.pop3.script())
        let ill = try await ScriptedPeer.start { try await $0.write("-ERR no\r\n") }
        let services = [
            Service(.pop3, port: good.port, tls: .implicit), Service(.pop3, port: ill.port, tls: .none),
        ]
        let address = try #require(Self.address)
        try await loop.flatSubmit { [loop, tls] in
            let done = loop.makePromise(of: Void.self)
            let prober = Prober(connector: Connector(loop: loop), tls: tls)
            let options = PollOptions(tls: TLSChecks(resumes: true))
            func poll(_ order: ArraySlice<Int>) {
                guard let first = order.first else { return done.succeed() }
                let plan = PollPlan(service: services[first], account: WatchedPoll.account, options: options)
                prober.poll(address, plan: plan, within: .seconds(20)) {
                    #expect($0.succeeded == (first == 0))
                    poll(order.dropFirst())
                }
            }
            poll([0, 0, 1, 0, 0])
            return done.futureResult
        }.get()
        #expect(server.resumedSessions == 2, "the second and the last")
        await good.stop()
        await ill.stop()
    }

    @Test func `a backend that cannot go on from a session begins one`() async throws {
        let (server, ill) = (try PeerTLS(), try PeerTLS(handshake: .garbage))
        let number = Atomic(0)
        let peer = try await ScriptedPeer.start { connection in
            let isSecond = number.add(1, ordering: .relaxed).newValue == 2
            try await connection.startTLS(isSecond ? ill : server)
            try await GoodServer.pop3.script()(connection)
        }
        let service = Service(.pop3, port: peer.port, tls: .implicit)
        let reports = try await poll(service, TLSChecks(resumes: true), times: 2)
        #expect(reports.map(\.succeeded) == [true, true])
        #expect(peer.connections == 3)
        await peer.stop()
    }

    /// Neither stall is too much by itself.
    @Test func `stalls of both connections count for the whole poll`() async throws {
        let (server, ill) = (try PeerTLS(), try PeerTLS(handshake: .garbage))
        let number = Atomic(0)
        let peer = try await ScriptedPeer.start { [loop] connection in
            switch number.add(1, ordering: .relaxed).newValue {
            case 1:
                try await connection.startTLS(server)
                try await GoodServer.pop3.script()(connection)
            case 2:
                loop.execute { usleep(700_000) }
                try await connection.startTLS(ill)
            default:
                loop.execute { usleep(700_000) }
                try await connection.silence()
            }
        }
        let service = Service(.pop3, port: peer.port, tls: .implicit)
        let failures = Mutex<[PollFailure?]>([])
        try await poll(service, TLSChecks(resumes: true), within: .seconds(5)) { report in
            failures.withLock {
                $0.append(report.failure)
                return $0.count < 2
            }
        }
        #expect(peer.connections == 3)
        #expect(failures.withLock { $0.map { $0?.kind } } == [nil, .local])
        await peer.stop()
    }

    @Test func `a certificate that has expired meanwhile is seen in a resumed handshake too`() async throws {
        let authority = try TestAuthority()
        let server = try PeerTLS(authority.issue("127.0.0.1", until: 1))
        let peer = try await ScriptedPeer.start(tls: server, GoodServer.pop3.script())
        let service = Service(.pop3, port: peer.port, tls: .implicit)
        let failure = Mutex<PollFailure?>(nil)
        let good = Atomic(0)
        try await poll(service, TLSChecks(verifies: true, authorities: authority.path, resumes: true)) { report in
            failure.withLock { $0 = report.failure }
            if report.succeeded { good.add(1, ordering: .relaxed) }
            return report.succeeded
        }
        #expect(failure.withLock { $0?.kind } == .certificate)
        #expect(failure.withLock { $0?.text.hasPrefix("expired on ") } == true)
        #expect(server.resumedSessions >= good.load(ordering: .relaxed) - 1, "all but the first were resumed")
        await peer.stop()
    }

    @Test func `every ten minutes the certificate has to be shown`() async throws {
        let peer = try await ScriptedPeer.start(tls: try PeerTLS(), GoodServer.pop3.script())
        let service = Service(.pop3, port: peer.port, tls: .implicit)
        let address = try #require(Self.address)
        let another = try #require(IPAddress("192.0.2.1"))
        let context = try tls.context(TLSConfiguration())
        try await loop.flatSubmit { [loop, tls] in
            let done = loop.makePromise(of: Void.self)
            let prober = Prober(connector: Connector(loop: loop), tls: tls)
            let plan = PollPlan(
                service: service, account: WatchedPoll.account, options: PollOptions(tls: TLSChecks(resumes: true)))
            let start = Instant.now()
            prober.poll(address, plan: plan, within: .seconds(20)) { report in
                let sessions = prober.sessions
                func take(after time: Duration, _ context: TLSContext, _ name: String) -> KeptSessions.Session? {
                    sessions.take(
                        address, service, context, name.isEmpty ? .address(address) : .name(name), at: start + time)
                }
                guard let session = take(after: .seconds(299), context, "") else {
                    Issue.record("nothing was kept: \(report)")
                    return done.succeed()
                }
                #expect(take(after: .zero, context, "") == nil, "it is used once")
                sessions.keep(session, address, service, at: start)
                #expect(take(after: .seconds(301), context, "") == nil, "the next poll would be too late")
                sessions.keep(session, address, service, at: start + .seconds(580))
                #expect(take(after: .seconds(589), context, "") != nil)
                sessions.keep(session, address, service, at: start + .seconds(580))
                #expect(take(after: .seconds(591), context, "") == nil)
                sessions.keep(session, address, service, at: start)
                #expect(take(after: .zero, context, "other.example") == nil, "it was for somebody else")
                sessions.keep(session, address, service, at: start)
                #expect((try? TLSContext()).flatMap { take(after: .zero, $0, "") } == nil, "the settings are others")
                let other = Service(.pop3, port: 1, tls: .implicit)
                sessions.keep(session, address, other, at: start)
                sessions.forget(address, at: start + .seconds(60))
                #expect(sessions.count == 0, "whichever of its services has failed")
                sessions.keep(session, address, service, at: start + .seconds(61))
                #expect(sessions.count == 0, "a poll that was under way has resumed it")
                sessions.keep(session, another, other, at: start)
                sessions.keep(session, another, service, at: start + .seconds(601))
                #expect(sessions.count == 0, "what is too old is forgotten")
                done.succeed()
            }
            return done.futureResult
        }.get()
        await peer.stop()
    }
}
