import Glibc
import Probes
import ScriptedPeers
import Site
import Synchronization
import Testing
import Transport

/// An issuer of certificates that only a test trusts, in a file.
final class TestAuthority: Sendable {
    let certificate: TestCertificate
    private let directory: SocketDirectory
    var path: String { directory.authorities }

    init() throws {
        certificate = try TestCertificate(names: ["Test Authority"], isAuthority: true)
        directory = try SocketDirectory()
        let file = open(directory.authorities, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        let pem = Array(certificate.pem.utf8)
        guard write(file, pem, pem.count) == pem.count else { throw PeerError("\(directory.authorities): \(errno)") }
    }

    func issue(_ names: String..., from: Int = -3_600, until: Int = 86_400) throws -> TestCertificate {
        try TestCertificate(names: names, validFrom: from, validUntil: until, issuer: certificate)
    }

    /// Checks that trust this issuer.
    func options(_ name: ServerName = .address) -> PollOptions {
        PollOptions(tls: TLSChecks(verifies: true, authorities: path, serverName: name))
    }
}

/// Certificates that are looked at.
@Suite(.timeLimit(.minutes(2))) struct VerifiedPollTests {
    private let authority: TestAuthority
    private static let phases: [Phase] = [.connect, .tls, .greeting, .login, .logout]

    init() throws { authority = try TestAuthority() }

    private func poll(
        _ certificate: TestCertificate, _ options: PollOptions, account: Account? = WatchedPoll.account
    ) async throws -> (poll: WatchedPoll, service: Service) {
        let peer = try await ScriptedPeer.start(tls: PeerTLS(certificate), GoodServer.pop3.script())
        let service = Service(.pop3, port: peer.port, tls: .implicit)
        let poll = try await WatchedPoll.of(service, account: account, options: options)
        if !poll.report.succeeded { #expect(!peer.transcripts.joined().contains("USER")) }
        await peer.stop()
        return (poll, service)
    }

    @Test("A certificate of a trusted issuer and the right name is well: the address, a name, a wildcard")
    func trusted() async throws {
        for (names, wanted) in [
            ("127.0.0.1", ServerName.address), ("mail.example", .name("mail.example")),
            ("*.mail.example", .name("b.mail.example")), ("127.0.0.1", .name("127.0.0.1")),
        ] {
            let (poll, service) = try await poll(try authority.issue("other.example", names), authority.options(wanted))
            poll.expectSuccess(service, Self.phases)
        }
    }

    @Test("An account's own name goes before the settings'")
    func accountName() async throws {
        let account = Account(
            username: "probe", password: Password(WatchedPoll.password), serverName: .name("b1.example"))
        let certificate = try authority.issue("b1.example")
        let (good, service) = try await poll(certificate, authority.options(.name("mail.example")), account: account)
        good.expectSuccess(service, Self.phases)
    }

    @Test("What is wrong is told: expired, not valid yet, another name, all at once")
    func wrong() async throws {
        let day = PeerCertificate.day(time(nil) - 86_400)
        let tomorrow = PeerCertificate.day(time(nil) + 86_400)
        for (certificate, wanted, text) in [
            (try authority.issue("127.0.0.1", from: -172_800, until: -86_400), ServerName.address, "expired on \(day)"),
            (try authority.issue("127.0.0.1", from: 86_400, until: 172_800), .address, "not valid before \(tomorrow)"),
            (
                try authority.issue("a.example", "b.example"), .name("mail.example"),
                "name mismatch: wanted mail.example, offered a.example, b.example"
            ),
            (
                try authority.issue("a.example", "::1"), .address,
                "name mismatch: wanted 127.0.0.1, offered a.example, ::1"
            ),
            (
                try authority.issue("a", "b", "c", "d", "e", "f"), .name("z"),
                "name mismatch: wanted z, offered a, b, c, d, e, …"
            ),
            (
                try authority.issue("a\u{1}.example"), .name("mail.example"),
                #"name mismatch: wanted mail.example, offered a\x01.example"#
            ),
            (
                try authority.issue("a.example", from: -172_800, until: -86_400), .name("mail.example"),
                "name mismatch: wanted mail.example, offered a.example; expired on \(day)"
            ),
        ] {
            let (poll, service) = try await poll(certificate, authority.options(wanted))
            poll.expectFailure(service, .tls, .certificate, text)
        }
    }

    @Test("A certificate of nobody who is trusted is told with its issuer")
    func untrusted() async throws {
        let (own, service) = try await poll(TestCertificate(names: ["127.0.0.1"]), authority.options())
        own.expectFailure(service, .tls, .certificate, "self-signed: CN=127.0.0.1")
        let stranger = try TestCertificate(names: ["Another, Authority"], isAuthority: true)
        let issued = try TestCertificate(names: ["127.0.0.1"], issuer: stranger)
        for options in [authority.options(), PollOptions(tls: TLSChecks(verifies: true))] {
            let (other, service) = try await poll(issued, options)
            other.expectFailure(service, .tls, .certificate, "unknown issuer: CN=Another, Authority")
        }
    }

    @Test("With STARTTLS a certificate is looked at likewise", arguments: StartTLSServer.all)
    func startTLS(server: StartTLSServer) async throws {
        for (name, text) in [("127.0.0.1", nil), ("other", "name mismatch: wanted 127.0.0.1, offered other")] {
            let peer = try await ScriptedPeer.start(server.script(try PeerTLS(authority.issue(name))))
            let service = server.service(peer.port)
            let poll = try await WatchedPoll.of(service, options: authority.options())
            if let text {
                poll.expectFailure(service, .tls, .certificate, text)
                #expect(!peer.transcripts.joined().contains("probe"))
            } else {
                poll.expectSuccess(service, server.phases)
            }
            await peer.stop()
        }
    }

    @Test("A certificate that will soon expire is a warning of a poll that is well, verified or not")
    func expiry() async throws {
        for (days, verifies) in [(13, true), (13, false), (15, true), (15, false)] {
            var options = authority.options()
            options.tls.verifies = verifies
            options.tls.expiryWarning = 14
            let until = days * 86_400 + 3_600
            let (poll, service) = try await poll(authority.issue("127.0.0.1", until: until), options)
            poll.expectSuccess(service, Self.phases)
            let day = PeerCertificate.day(time(nil) + until)
            let expected = days == 13 ? [PollWarning(.certificateExpires, "expires on \(day), in 13 days")] : []
            #expect(poll.report.warnings == expected)
        }
    }

    @Test("A minimum version is kept")
    func minimum() async throws {
        for (versions, isEnough) in [(PeerTLS.Versions.onlyTLS12, false), (.onlyTLS13, true)] {
            let peer = try await ScriptedPeer.start(tls: PeerTLS(versions: versions), GoodServer.pop3.script())
            let service = Service(.pop3, port: peer.port, tls: .implicit)
            let poll = try await WatchedPoll.of(service, options: PollOptions(tls: TLSChecks(minimumVersion: .tls13)))
            #expect(poll.report.failure?.kind == (isEnough ? nil : .tls))
            await peer.stop()
        }
    }

    @Test("An old version is spoken where it is asked for, and nowhere else")
    func oldVersions() async throws {
        for (versions, minimum) in [(PeerTLS.Versions.onlyTLS10, TLSVersion.tls10), (.onlyTLS11, .tls11)] {
            for (minimum, isSpoken) in [(minimum, true), (nil, false), (.tls12, false)] {
                let peer = try await ScriptedPeer.start(tls: PeerTLS(versions: versions), GoodServer.pop3.script())
                let service = Service(.pop3, port: peer.port, tls: .implicit)
                let options = PollOptions(tls: TLSChecks(minimumVersion: minimum))
                let poll = try await WatchedPoll.of(service, options: options)
                #expect(poll.report.failure?.kind == (isSpoken ? nil : .tls), "\(versions) by \(minimum as Any)")
                await peer.stop()
            }
        }
    }

    @Test("A server is asked for by its name, and never by an address")
    func serverName() async throws {
        for (name, expected) in [
            (ServerName.name("mail.example"), "mail.example"), (.name("::1"), nil), (.address, nil),
        ] {
            let asked = Asked()
            let server = StartTLSServer.all[1]
            let peer = try await ScriptedPeer.start(
                server.script(try PeerTLS(), told: { asked.names.withLock { [name = $0] in $0.append(name) } }))
            let options = PollOptions(tls: TLSChecks(serverName: name))
            let poll = try await WatchedPoll.of(server.service(peer.port), options: options)
            #expect(poll.report.succeeded)
            #expect(asked.names.withLock { $0 } == [expected])
            await peer.stop()
        }
    }

    private final class Asked: Sendable {
        let names = Mutex<[String?]>([])
    }
}
