import Glibc
import NIOCore
import NIOPosix
import Probes
import ScriptedPeers
import Site
import Testing
import Transport

/// What comes before the greeting: the PROXY header, and the name that is looked up.
@Suite(.timeLimit(.minutes(2))) struct OpeningTests {
    /// PROXY protocol, version 2: signature, version and LOCAL, no family, no addresses.
    private static let header: [UInt8] =
        [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x20, 0x00, 0x00, 0x00]

    @Test("The PROXY header goes first, before TLS and before the server says anything", arguments: GoodServer.all)
    func proxied(server: GoodServer) async throws {
        for tls in [nil, try PeerTLS()] {
            let peer = try await ScriptedPeer.start { connection in
                #expect(try await connection.read(16) == Self.header)
                if let tls { try await connection.startTLS(tls) }
                try await server.script()(connection)
            }
            let service = Service(server.mailProtocol, port: peer.port, tls: tls == nil ? .none : .implicit)
            let poll = try await WatchedPoll.of(service, options: PollOptions(proxied: [server.mailProtocol]))
            poll.expectSuccess(service, [.connect] + (tls == nil ? [] : [.tls]) + server.phases.dropFirst())
            #expect(peer.complaints == [])
            await peer.stop()
        }
    }

    @Test("A protocol that is not proxied goes without")
    func notProxied() async throws {
        let peer = try await ScriptedPeer.start(GoodServer.pop3.script())
        let service = Service(.pop3, port: peer.port)
        let poll = try await WatchedPoll.of(service, options: PollOptions(proxied: [.imap]))
        #expect(poll.report.succeeded)
        #expect(peer.transcripts.first?.hasPrefix("USER") == true)
        await peer.stop()
    }

    /// Polls once with these names; the address is 127.0.0.1.
    private func poll(
        _ service: Service, _ options: PollOptions, within time: Duration = .seconds(40),
        names: @escaping PointerNames.LookUp
    ) async throws -> PollReport {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let address = try #require(IPAddress("127.0.0.1"))
        return try await loop.flatSubmit {
            let done = loop.makePromise(of: PollReport.self)
            let prober = Prober(
                connector: Connector(loop: loop), tls: TLSContexts(), names: PointerNames(loop: loop, lookUp: names))
            prober.poll(
                address, plan: PollPlan(service: service, account: WatchedPoll.account, options: options), within: time
            ) { done.succeed($0) }
            return done.futureResult
        }.get()
    }

    @Test("The name that the DNS has for an address is the one that the certificate has to bear")
    func pointer() async throws {
        let authority = try TestAuthority()
        for (name, text) in [
            ("mail.example", nil), ("other.example", "name mismatch: wanted other.example, offered mail.example"),
        ] {
            let tls = try PeerTLS(authority.issue("mail.example"))
            let peer = try await ScriptedPeer.start(tls: tls, GoodServer.pop3.script())
            let service = Service(.pop3, port: peer.port, tls: .implicit)
            let report = try await poll(service, authority.options(.pointer)) { address in
                #expect(address == IPAddress("127.0.0.1"))
                return .success(name)
            }
            #expect(report.failure == text.map { PollFailure(phase: .tls, kind: .certificate, text: $0) })
            let phases: [Phase] = [.resolve, .connect, .tls] + (text == nil ? [.greeting, .login, .logout] : [])
            #expect(report.phases.map(\.phase) == phases)
            #expect(report.phases.reduce(.zero) { $0 + $1.duration } == report.duration)
            await peer.stop()
        }
    }

    @Test("A name that cannot be told says nothing of the backend")
    func noPointer() async throws {
        let authority = try TestAuthority()
        let service = Service(.imap, port: 1, tls: .implicit)
        let report = try await poll(service, authority.options(.pointer)) { _ in
            .failure(PointerFailure("no name\n"))
        }
        #expect(report.failure == PollFailure(phase: .resolve, kind: .local, text: "no name\\n"))
        #expect(report.phases.map(\.phase) == [.resolve])
    }

    @Test("A lookup that hangs ends with the poll's deadline, and is not the backend's fault")
    func hangingLookup() async throws {
        let authority = try TestAuthority()
        let gate = Gate()
        defer { gate.open() }
        let service = Service(.imap, port: 1, tls: .implicit)
        let report = try await poll(service, authority.options(.pointer), within: .milliseconds(50)) { _ in
            gate.wait()
            return .success("late")
        }
        #expect(
            report.failure
                == PollFailure(phase: .resolve, kind: .local, text: "no answer from the resolver in time"))
    }

    @Test("Nothing is looked up where no certificate is verified, or nothing is encrypted")
    func unneeded() async throws {
        let authority = try TestAuthority()
        for (tls, verifies) in [(TLSMode.implicit, false), (.none, true)] {
            var options = authority.options(.pointer)
            options.tls.verifies = verifies
            let port = try RefusedPort()
            let report = try await poll(Service(.imap, port: port.number, tls: tls), options) { _ in
                Issue.record("looked up")
                return .success("x")
            }
            #expect(report.failure?.kind == .refused)
        }
    }

    @Test("A file of issuers that cannot be read is found at the start, and no backend's fault")
    func authorities() async throws {
        let checks = TLSChecks(verifies: true, authorities: "/nowhere/ca.pem")
        let error = #expect(throws: TLSError.self) { try TLSContexts().prepare(checks) }
        #expect(error == TLSError(stage: .setup, reason: "/nowhere/ca.pem: No such file or directory"))
        let empty = TLSChecks(verifies: true, authorities: "/dev/null")
        #expect(throws: TLSError.self) { try TLSContexts().prepare(empty) }
        let report = try await poll(Service(.imap, port: 1, tls: .implicit), PollOptions(tls: checks)) { _ in
            .success("x")
        }
        #expect(report.failure?.kind == .local)
    }
}

/// Holds a thread up until it is opened.
private final class Gate: Sendable {
    // A semaphore may be used from any thread.
    nonisolated(unsafe) private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func wait() { sem_wait(semaphore) }
    func open() { sem_post(semaphore) }
}
