import ScriptedPeers
import Site
import Testing

private let tooMuch = "more than 1048576 bytes"
private let longLine = "a line of more than 65536 bytes"

struct Flood: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let server: GoodServer
    /// The turn in which it comes.
    let turn: Int
    /// What begins it, and what is then said without end.
    var begin = ""
    let flood: String
    let text: String

    init(_ name: String, _ server: GoodServer, _ turn: Int, begin: String = "", _ flood: String, _ text: String) {
        testDescription = name
        self.server = server
        self.turn = turn
        self.begin = begin
        self.flood = flood
        self.text = text
    }

    static let all = [
        Flood("a greeting without end", .imap, 0, begin: "* OK ", "x", longLine),
        Flood("zero bytes", .imap, 0, "\0", longLine),
        Flood("carriage returns", .imap, 0, "\r", longLine),
        Flood("a POP3 greeting without end", .pop3, 0, begin: "+OK ", "x", longLine),
        Flood("an LMTP greeting without end", .lmtp, 0, begin: "220 ", "x", longLine),
        Flood("a LOGIN reply without end", .imap, 2, begin: "d2 OK ", "x", longLine),
        Flood("untagged statuses in place of capabilities", .imap, 1, "* OK still here\r\n", tooMuch),
        Flood("capabilities without end", .imap, 1, "* CAPABILITY IMAP4rev1\r\n", tooMuch),
        Flood("untagged data after LOGIN", .imap, 2, "* 1 EXISTS\r\n", tooMuch),
        Flood("mailboxes without end", .imap, 3, "* LIST () \"/\" \"INBOX\"\r\n", tooMuch),
        Flood("mailboxes as small literals without end", .imap, 3, "* LIST () \"/\" {5}\r\nIN\r\nX\r\n", tooMuch),
        Flood("empty literals without end", .imap, 3, "* LIST {0}\r\n", tooMuch),
        Flood("a literal that is as large as a poll", .imap, 3, begin: "* LIST () \"/\" {1048576}\r\n", "x", tooMuch),
        Flood("LMTP greeting lines without end", .lmtp, 0, "220-still\r\n", tooMuch),
        Flood("LHLO reply lines without end", .lmtp, 1, "250-8BITMIME\r\n", tooMuch),
        Flood("a POP3 PASS reply without end", .pop3, 2, begin: "+OK ", "x", longLine),
        Flood("Sieve capabilities without end", .sieve, 0, "\"IMPLEMENTATION\" \"x\"\r\n", tooMuch),
        Flood("a Sieve capability without end", .sieve, 0, begin: "\"SASL\" \"", "x", longLine),
        Flood("Sieve capabilities as literals without end", .sieve, 2, "\"X\" {2}\r\nab\r\n", tooMuch),
        Flood("a Sieve literal that is as large as a poll", .sieve, 1, begin: "OK {1048576}\r\n", "x", tooMuch),
        Flood("a Sieve capability's literal without end", .sieve, 0, begin: "\"SASL\" {99999}\r\n", "x", longLine),
        Flood("submission greeting lines without end", .submission, 0, "220-still\r\n", tooMuch),
        Flood("EHLO reply lines without end", .submission, 1, "250-AUTH PLAIN\r\n", tooMuch),
        Flood("an AUTH reply without end", .submission, 2, begin: "235 ", "x", longLine),
    ]
}

