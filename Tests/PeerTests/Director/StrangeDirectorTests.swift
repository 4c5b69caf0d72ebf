import Glibc
import ScriptedPeers
import Testing

private let backend = "127.0.1.1"
private let version = "VERSION\tdirector-doveadm\t1\t0\n"
private let row = "127.0.1.1\t100\t0\t\tU\t0\n"

/// What takes a director's place for a while.
struct Stranger: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What the log says of it, behind the socket's path.
    let text: String
    let script: ScriptedPeer.Script

    init(_ name: String, _ text: String, _ script: @escaping ScriptedPeer.Script) {
        testDescription = name
        self.text = text
        self.script = script
    }

    /// One that greets well, and says this to HOST-LIST.
    init(_ name: String, hosts: String, _ text: String) {
        self.init(name, text) { connection in
            try await connection.write(version)
            try await connection.expect("VERSION")
            try await connection.answer("DIRECTOR-LIST", "127.0.0.11\t9090\tself\t0\tring synced\t0\n\n")
            try await connection.answer("HOST-LIST", hosts)
            try await connection.silence()
        }
    }

    private static let greets = "not a director-admin socket: it greets with"

    static let all = [
        Stranger("another major version", "version 2 of the director-admin protocol; 1 is known here") {
            try await $0.write("VERSION\tdirector-doveadm\t2\t0\n")
        },
        Stranger("another service", #"\#(greets) "VERSION\tdoveadm-server\t1\t0""#) {
            try await $0.write("VERSION\tdoveadm-server\t1\t0\n")
        },
        Stranger("garbage", #"\#(greets) "\x00\x01\xfeOK""#) { try await $0.write([0, 1, 0xFE, 0x4F, 0x4B, 0x0A]) },
        Stranger("an IMAP server", #"\#(greets) "* OK ready""#) { try await $0.write("* OK ready\r\n") },
        Stranger("silence", "no answer in time") { try await $0.silence() },
        Stranger("closes at once", "connection closed by the peer") { _ in },
        Stranger("a greeting without end", "a line of more than 65536 bytes") { try await $0.flood("VERSION\t") },
        Stranger("closes at DIRECTOR-LIST", "DIRECTOR-LIST: no answer") { connection in
            try await connection.write(version)
            try await connection.expect("VERSION")
            try await connection.expect("DIRECTOR-LIST")
        },
        Stranger("DIRECTOR-LIST without end", "DIRECTOR-LIST: more than 16777216 bytes") { connection in
            try await connection.write(version)
            try await connection.expect("VERSION")
            try await connection.expect("DIRECTOR-LIST")
            try await connection.flood(String(repeating: "x", count: 4_000) + "\n")
        },
        Stranger("rows without end", "HOST-LIST: more than 16777216 bytes") { connection in
            try await connection.write(version)
            try await connection.expect("VERSION")
            try await connection.answer("DIRECTOR-LIST", "127.0.0.11\t9090\tself\t0\tring synced\t0\n\n")
            try await connection.expect("HOST-LIST")
            try await connection.flood("127.0.1.1\t100\t0\t\(String(repeating: "x", count: 4_000))\tU\t0\n")
        },
        Stranger("HOST-LIST without end", hosts: row, "HOST-LIST: no answer in time"),
        Stranger(
            "a row of more than 64 KiB", hosts: row + String(repeating: "1", count: 65_537) + "\n\n",
            "HOST-LIST: a line of more than 65536 bytes"),
    ]
}

/// Directors that go away, come back, and are others meanwhile.
@Suite(.timeLimit(.minutes(2))) struct StrangeDirectorTests {
    @Test("The first poll comes with the first list, however long the interval is")
    func first() async throws {
        try await Scene.play([backend], interval: .seconds(3_600)) { try await $0.wait(forLine: "poll=ok") }
    }

    @Test("A strange director is told once, and its return once; polling goes on", arguments: Stranger.all)
    func stranger(stranger: Stranger) async throws {
        try await Scene.play([backend]) { scene in
            try await scene.wait(forLine: "poll=ok")
            await scene.director.stop()
            try await scene.wait(forLine: "director=lost")
            try await scene.director.start()
            try await scene.wait(forLine: "director=back")

            await scene.director.stop()
            try await scene.wait(forLine: "director=lost", count: 2)
            let peer = try await ScriptedPeer.start(unixPath: scene.director.path, stranger.script)
            let polls = scene.entries.lines(with: "poll=ok").count
            try await scene.wait(for: "polls") { $0.lines(with: "poll=ok").count >= polls + 3 }
            await peer.stop()
            try await scene.director.start()
            try await scene.wait(forLine: "director=back", count: 2)
        }
    }

    @Test("What is strange about a director is told in words", arguments: Stranger.all)
    func words(stranger: Stranger) async throws {
        // A scene's director is one that is well: only its place is taken, once it has been heard.
        let place = try SocketDirectory()
        let journal = Journal()
        let well = ModelDirector(path: place.director, DirectorModel([.init(backend)]))
        try await well.start()
        let isSilent = stranger.text.contains("no answer in time")
        let run = try await MonitorRun.start(
            .init(services: [], interval: .milliseconds(100), timeout: .seconds(1), failuresNeeded: 2),
            directorPath: place.director, patience: isSilent ? .init() : .endless, into: journal)
        #expect(await journal.wait { !$0.lines(with: "listed=up").isEmpty })
        // The stranger takes the socket's place in one step: nobody finds it missing.
        let stranger = (peer: try await ScriptedPeer.start(unixPath: place.log, stranger.script), text: stranger.text)
        #expect(rename(place.log, place.director) == 0)
        #expect(await journal.wait(within: .seconds(90)) { !$0.lines(with: "director=lost").isEmpty })
        // On a busy machine, a time that runs out may do so at an earlier stage.
        var texts = [stranger.text] + (isSilent ? ["no answer in time", "DIRECTOR-LIST: no answer"] : [])
        // So may the time for a flood, where a sanitizer looks at each byte.
        if stranger.text.contains("more than") {
            texts += ["DIRECTOR-LIST", "HOST-LIST"].map { "\($0): no answer in time" }
        }
        let expected = texts.map { text in
            let quoted = "\(place.director): \(text)".replacing("\"", with: "\\\"")
            return "director=lost text=\"\(quoted)\" note=\"polling goes on with the backends last listed\""
        }
        let told = journal.entries.lines(with: "director=")
        #expect(told.count == 1 && expected.contains(told[0]), "\(told)")
        try await run.stop()
        await stranger.peer.stop()
        await well.stop()
    }
}
