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
        let loop = try Reactor()
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

    @Test("A name that cannot be told says nothing of a backend that is well up to its certificate")
    func noPointer() async throws {
        let authority = try TestAuthority()
        for server in [nil] + StartTLSServer.all.map(Optional.init) {
            // Of another name, of an issuer that nobody trusts, and expired.
            let tls = try PeerTLS(TestCertificate(names: ["x"], validFrom: -7_200, validUntil: -3_600))
            let peer = try await server.startPeer(tls)
            let report = try await poll(server.service(peer.port), authority.options(.pointer)) { _ in
                .failure(PointerFailure("no name\n"))
            }
            #expect(report.failure == PollFailure(phase: .resolve, kind: .local, text: "no name\\n"))
            #expect(report.phases.map(\.phase) == [.resolve])
            #expect(!peer.transcripts.joined().contains("probe"))
            await peer.stop()
        }
    }

    @Test("A lookup that hangs ends with the poll's deadline, and is not the fault of a backend that is well")
    func hangingLookup() async throws {
        let authority = try TestAuthority()
        let peer = try await ScriptedPeer.start(tls: PeerTLS(), GoodServer.pop3.script())
        let gate = Gate()
        defer { gate.open() }
        let service = Service(.pop3, port: peer.port, tls: .implicit)
        let report = try await poll(service, authority.options(.pointer), within: .seconds(3)) { _ in
            gate.wait()
            return .success("late")
        }
        #expect(
            report.failure
                == PollFailure(phase: .resolve, kind: .local, text: "no answer from the resolver in time"))
        await peer.stop()
    }

    @Test("A backend that is dead is seen to be so without its name, whether its lookup fails or hangs")
    func deadWithoutName() async throws {
        let authority = try TestAuthority()
        for hangs in [false, true] {
            let gate = Gate()
            defer { gate.open() }
            let names: PointerNames.LookUp = { _ in
                if hangs { gate.wait() }
                return .failure(PointerFailure("no name"))
            }
            let refused = try RefusedPort()
            for tls in [TLSMode.implicit, .starttls] {
                let service = Service(.imap, port: refused.number, tls: tls)
                let report = try await poll(service, authority.options(.pointer), names: names)
                #expect(report.failure?.phase == .connect && report.failure?.kind == .refused)
            }
            // What listens and says nothing; what says no; what has no TLS.
            let silent = try await ScriptedPeer.start { try await $0.silence() }
            let stuck = try await poll(
                Service(.imap, port: silent.port, tls: .implicit), authority.options(.pointer), within: .seconds(1),
                names: names)
            #expect(stuck.failure?.phase == .tls && stuck.failure?.kind == .timeout)
            await silent.stop()
            let busy = try await ScriptedPeer.start { try await $0.write("* BYE too many\r\n") }
            for (tls, phase, kind) in [
                (TLSMode.starttls, Phase.greeting, FailureKind.rejected), (.implicit, .tls, .tls),
            ] {
                let service = Service(.imap, port: busy.port, tls: tls)
                let report = try await poll(service, authority.options(.pointer), names: names)
                #expect(report.failure?.phase == phase && report.failure?.kind == kind)
            }
            await busy.stop()
            let full = try await ScriptedPeer.start(tls: PeerTLS()) { try await $0.write("* BYE too many\r\n") }
            let report = try await poll(
                Service(.imap, port: full.port, tls: .implicit), authority.options(.pointer), names: names)
            #expect(report.failure == PollFailure(phase: .greeting, kind: .rejected, text: "too many"))
            await full.stop()
        }
    }

    @Test("A poll that is given up while its name is looked up is reported once, as nobody's fault")
    func givenUp() async throws {
        let authority = try TestAuthority()
        let gate = Gate()
        defer { gate.open() }
        let silent = try await ScriptedPeer.start { try await $0.silence() }
        let service = Service(.imap, port: silent.port, tls: .implicit)
        let loop = try Reactor()
        let address = try #require(IPAddress("127.0.0.1"))
        let plan = PollPlan(service: service, account: WatchedPoll.account, options: authority.options(.pointer))
        let report = try await loop.flatSubmit {
            let done = loop.makePromise(of: PollReport.self)
            let names = PointerNames(loop: loop) { _ in
                gate.wait()
                return .success("late")
            }
            Prober(connector: Connector(loop: loop), tls: TLSContexts(), names: names)
                .poll(address, plan: plan, within: .seconds(40)) { done.succeed($0) }
                .cancel()
            return done.futureResult
        }.get()
        #expect(report.failure?.kind == .local)
        await silent.stop()
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

extension StartTLSServer? {
    /// This one, or one of POP3 with TLS from the first byte on.
    fileprivate func startPeer(_ tls: PeerTLS) async throws -> ScriptedPeer {
        guard let self else { return try await ScriptedPeer.start(tls: tls, GoodServer.pop3.script()) }
        return try await ScriptedPeer.start(self.script(tls))
    }

    fileprivate func service(_ port: Int) -> Service {
        self?.service(port) ?? Service(.pop3, port: port, tls: .implicit)
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

    /// Once it is open, all come through.
    func wait() {
        sem_wait(semaphore)
        sem_post(semaphore)
    }
    func open() { sem_post(semaphore) }
}
