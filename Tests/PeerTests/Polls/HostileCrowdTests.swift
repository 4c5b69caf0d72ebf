import Glibc
import Monitor
import Probes
import ScriptedPeers
import Site
import Testing

/// A pool of which most servers do what they can to harm the monitor.
@Suite(.timeLimit(.minutes(2))) struct HostileCrowdTests {
    private static let good = ["127.0.9.1", "127.0.9.2"]
    private static let hostile = mischief.indices.map { "127.0.9.\($0 + 3)" }

    @Test("Hostile servers fail their own polls; the others' stay on time, and memory stays bounded")
    func crowd() async throws {
        let peer = try await ScriptedPeer.start(on: "0.0.0.0") { try await Self.serve($0) }
        let directory = try SocketDirectory()
        let rows = (Self.good + Self.hostile).map { DirectorModel.Backend($0) }
        let director = ModelDirector(path: directory.director, DirectorModel(rows))
        try await director.start()
        // The monitor has a process of its own, so that time and memory are its alone.
        await #expect(processExitsWith: .success) { [port = peer.port as Int, path = directory.director as String] in
            try await Self.watch(port: port, directorPath: path)
        }
        await director.stop()
        await peer.stop()
    }

    private static func watch(port: Int, directorPath path: String) async throws {
        let account = Account(username: "probe", password: Password("secret"))
        var policy = Policy(
            services: [Service(.imap, port: port)], interval: .seconds(1), timeout: .seconds(3),
            failuresNeeded: 1_000_000, options: PollOptions(), accounts: [:])
        policy.defaultAccount = account
        let journal = Journal()
        let run = try await MonitorRun.start(policy, directorPath: path, patience: .endless, into: journal)
        func polls(_ outcome: String, of address: String) -> Int {
            journal.entries.lines(with: "backend=\(address) ").count { $0.contains(outcome) }
        }
        // By then buffers have grown to what they need. Floods make a debug build lag, and then it says that it cannot tell.
        func ended(_ address: String) -> Int { polls("poll=failed", of: address) + polls("poll=unknown", of: address) }
        while hostile.contains(where: { ended($0) < 2 }) {
            try await Task.sleep(for: .milliseconds(50))
        }
        let (memory, before) = (try residentBytes(), good.map { polls("poll=ok", of: $0) })
        try await Task.sleep(for: .seconds(8))
        let growth = try residentBytes() - memory
        let after = good.map { polls("poll=ok", of: $0) }
        try await run.stop()
        #expect(good.allSatisfy { polls("poll=failed", of: $0) == 0 })
        #expect(hostile.allSatisfy { polls("poll=ok", of: $0) == 0 })
        // Eight were due. On a busy machine some are late, but none waits for a hostile one's three seconds.
        #expect(zip(before, after).allSatisfy { $1 - $0 >= 4 }, "\(before), \(after)")
        #expect(growth < 16 * 1_048_576, "\(growth) bytes more")
    }

    private static func serve(_ connection: PeerConnection) async throws {
        guard let address = connection.localAddress, let number = hostile.firstIndex(of: address) else {
            return try await GoodServer.imap.script()(connection)
        }
        try await mischief[number](connection)
    }

    private static let mischief: [ScriptedPeer.Script] = [
        { try await $0.flood("x") }, { try await $0.flood("\0") }, { try await $0.flood("* OK still here\r\n") },
        { try await $0.drip(String(repeating: "* OK", count: 1_000), every: .milliseconds(1)) },
        { try await $0.silence() }, { await $0.stall() }, { try await $0.reset() }, { _ in },
        until(turn: 1) { try await $0.flood("* CAPABILITY IMAP4rev1\r\n") },
        until(turn: 2) { try await $0.flood("* 1 EXISTS\r\n") },
        until(turn: 3) { try await $0.flood("* LIST () \"/\" {0}\r\n") },
        until(turn: 3) { connection in
            try await connection.write("* LIST () \"/\" {1000000}\r\n")
            try await connection.flood("x")
        },
    ]

    /// Does well until that turn, and this then.
    private static func until(turn: Int, _ act: @escaping ScriptedPeer.Script) -> ScriptedPeer.Script {
        GoodServer.imap.script(until: turn) { connection, _ in try await act(connection) }
    }
}

private func residentBytes() throws -> Int {
    let file = try #require(fopen("/proc/self/statm", "r"))
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    try #require(fgets(&line, Int32(line.count), file) != nil)
    let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return try #require(Int(text.split(separator: " ")[1])) * sysconf(Int32(_SC_PAGESIZE))
}