/// Servers that send more than a poll reads: each poll ends long before its deadline, and closes the connection.
@Suite(.timeLimit(.minutes(2))) struct FloodTests {
    @Test("A flood ends the poll at once", arguments: Flood.all)
    func endsAtOnce(flood: Flood) async throws {
        let peer = try await ScriptedPeer.start(
            flood.server.script(until: flood.turn) { connection, _ in
                try await connection.write(flood.begin)
                try await connection.flood(flood.flood)
            })
        let service = Service(flood.server.mailProtocol, port: peer.port)
        let poll = try await WatchedPoll.of(service)
        poll.expectFailure(service, flood.server.turns[flood.turn].phase, .oversized, flood.text)
        #expect(poll.report.duration < .seconds(30))
        // It ends only when the client has gone.
        await peer.waitUntilEnded(1)
        #expect(peer.complaints == [])
        await peer.stop()
    }

    @Test("POP3 capabilities without end end a poll that has no account")
    func capabilities() async throws {
        let peer = try await ScriptedPeer.start { connection in
            try await connection.write("+OK ready\r\n")
            try await connection.answer("CAPA", "+OK\r\n")
            try await connection.flood("TOP\r\n")
        }
        let service = Service(.pop3, port: peer.port)
        let poll = try await WatchedPoll.of(service, account: nil)
        poll.expectFailure(service, .greeting, .oversized, tooMuch)
        await peer.waitUntilEnded(1)
        await peer.stop()
    }

    @Test(
        "A literal that no poll could read is refused by its announcement",
        arguments: [1_048_577, 4_294_967_296, Int.max])
    func announcedLiteral(size: Int) async throws {
        let peer = try await ScriptedPeer.start(
            GoodServer.imap.script(until: 3) { connection, _ in
                try await connection.write("* LIST () \"/\" {\(size)}\r\n")
                try await connection.silence()
            })
        let service = Service(.imap, port: peer.port)
        let poll = try await WatchedPoll.of(service)
        poll.expectFailure(service, .command, .oversized, "a literal that is larger than a poll reads")
        await peer.waitUntilEnded(1)
        await peer.stop()
    }

    @Test("So is one of ManageSieve", arguments: [1_048_577, 4_294_967_296, Int.max])
    func announcedSieveLiteral(size: Int) async throws {
        let peer = try await ScriptedPeer.start(
            GoodServer.sieve.script(until: 2) { connection, _ in
                try await connection.write("\"X\" {\(size)}\r\n")
                try await connection.silence()
            })
        let service = Service(.sieve, port: peer.port)
        let poll = try await WatchedPoll.of(service)
        poll.expectFailure(service, .command, .oversized, "a literal that is larger than a poll reads")
        await peer.waitUntilEnded(1)
        await peer.stop()
    }

    @Test(
        "After the goodbye, a server that never closes spoils nothing, and the connection is closed all the same",
        arguments: GoodServer.all)
    func neverCloses(server: GoodServer) async throws {
        let peer = try await ScriptedPeer.start { connection in
            try await server.script()(connection)
            // Ends only when the client has.
            try await connection.silence()
        }
        let service = Service(server.mailProtocol, port: peer.port)
        try await WatchedPoll.of(service).expectSuccess(service, server.phases)
        await peer.waitUntilEnded(1)
        await peer.stop()
    }

    @Test("After the goodbye, a flood spoils nothing", arguments: GoodServer.all)
    func afterGoodbye(server: GoodServer) async throws {
        let last = server.turns.count - 1
        let peer = try await ScriptedPeer.start(
            server.script(until: last) { connection, _ in try await connection.flood("x") })
        let service = Service(server.mailProtocol, port: peer.port)
        let poll = try await WatchedPoll.of(service)
        poll.expectSuccess(service, server.phases)
        #expect(poll.report.duration < .seconds(30))
        await peer.waitUntilEnded(1)
        await peer.stop()
    }

    @Test("A flood over TLS ends the poll as well")
    func encrypted() async throws {
        let peer = try await ScriptedPeer.start(
            tls: PeerTLS(),
            GoodServer.imap.script(until: 3) { connection, _ in try await connection.flood("* LIST () \"/\" INBOX\r\n")
            })
        let service = Service(.imap, port: peer.port, tls: .implicit)
        let poll = try await WatchedPoll.of(service)
        poll.expectFailure(service, .command, .oversized, tooMuch)
        await peer.waitUntilEnded(1)
        await peer.stop()
    }
}
