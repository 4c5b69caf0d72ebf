import Glibc
import NIOCore
import NIOPosix
import ScriptedPeers
import Testing
import Transport

/// That the peers of other tests misbehave as they say.
@Suite(.timeLimit(.minutes(1))) struct ScriptedPeerTests {
    @Test("A conversation is done and written down, connection by connection")
    func conversation() async throws {
        let peer = try await ScriptedPeer.start { connection in
            try await connection.write("* OK \(connection.number)\r\n")
            try await connection.answer("a1 ", "a1 OK\r\n")
        }
        for number in 0..<2 {
            let answer = try await exchange(port: peer.port, sending: "a1 LOGIN\r\n")
            #expect(answer == "* OK \(number)\r\na1 OK\r\n")
        }
        #expect(try await exchange(port: peer.port, sending: "b1\r\n") == "* OK 2\r\n")
        await peer.waitUntilEnded(3)
        #expect(peer.connections == 3)
        #expect(peer.transcripts == ["a1 LOGIN\r\n", "a1 LOGIN\r\n", "b1\r\n"])
        #expect(peer.complaints == ["connection 2: expected 'a1 ', got 'b1'"])
        await peer.stop()
    }

    @Test("Closing is an orderly end, whatever was not read; a reset is a reset")
    func ends() async throws {
        let closing = try await ScriptedPeer.start { try await $0.write("bye") }
        #expect(try await exchange(port: closing.port, sending: String(repeating: "x", count: 100_000)) == "bye")
        let resetting = try await ScriptedPeer.start { connection in
            try await connection.expect("x")
            try await connection.reset()
        }
        let error = await #expect(throws: IOError.self) { try await exchange(port: resetting.port, sending: "x\r\n") }
        #expect(error?.errnoCode == ECONNRESET)
        await closing.stop()
        await resetting.stop()
    }

    @Test("A port at which nothing listens refuses")
    func refused() async throws {
        let port = try RefusedPort()
        await #expect(throws: NIOConnectionError.self) { try await exchange(port: port.number, sending: "") }
        withExtendedLifetime(port) {}
    }

    @Test("A UNIX socket serves, and again after a restart")
    func unixSocket() async throws {
        let path = "/tmp/scripted-peer-\(getpid())"
        defer { unlink(path) }
        for _ in 0..<2 {
            let peer = try await ScriptedPeer.start(unixPath: path) { try await $0.write("VERSION\n") }
            let connection = try await client.connect(unixDomainSocketPath: path, channelInitializer: wrap)
            #expect(try await converse(connection, sending: "") == "VERSION\n")
            await peer.stop()
        }
    }

    @Test("Stopping ends peers that are silent, stalled, flooding and slow, and frees the port")
    func stopping() async throws {
        let scripts: [ScriptedPeer.Script] = [
            { try await $0.silence() }, { await $0.stall() }, { try await $0.flood("* OK\r\n") },
            { try await $0.drip("slow", every: .seconds(3_600)) },
        ]
        for script in scripts {
            let peer = try await ScriptedPeer.start { connection in
                try await connection.write("ready")
                try await script(connection)
            }
            try await connect(port: peer.port).executeThenClose { inbound, _ in
                var bytes = inbound.makeAsyncIterator()
                _ = try await bytes.next()
                await peer.stop()
                // Whether it ends in order or by a reset depends on what was on its way.
                do { while try await bytes.next() != nil {} } catch is IOError {}
            }
            let next = try await ScriptedPeer.start(port: peer.port) { try await $0.write("back") }
            #expect(try await exchange(port: next.port, sending: "") == "back")
            await next.stop()
        }
    }

    @Test("TLS from the start, and after a line in clear")
    func tls() async throws {
        let tls = try PeerTLS()
        let implicit = try await ScriptedPeer.start(tls: tls) { connection in
            try await connection.write("* OK ready\r\n")
            try await connection.answer("a1", "a1 OK\r\n")
        }
        let over = try await exchangeTLS(port: implicit.port, sending: "a1 LOGOUT\r\n")
        #expect(over.text == "* OK ready\r\na1 OK\r\n")
        #expect(over.end == .peerClosed)
        await implicit.waitUntilEnded(1)
        #expect(implicit.transcripts == ["a1 LOGOUT\r\n"])

        let upgrading = try await ScriptedPeer.start { connection in
            try await connection.expect("STARTTLS")
            try await connection.startTLS(tls)
            try await connection.answer("a1", "a1 OK\r\n")
        }
        let upgraded = try await exchangeTLS(port: upgrading.port, clear: "STARTTLS\r\n", sending: "a1 LOGOUT\r\n")
        #expect(upgraded.text == "a1 OK\r\n")
        await implicit.stop()
        await upgrading.stop()
    }

    @Test(
        "TLS handshakes that fail, each in its way",
        arguments: [
            (PeerTLS.Handshake.garbage, "the peer does not speak TLS (wrong version number)"),
            (.closedHalfway, "the peer closed the connection in the TLS handshake (unexpected end of file)"),
        ])
    func failingHandshake(handshake: PeerTLS.Handshake, text: String) async throws {
        let peer = try await ScriptedPeer.start(tls: PeerTLS(handshake: handshake)) { _ in }
        let outcome = try await exchangeTLS(port: peer.port, sending: "")
        guard case .failed(let error) = outcome.end else { throw PeerError("\(outcome)") }
        #expect(error.stage == .handshake)
        #expect(error.description == text)
        await peer.stop()
    }
}
