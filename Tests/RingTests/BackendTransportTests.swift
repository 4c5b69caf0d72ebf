import NIOCore
import NIOPosix
import Probes
import RingLab
import ScriptedPeers
import Site
import TemporaryFiles
import Testing
import Transport

extension RealRing {
    /// Each transport and protocol against a real backend: polled well, and with a fault.
    @Suite final class Transports {
        private let authority: TestCertificate
        private let directory: TemporaryDirectory
        private let authorityFile: String

        init() throws {
            authority = try TestCertificate(names: ["Test Authority"], isAuthority: true)
            directory = try TemporaryDirectory()
            authorityFile = try directory.write(authority.pem, to: "ca.pem")
        }

        private func backend(
            named name: String = "mail.example", relay: Int? = nil, until: Int = 864_000
        ) async throws -> LoneBackend {
            let certificate = try TestCertificate(names: [name], validUntil: until, issuer: authority)
            return try await LoneBackend.start(certificate: certificate.pem, key: certificate.keyPEM, relay: relay)
        }

        private var verifying: PollOptions {
            PollOptions(
                clientName: "monitor.example",
                tls: TLSChecks(verifies: true, authorities: authorityFile, serverName: .name("mail.example")))
        }

        private func poll(
            _ backend: LoneBackend, _ mailProtocol: MailProtocol, _ listener: LoneBackend.Listener,
            _ tls: TLSMode = .none, options: PollOptions? = nil, account: Account? = nil, time: Duration = .seconds(20)
        ) async throws -> PollReport {
            let loop = try Reactor()
            let address = try #require(IPAddress(backend.address))
            let service = Service(mailProtocol, port: backend.port(listener), tls: tls)
            let plan = PollPlan(
                service: service, account: account ?? Account(backend.account), options: options ?? verifying)
            return try await loop.flatSubmit {
                let done = loop.makePromise(of: PollReport.self)
                Prober(connector: Connector(loop: loop), tls: TLSContexts())
                    .poll(address, plan: plan, within: time) { done.succeed($0) }
                return done.futureResult
            }.get()
        }

        private static let encrypted: [(MailProtocol, LoneBackend.Listener, TLSMode)] = [
            (.imap, .imaps, .implicit), (.pop3, .pop3s, .implicit), (.lmtp, .lmtps, .implicit),
            (.imap, .imap, .starttls), (.pop3, .pop3, .starttls), (.lmtp, .lmtp, .starttls),
            (.sieve, .sieve, .starttls),
        ]

        @Test func `TLS and STARTTLS are polled well, and a certificate of another name is a failure`() async throws {
            let backend = try await backend()
            defer { backend.stop() }
            for (mailProtocol, listener, tls) in Self.encrypted {
                let good = try await poll(backend, mailProtocol, listener, tls)
                #expect(good.failure == nil, "\(mailProtocol) \(tls)")
                #expect(good.phases.contains { $0.phase == .tls })
                #expect(good.warnings == [PollWarning]())
                var options = verifying
                options.tls.serverName = .name("other.example")
                let bad = try await poll(backend, mailProtocol, listener, tls, options: options)
                #expect(
                    bad.failure
                        == PollFailure(
                            phase: .tls, kind: .certificate,
                            text: "name mismatch: wanted other.example, offered mail.example"))
                options = verifying
                options.tls.expiryWarning = 14
                let warned = try await poll(backend, mailProtocol, listener, tls, options: options)
                #expect(warned.warnings.map(\.kind) == [.certificateExpires], "\(mailProtocol) \(tls)")
            }
        }

        @Test func `a master user logs in for the account, with the right password alone`() async throws {
            let backend = try await backend()
            defer { backend.stop() }
            for (mailProtocol, listener, tls) in Self.encrypted where mailProtocol != .lmtp {
                let good = try await poll(
                    backend, mailProtocol, listener, tls, account: Account(backend.account, by: backend.master))
                #expect(good.failure == nil, "\(mailProtocol) \(tls)")
                let wrong = LabAccount(username: backend.master.username, password: "wr0ng pw")
                let bad = try await poll(
                    backend, mailProtocol, listener, tls, account: Account(backend.account, by: wrong))
                #expect(bad.failure?.phase == .login && bad.failure?.kind == .rejected, "\(mailProtocol) \(tls)")
            }
            #expect(backend.log.contains("user=<probe>"))
        }

