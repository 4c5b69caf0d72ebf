import ScriptedPeers
import Site
import Testing

struct Greeting: Sendable, CustomTestStringConvertible {
    let mailProtocol: MailProtocol
    let says: String
    let kind: FailureKind
    var code: String?
    let text: String

    /// One that is malformed.
    init(_ mailProtocol: MailProtocol, _ says: String, _ text: String) {
        self.mailProtocol = mailProtocol
        self.says = says
        self.kind = .malformed
        self.text = text
    }

    /// One that refuses.
    init(_ mailProtocol: MailProtocol, _ says: String, code: String?, refusal: String) {
        self.mailProtocol = mailProtocol
        self.says = says
        self.kind = .rejected
        self.code = code
        self.text = refusal
    }

    var testDescription: String { "\(mailProtocol): \(says.debugDescription)" }

    static let all = [
        Greeting(.imap, "+OK POP3 ready\r\n", "not an IMAP response: +OK POP3 ready"),
        Greeting(.imap, "220 mail LMTP ready\r\n", "not an IMAP response: 220 mail LMTP ready"),
        Greeting(.imap, "220 OK ready\r\n", "not an IMAP greeting: 220 OK ready"),
        Greeting(.imap, "HTTP/1.1 400 Bad Request\r\n", "not an IMAP response: HTTP/1.1 400 Bad Request"),
        Greeting(.imap, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "not an IMAP response: SSH-2.0-OpenSSH_9.2p1 Debian-2"),
        Greeting(.imap, "\u{16}\u{3}\u{1}\0\n", #"not an IMAP response: \x16\x03\x01\x00"#),
        Greeting(.imap, "\r\n", "not an IMAP response: "),
        Greeting(.imap, "* 3 EXISTS\r\n", "not an IMAP greeting: * 3 EXISTS"),
        Greeting(.imap, "+ go on\r\n", "not asked for: + go on"),
        Greeting(.imap, "* BYE Too many connections\r\n", code: nil, refusal: "Too many connections"),
        Greeting(
            .imap, "* BYE [UNAVAILABLE] Try \"later\"\r\n", code: "UNAVAILABLE", refusal: #"Try "later""#),
        Greeting(.pop3, "* OK IMAP ready\r\n", "not a POP3 reply: * OK IMAP ready"),
        Greeting(.pop3, "HTTP/1.1 400 Bad Request\r\n", "not a POP3 reply: HTTP/1.1 400 Bad Request"),
        Greeting(.pop3, "-ERR [SYS/TEMP] Not now\r\n", code: "SYS/TEMP", refusal: "Not now"),
        Greeting(.lmtp, "* OK IMAP ready\r\n", "not an LMTP reply: * OK IMAP ready"),
        Greeting(.lmtp, "SSH-2.0-OpenSSH_9.2p1\r\n", "not an LMTP reply: SSH-2.0-OpenSSH_9.2p1"),
        Greeting(.lmtp, "421 4.3.2 Shutting down\r\n", code: "421", refusal: "4.3.2 Shutting down"),
        Greeting(.lmtp, "220-one\r\n221 two\r\n", "not an LMTP reply: 221 two"),
    ]
}

/// Servers that speak, but not as they should.
@Suite(.timeLimit(.minutes(2))) struct WrongServerTests {
    @Test("A greeting that is none, or a refusal, is told with its words", arguments: Greeting.all)
    func greeting(greeting: Greeting) async throws {
        let peer = try await ScriptedPeer.start { connection in
            try await connection.write(greeting.says)
            try await connection.silence()
        }
        let service = Service(greeting.mailProtocol, port: peer.port)
        let poll = try await WatchedPoll.of(service)
        poll.expectFailure(service, .greeting, greeting.kind, code: greeting.code, greeting.text)
        await peer.waitUntilEnded(1)
        await peer.stop()
    }

    @Test("A long greeting from elsewhere is cut in the log")
    func longGreeting() async throws {
        let peer = try await ScriptedPeer.start { try await $0.write(String(repeating: "é", count: 30_000) + "\n") }
        let service = Service(.imap, port: peer.port)
        let text = "not an IMAP response: " + String(repeating: "é", count: 87) + "…"
        try await WatchedPoll.of(service).expectFailure(service, .greeting, .malformed, text)
        await peer.stop()
    }

    @Test(
        "A refused login is told with its code, and never with the password, however the server repeats it",
        arguments: [
            (GoodServer.imap, 2, "d2 NO [AUTHENTICATIONFAILED] No: ECHO\r\n", "AUTHENTICATIONFAILED"),
            (.imap, 2, "d2 BAD [X ECHO] No: ECHO\r\n", "X [password]"),
            (.imap, 2, "* BYE [UNAVAILABLE] No: ECHO\r\n", "UNAVAILABLE"),
            (.pop3, 2, "-ERR [AUTH] No: ECHO\r\n", "AUTH"),
            (.pop3, 1, "-ERR No: ECHO\r\n", nil),
        ] as [(GoodServer, Int, String, String?)])
    func login(server: GoodServer, turn: Int, reply: String, code: String?) async throws {
        let inQuotes = WatchedPoll.password.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        for echo in [WatchedPoll.password, inQuotes] {
            let peer = try await ScriptedPeer.start(
                server.script(until: turn) { connection, _ in
                    try await connection.write(reply.replacing("ECHO", with: echo))
                })
            let service = Service(server.mailProtocol, port: peer.port)
            let poll = try await WatchedPoll.of(service)
            poll.expectFailure(service, .login, .rejected, code: code, "No: [password]")
            #expect(!poll.line.text.contains("s3cret"))
            await peer.stop()
        }
    }

    @Test("A LOGIN line that is thrown back as it came tells nothing either")
    func echo() async throws {
        let peer = try await ScriptedPeer.start { connection in
            try await connection.write("* OK [CAPABILITY IMAP4rev1] ready\r\n")
            try await connection.write(try await connection.expect("d1 LOGIN") + "\r\n")
        }
        let service = Service(.imap, port: peer.port)
        let poll = try await WatchedPoll.of(service)
        let text = #"not an IMAP response: d1 LOGIN "probe" "[password]""#
        poll.expectFailure(service, .login, .malformed, text)
        await peer.stop()
    }

    @Test("A login that is not offered is told as that")
    func loginDisabled() async throws {
        let peer = try await ScriptedPeer.start { connection in
            try await connection.write("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n")
            try await connection.silence()
        }
        let service = Service(.imap, port: peer.port)
        let poll = try await WatchedPoll.of(service)
        poll.expectFailure(
            service, .login, .loginDisabled, "LOGINDISABLED, and no AUTH=PLAIN: encryption may be wanted")
        #expect(peer.transcripts.first == "")
        await peer.stop()
    }

    @Test("A mailbox that cannot be listed is told with the server's words")
    func list() async throws {
        let peer = try await ScriptedPeer.start(
            GoodServer.imap.script(until: 3) { connection, _ in
                try await connection.write("d3 NO [SERVERBUG] Internal error [2026-11-21]\r\n")
            })
        let service = Service(.imap, port: peer.port)
        let poll = try await WatchedPoll.of(service)
        poll.expectFailure(service, .command, .rejected, code: "SERVERBUG", "Internal error [2026-11-21]")
        await peer.stop()
    }
}
