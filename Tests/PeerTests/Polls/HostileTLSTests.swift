import ScriptedPeers
import Site
import Testing

/// What a server does with TLS behind a handshake that was in order.
struct TLSMischief: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let versions: PeerTLS.Versions
    let kind: FailureKind
    /// One of these is told; OpenSSL's words differ from one version to another.
    let texts: [String]
    let act: @Sendable (PeerConnection, ServerTLSSession) async throws -> Void

    init(
        _ name: String, over versions: PeerTLS.Versions = .current, kind: FailureKind = .tls, _ texts: String...,
        act: @escaping @Sendable (PeerConnection, ServerTLSSession) async throws -> Void
    ) {
        testDescription = name
        self.versions = versions
        self.kind = kind
        self.texts = texts
        self.act = act
    }

    static let all = [
        TLSMischief("key updates without end", over: .onlyTLS13, empty) { connection, session in
            while true {
                try session.updateKeys(requesting: false)
                try await connection.flush(session)
            }
        },
        TLSMischief("requests for key updates without end", over: .onlyTLS13, empty) { connection, session in
            while true {
                try session.updateKeys(requesting: true)
                try await connection.flush(session)
            }
        },
        TLSMischief("session tickets without end", over: .onlyTLS13, empty) { connection, session in
            while true {
                try session.sendTicket()
                try await connection.flush(session)
            }
        },
        TLSMischief("a record that claims to be of 64 KiB", "packet length too long") { connection, _ in
            try await connection.writeRaw([23, 3, 3, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 65_535))
            try await connection.silence()
        },
        TLSMischief("a record that is longer than its data may be", "packet length too long") { connection, _ in
            // As compression's would be, which no version has any more.
            try await connection.writeRaw([23, 3, 3, 0x44, 0x00] + [UInt8](repeating: 0, count: 0x4400))
            try await connection.silence()
        },
        TLSMischief("records of an unknown kind without end", over: .onlyTLS12, "bad record mac", "invalid aad") {
            connection, _ in
            while true { try await connection.writeRaw([99, 3, 3, 0, 1, 0]) }
        },
        TLSMischief("records that are not encrypted", "bad record mac") { connection, _ in
            while true { try await connection.writeRaw([23, 3, 3, 0, 64] + [UInt8](repeating: 0, count: 64)) }
        },
        TLSMischief("empty records and such of a byte without end", empty) { connection, _ in
            // One byte costs more than twenty.
            while true { try await connection.write([0x78]) }
        },
    ]

    private static let empty = "too many records without data"
}

/// Servers that misuse TLS: each ends its own poll, long before its deadline.
@Suite(.timeLimit(.minutes(2))) struct HostileTLSTests {
    @Test("What a server does with TLS behind the handshake ends the poll at once", arguments: TLSMischief.all)
    func behindHandshake(mischief: TLSMischief) async throws {
        let peer = try await ScriptedPeer.start(tls: PeerTLS(versions: mischief.versions)) { connection in
            guard let session = connection.tlsSession else { return }
            try await mischief.act(connection, session)
        }
        let service = Service(.imap, port: peer.port, tls: .implicit)
        let poll = try await WatchedPoll.of(service)
        // What follows the server's last handshake record may come with it.
        #expect([.tls, .greeting].contains(poll.report.failure?.phase))
        #expect(poll.report.failure?.kind == mischief.kind)
        #expect(mischief.texts.contains { poll.report.failure?.text.contains($0) == true }, "\(poll.line)")
        #expect(poll.report.duration < .seconds(30))
        await peer.waitUntilEnded(1)
        await peer.stop()
    }

    @Test("A server that asks for a new handshake is told no, and spoils its own poll at most")
    func renegotiation() async throws {
        let peer = try await ScriptedPeer.start(tls: PeerTLS(versions: .onlyTLS12)) { connection in
            guard let session = connection.tlsSession else { return }
            try session.renegotiate()
            try await connection.flush(session)
            // OpenSSL ends the connection when it is told no.
            try await connection.silence()
        }
        let service = Service(.imap, port: peer.port, tls: .implicit)
        let poll = try await WatchedPoll.of(service)
        #expect(poll.report.failure?.phase == .greeting)
        #expect([.closed, .tls].contains(poll.report.failure?.kind), "\(poll.line)")
        #expect(poll.report.duration < .seconds(30))
        await peer.waitUntilEnded(1)
        await peer.stop()
    }
}
