import Testing
import ScriptedPeers
import Site

/// What a server of a protocol that does well says, turn by turn.
struct GoodServer: Sendable, CustomTestStringConvertible {
    struct Turn: Sendable {
        /// What the client has to say before; nil for the greeting.
        let after: String?
        let says: String
        /// The phase in which the client waits for it.
        let phase: Phase
    }

    let mailProtocol: MailProtocol
    let turns: [Turn]
    /// The phases of a poll of it, without TLS.
    let phases: [Phase]

    static let imap = GoodServer(
        mailProtocol: .imap,
        turns: [
            Turn(after: nil, says: "* OK IMAP ready.\r\n", phase: .greeting),
            Turn(
                after: "d1 CAPABILITY", says: "* CAPABILITY IMAP4rev1 LITERAL+\r\nd1 OK That is all.\r\n",
                phase: .greeting),
            Turn(after: "d2 LOGIN ", says: "* OK Still there\r\nd2 OK Logged in.\r\n", phase: .login),
            Turn(
                after: "d3 LIST \"\" \"%\"", says: "* LIST () \"/\" {5}\r\nINBOX\r\nd3 OK List completed.\r\n",
                phase: .command),
            Turn(after: "d4 LOGOUT", says: "* BYE Logging out\r\nd4 OK Logout completed.\r\n", phase: .logout),
        ],
        phases: [.connect, .greeting, .login, .command, .logout])

    static let pop3 = GoodServer(
        mailProtocol: .pop3,
        turns: [
            Turn(after: nil, says: "+OK POP3 ready.\r\n", phase: .greeting),
            Turn(after: "USER probe", says: "+OK\r\n", phase: .login),
            Turn(after: "PASS ", says: "+OK Logged in.\r\n", phase: .login),
            Turn(after: "QUIT", says: "+OK Logging out.\r\n", phase: .logout),
        ],
        phases: [.connect, .greeting, .login, .logout])

    static let lmtp = GoodServer(
        mailProtocol: .lmtp,
        turns: [
            Turn(after: nil, says: "220 backend LMTP ready\r\n", phase: .greeting),
            Turn(after: "LHLO localhost", says: "250-backend\r\n250-8BITMIME\r\n250 PIPELINING\r\n", phase: .command),
            Turn(after: "QUIT", says: "221 2.0.0 Bye\r\n", phase: .logout),
        ],
        phases: [.connect, .greeting, .command, .logout])

    static let sieve = GoodServer(
        mailProtocol: .sieve,
        turns: [
            Turn(
                after: nil, says: "\"IMPLEMENTATION\" \"backend\"\r\n\"SASL\" {5}\r\nPLAIN\r\nOK \"ready\"\r\n",
                phase: .greeting),
            Turn(after: "AUTHENTICATE \"PLAIN\" ", says: "OK \"Logged in.\"\r\n", phase: .login),
            Turn(after: "CAPABILITY", says: "\"SASL\" \"\"\r\nOK {4}\r\nDone\r\n", phase: .command),
            Turn(after: "LOGOUT", says: "OK \"Logout completed.\"\r\n", phase: .logout),
        ],
        phases: [.connect, .greeting, .login, .command, .logout])

    static let submission = GoodServer(
        mailProtocol: .submission,
        turns: [
            Turn(after: nil, says: "220-backend\r\n220 ESMTP ready\r\n", phase: .greeting),
            Turn(
                after: "EHLO localhost", says: "250-backend\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n", phase: .greeting),
            Turn(after: "AUTH PLAIN ", says: "235 2.7.0 Logged in.\r\n", phase: .login),
            Turn(after: "QUIT", says: "221 2.0.0 Bye\r\n", phase: .logout),
        ],
        phases: [.connect, .greeting, .login, .logout])

    static let all = [imap, pop3, lmtp, sieve, submission]

    var testDescription: String { mailProtocol.rawValue }

    /// A script that does well until the turn with this number, where it does `instead`.
    func script(
        until number: Int = .max, instead: @escaping @Sendable (PeerConnection, Turn) async throws -> Void = { _, _ in }
    ) -> ScriptedPeer.Script {
        { [turns] connection in
            for (index, turn) in turns.enumerated() {
                if let words = turn.after { try await connection.expect(words) }
                guard index < number else { return try await instead(connection, turn) }
                try await connection.write(turn.says)
            }
        }
    }
}

/// A turn of a server, at which something goes wrong.
struct Place: Sendable, CustomTestStringConvertible {
    let server: GoodServer
    let number: Int

    var turn: GoodServer.Turn { server.turns[number] }
    var testDescription: String { "\(server.mailProtocol), \(turn.after ?? "greeting")" }

    static let all = GoodServer.all.flatMap { server in server.turns.indices.map { Place(server: server, number: $0) } }
}