        @Test func `a listener behind a PROXY header is polled well with one, and not without`() async throws {
            let backend = try await backend()
            defer { backend.stop() }
            var options = verifying
            options.proxied = [.imap]
            #expect(try await poll(backend, .imap, .proxiedIMAP, options: options).failure == nil)
            #expect(try await poll(backend, .imap, .proxiedIMAP, .starttls, options: options).failure == nil)
            let without = try await poll(backend, .imap, .proxiedIMAP, time: .seconds(2))
            #expect(without.failure?.phase == .greeting)
        }

        @Test func `ManageSieve is polled well, and a wrong password is a rejection`() async throws {
            let backend = try await backend()
            defer { backend.stop() }
            let good = try await poll(backend, .sieve, .sieve)
            #expect(good.failure == nil)
            #expect(good.phases.map(\.phase) == [.connect, .greeting, .login, .command, .logout])
            let bad = try await poll(
                backend, .sieve, .sieve, account: Account(LabAccount(username: "probe", password: "wr0ng pw")))
            #expect(bad.failure?.phase == .login && bad.failure?.kind == .rejected)
        }

        @Test func `submission without a relay is the relay's trouble, and a wrong password a rejection`() async throws
        {
            let backend = try await backend()
            defer { backend.stop() }
            for tls in [TLSMode.none, .starttls] {
                let relayless = try await poll(backend, .submission, .submission, tls)
                #expect(relayless.failure?.phase == .login && relayless.failure?.kind == .relay)
                #expect(relayless.failure?.code == "451")
                let bad = try await poll(
                    backend, .submission, .submission, tls,
                    account: Account(LabAccount(username: "probe", password: "wr0ng pw")))
                #expect(bad.failure?.phase == .login && bad.failure?.kind == .rejected)
                #expect(bad.failure?.code == "535")
            }
        }

        @Test func `submission with a relay is polled well, though the relay may be gone`() async throws {
            let relay = try await ScriptedPeer.start { connection in
                try await connection.write("220 relay\r\n")
                try await connection.answer("EHLO", "250-relay\r\n250 8BITMIME\r\n")
                try await connection.answer("QUIT", "221 bye\r\n")
            }
            let backend = try await backend(relay: relay.port)
            defer { backend.stop() }
            for tls in [TLSMode.none, .starttls] {
                #expect(try await poll(backend, .submission, .submission, tls).failure == nil)
                let account = Account(backend.account, by: backend.master)
                #expect(try await poll(backend, .submission, .submission, tls, account: account).failure == nil)
            }
            await relay.stop()
            // It is told behind the login's success.
            #expect(try await poll(backend, .submission, .submission).failure == nil)
        }

        @Test func `a backend whose authentication hangs times out`() async throws {
            let backend = try await backend()
            defer { backend.stop() }
            for (mailProtocol, listener) in [
                (MailProtocol.sieve, LoneBackend.Listener.sieve), (.submission, .submission),
            ] {
                _ = try await poll(backend, mailProtocol, listener)
                try backend.freezeAuth()
                let report = try await poll(backend, mailProtocol, listener, .starttls, time: .seconds(1))
                #expect(report.failure?.kind == .timeout, "\(report)")
                try backend.thawAuth()
            }
        }

        @Test func `any of them sends a banner, and a closed port does not`() async throws {
            let backend = try await backend()
            defer { backend.stop() }
            for (listener, tls) in [(LoneBackend.Listener.sieve, TLSMode.none), (.pop3s, .implicit)] {
                #expect(try await poll(backend, .banner, listener, tls).failure == nil)
            }
            #expect(try await poll(backend, .banner, .pop3s, time: .seconds(1)).failure?.kind == .timeout)
        }

        @Test func `the probe tells IMAP and LMTP who it is`() async throws {
            let backend = try await backend()
            defer { backend.stop() }
            #expect(try await poll(backend, .imap, .imap).failure == nil)
            #expect(backend.log.contains("ID sent: name=dovemon, version=\(dovemonVersion)"), "\(backend.log)")
        }
    }
}

extension Account {
    fileprivate convenience init(_ account: LabAccount, by master: LabAccount? = nil) {
        self.init(
            username: account.username, password: Password(master?.password ?? account.password),
            masterUser: master?.username)
    }
}
