import ScriptedPeers
import Site
import Testing

/// TLS on one side, the other, or both.
@Suite(.timeLimit(.minutes(2))) struct EncryptedPollTests {
    private func service(_ server: GoodServer, _ port: Int) -> Service {
        Service(server.mailProtocol, port: port, tls: .implicit)
    }

    @Test("A good server over TLS is well, with the phases all there", arguments: GoodServer.all, ["127.0.0.1", "::1"])
    func good(server: GoodServer, address: String) async throws {
        let peer = try await ScriptedPeer.start(on: address, tls: PeerTLS(), server.script())
        let service = service(server, peer.port)
        let phases = [.connect, .tls] + server.phases.dropFirst()
        try await WatchedPoll.of(service, at: address).expectSuccess(service, at: address, phases)
        await peer.waitUntilEnded(1)
        #expect(peer.complaints == [])
        await peer.stop()
    }

    @Test("TLS 1.2 and 1.3 alone will do", arguments: [PeerTLS.Versions.onlyTLS12, .onlyTLS13])
    func versions(versions: PeerTLS.Versions) async throws {
        let peer = try await ScriptedPeer.start(tls: PeerTLS(versions: versions), GoodServer.imap.script())
        let service = service(.imap, peer.port)
        try await WatchedPoll.of(service).expectSuccess(
            service, [.connect, .tls, .greeting, .login, .command, .logout])
        await peer.stop()
    }

    @Test(
        "A certificate is not looked at: expired, not valid yet, of another name",
        arguments: [(-7_200, -3_600), (3_600, 7_200), (-1, 9)])
    func certificates(validity: (from: Int, until: Int)) async throws {
        let certificate = try TestCertificate(
            names: ["elsewhere.example"], validFrom: validity.from, validUntil: validity.until)
        let peer = try await ScriptedPeer.start(tls: PeerTLS(certificate), GoodServer.pop3.script())
        let service = service(.pop3, peer.port)
        try await WatchedPoll.of(service).expectSuccess(service, [.connect, .tls, .greeting, .login, .logout])
        await peer.stop()
    }

    @Test(
        "A handshake that fails is told as TLS's failure, with what that means",
        arguments: [
            (PeerTLS.Handshake.garbage, FailureKind.tls, "the peer does not speak TLS (wrong version number)"),
            (.closedHalfway, .closed, "the peer closed the connection in the TLS handshake (unexpected end of file)"),
        ])
    func handshakes(handshake: PeerTLS.Handshake, kind: FailureKind, text: String) async throws {
        let peer = try await ScriptedPeer.start(tls: PeerTLS(handshake: handshake)) { _ in }
        let service = service(.imap, peer.port)
        try await WatchedPoll.of(service).expectFailure(service, .tls, kind, text)
        await peer.stop()
    }

    @Test("TLS 1.0 alone is refused")
    func tls10() async throws {
        let peer = try await ScriptedPeer.start(tls: PeerTLS(versions: .onlyTLS10), GoodServer.imap.script())
        let service = service(.imap, peer.port)
        let text = "the peer speaks no TLS version that is accepted here (tlsv1 alert protocol version)"
        try await WatchedPoll.of(service).expectFailure(service, .tls, .tls, text)
        await peer.stop()
    }

    @Test("A handshake that is not answered runs into the deadline", arguments: GoodServer.all)
    func silent(server: GoodServer) async throws {
        let peer = try await ScriptedPeer.start(tls: PeerTLS(handshake: .silent)) { _ in }
        let service = service(server, peer.port)
        let poll = try await WatchedPoll.timingOut(service, in: .tls)
        poll.expectFailure(service, .tls, .timeout, "no answer in time")
        await peer.stop()
    }

    @Test("A connection that ends or is reset before the handshake is told in phase tls")
    func endsBeforeHandshake() async throws {
        let closing = try await ScriptedPeer.start { _ in }
        let service = service(.imap, closing.port)
        try await WatchedPoll.of(service).expectFailure(
            service, .tls, .closed, "the peer closed the connection in the TLS handshake (unexpected end of file)")
        await closing.stop()

        let resetting = try await ScriptedPeer.start { connection in
            _ = try await connection.read(1)
            try await connection.reset()
        }
        let other = self.service(.imap, resetting.port)
        try await WatchedPoll.of(other).expectFailure(other, .tls, .closed, "Connection reset by peer")
        await resetting.stop()
    }

    @Test("A plain server on a TLS port is told as one that speaks no TLS", arguments: GoodServer.all)
    func plainServer(server: GoodServer) async throws {
        let peer = try await ScriptedPeer.start(server.script())
        let service = service(server, peer.port)
        let text = "the peer does not speak TLS (wrong version number)"
        try await WatchedPoll.of(service).expectFailure(service, .tls, .tls, text)
        await peer.stop()
    }

    @Test("A TLS server on a plain port says nothing, as it waits for a ClientHello", arguments: GoodServer.all)
    func encryptedServer(server: GoodServer) async throws {
        let peer = try await ScriptedPeer.start(tls: PeerTLS(), server.script())
        let service = Service(server.mailProtocol, port: peer.port)
        let poll = try await WatchedPoll.timingOut(service, in: .greeting)
        poll.expectFailure(service, .greeting, .timeout, "no answer in time")
        await peer.stop()
    }

    @Test(
        "A server that ends within TLS, with its goodbye or without, or falls back to clear text, in each phase",
        arguments: [0, 2, 3])
    func goesAway(turn: Int) async throws {
        let phase = GoodServer.imap.turns[turn].phase
        let ends: [(@Sendable (PeerConnection) async throws -> Void, String)] = [
            ({ try await $0.close() }, "connection closed by the peer"),
            ({ try await $0.cut() }, "the peer closed the connection without ending TLS (unexpected end of file)"),
        ]
        for (end, text) in ends {
            let peer = try await ScriptedPeer.start(
                tls: PeerTLS(), GoodServer.imap.script(until: turn) { connection, _ in try await end(connection) })
            let service = service(.imap, peer.port)
            try await WatchedPoll.of(service).expectFailure(service, phase, .closed, text)
            await peer.stop()
        }
        let peer = try await ScriptedPeer.start(
            tls: PeerTLS(),
            GoodServer.imap.script(until: turn) { connection, _ in
                try await connection.writeRaw(Array("* OK in clear\r\n".utf8))
                try await connection.silence()
            })
        let service = service(.imap, peer.port)
        let poll = try await WatchedPoll.of(service)
        #expect(poll.report.failure?.phase == phase)
        poll.expectFailure(service, phase, .tls, "wrong version number")
        await peer.stop()
    }

    @Test("A lost goodbye over TLS is no failure")
    func lostGoodbye() async throws {
        let peer = try await ScriptedPeer.start(
            tls: PeerTLS(), GoodServer.imap.script(until: 4) { connection, _ in try await connection.cut() })
        let service = service(.imap, peer.port)
        try await WatchedPoll.of(service).expectSuccess(
            service, [.connect, .tls, .greeting, .login, .command, .logout])
        await peer.stop()
    }
}
