import Probes
import ScriptedPeers
import Site
import Testing

/// A server that offers STARTTLS, up to its consent, and what it says behind the handshake.
struct StartTLSServer: Sendable, CustomTestStringConvertible {
    let mailProtocol: MailProtocol
    /// What it says, and what it awaits before that; the last is the consent.
    let inClear: [(after: String?, says: String)]
    let encrypted: [(after: String?, says: String)]
    let phases: [Phase]

    var testDescription: String { mailProtocol.rawValue }

    static let all = [
        StartTLSServer(
            mailProtocol: .imap,
            inClear: [
                (nil, "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n"), ("d1 STARTTLS", "d1 OK go\r\n"),
            ],
            encrypted: [
                ("d2 CAPABILITY", "* CAPABILITY IMAP4rev1 ID\r\nd2 OK\r\n"), ("d3 ID (", "* ID NIL\r\nd3 OK\r\n"),
                ("d4 LOGIN", "d4 OK\r\n"), ("d5 LIST", "d5 OK\r\n"), ("d6 LOGOUT", "* BYE\r\nd6 OK\r\n"),
            ],
            phases: [.connect, .greeting, .tls, .login, .command, .logout]),
        StartTLSServer(
            mailProtocol: .pop3,
            inClear: [(nil, "+OK ready\r\n"), ("CAPA", "+OK\r\nSTLS\r\n.\r\n"), ("STLS", "+OK go\r\n")],
            encrypted: [("USER probe", "+OK\r\n"), ("PASS ", "+OK\r\n"), ("QUIT", "+OK\r\n")],
            phases: [.connect, .greeting, .tls, .login, .logout]),
        StartTLSServer(
            mailProtocol: .lmtp,
            inClear: [
                (nil, "220 ready\r\n"), ("LHLO localhost", "250-mx\r\n250 STARTTLS\r\n"), ("STARTTLS", "220 go\r\n"),
            ],
            encrypted: [("LHLO localhost", "250 mx\r\n"), ("QUIT", "221 bye\r\n")],
            phases: [.connect, .greeting, .tls, .command, .logout]),
        StartTLSServer(
            mailProtocol: .submission,
            inClear: [
                (nil, "220 ready\r\n"), ("EHLO localhost", "250-mx\r\n250 STARTTLS\r\n"), ("STARTTLS", "220 go\r\n"),
            ],
            encrypted: [
                ("EHLO localhost", "250-mx\r\n250 AUTH PLAIN\r\n"), ("AUTH PLAIN ", "235 in\r\n"),
                ("QUIT", "221 bye\r\n"),
            ],
            phases: [.connect, .greeting, .tls, .login, .logout]),
        StartTLSServer(
            mailProtocol: .sieve,
            inClear: [(nil, "\"SASL\" \"\"\r\n\"STARTTLS\"\r\nOK\r\n"), ("STARTTLS", "OK \"go\"\r\n")],
            encrypted: [
                (nil, "\"SASL\" \"PLAIN\"\r\nOK\r\n"), ("AUTHENTICATE \"PLAIN\" ", "OK\r\n"), ("CAPABILITY", "OK\r\n"),
                ("LOGOUT", "OK\r\n"),
            ],
            phases: [.connect, .greeting, .tls, .login, .command, .logout]),
    ]

    func service(_ port: Int) -> Service { Service(mailProtocol, port: port, tls: .starttls) }

    /// A script with the handshake, and with bytes in clear behind the consent: in its packet, and in one of their own.
    func script(
        _ tls: PeerTLS, injecting injected: String = "", separately: String = "",
        told: (@Sendable (String?) -> Void)? = nil
    ) -> ScriptedPeer.Script {
        { connection in
            for (number, turn) in inClear.enumerated() {
                if let words = turn.after { try await connection.expect(words) }
                let isConsent = number == inClear.count - 1
                try await connection.write(turn.says + (isConsent ? injected : ""))
            }
            if !separately.isEmpty {
                // The client has begun its handshake by then.
                _ = try await connection.read(1)
                try await connection.write(separately)
                return try await connection.silence()
            }
            try await connection.startTLS(tls)
            told?(connection.tlsSession?.requestedName)
            for turn in encrypted {
                if let words = turn.after { try await connection.expect(words) }
                try await connection.write(turn.says)
            }
        }
    }
}

/// TLS that begins in the midst of a conversation.
@Suite(.timeLimit(.minutes(2))) struct StartTLSPollTests {
    private static let injection = "bytes in clear behind STARTTLS's OK"

    @Test("A good server is well, with the phases all there", arguments: StartTLSServer.all)
    func good(server: StartTLSServer) async throws {
        let peer = try await ScriptedPeer.start(server.script(try PeerTLS()))
        let service = server.service(peer.port)
        try await WatchedPoll.of(service).expectSuccess(service, server.phases)
        await peer.waitUntilEnded(1)
        #expect(peer.complaints == [])
        await peer.stop()
    }

    @Test(
        "Bytes in clear behind the consent are a failure, and never read as encrypted", arguments: StartTLSServer.all,
        ["x", "\u{16}", "* OK in\r\n", "+OK\r\n", "250 mx\r\n250 AUTH PLAIN\r\n", "OK\r\n"])
    func injected(server: StartTLSServer, bytes: String) async throws {
        let peer = try await ScriptedPeer.start(server.script(try PeerTLS(), injecting: bytes))
        let service = server.service(peer.port)
        try await WatchedPoll.of(service).expectFailure(service, .tls, .tls, Self.injection)
        #expect(!peer.transcripts.joined().contains("probe"))
        await peer.stop()
    }

    @Test("So are bytes that come in a packet of their own", arguments: StartTLSServer.all)
    func injectedLater(server: StartTLSServer) async throws {
        let peer = try await ScriptedPeer.start(server.script(try PeerTLS(), separately: "* OK in\r\n"))
        let service = server.service(peer.port)
        try await WatchedPoll.of(service).expectFailure(service, .tls, .tls, Self.injection)
        await peer.stop()
    }

    @Test("A handshake that fails is told as with implicit TLS")
    func handshake() async throws {
        for (handshake, kind, text) in [
            (PeerTLS.Handshake.garbage, FailureKind.tls, Self.injection),
            (
                .closedHalfway, .closed,
                "the peer closed the connection in the TLS handshake (unexpected end of file)"
            ),
        ] {
            let peer = try await ScriptedPeer.start(StartTLSServer.all[0].script(try PeerTLS(handshake: handshake)))
            let service = StartTLSServer.all[0].service(peer.port)
            try await WatchedPoll.of(service).expectFailure(service, .tls, kind, text)
            await peer.stop()
        }
    }

    @Test("A handshake that is not answered runs into the deadline", arguments: StartTLSServer.all)
    func silent(server: StartTLSServer) async throws {
        let peer = try await ScriptedPeer.start(server.script(try PeerTLS(handshake: .silent)))
        let service = server.service(peer.port)
        let poll = try await WatchedPoll.timingOut(service, in: .tls)
        poll.expectFailure(service, .tls, .timeout, "no answer in time")
        await peer.stop()
    }
}
