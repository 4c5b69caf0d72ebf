import NIOCore
import ScriptedPeers
import Testing
import Transport

@Suite struct TLSSessionTests {
    static let versions: [PeerTLS.Versions] = [.onlyTLS12, .onlyTLS13]

    @Test(
        "A handshake, data both ways and goodbyes, in portions of any size",
        arguments: versions, [Int.max, 1, 5, 16_384])
    func conversation(versions: PeerTLS.Versions, portion: Int) throws {
        let pair = try TLSSides(versions).pair()
        pair.connect(portion: portion)
        #expect(pair.client.state == .established)
        #expect(pair.establishedCount == 1)
        #expect(pair.client.negotiatedVersion == (versions == .onlyTLS12 ? "TLSv1.2" : "TLSv1.3"))
        #expect(pair.client.negotiatedCipher?.contains("AES_256_GCM") == (versions == .onlyTLS13))

        // More than a record holds.
        let long = String(repeating: "* 1 FETCH (FLAGS ())\r\n", count: 2_000)
        try pair.server.send(Array(long.utf8))
        try pair.send("a1 LOGIN\r\n")
        pair.shuttle(portion: portion)
        #expect(pair.clientText == long)
        #expect(pair.serverText == "a1 LOGIN\r\n")

        pair.server.close()
        pair.shuttle(portion: portion)
        #expect(pair.ends == [.peerClosed])
        pair.client.close()
        pair.shuttle(portion: portion)
        #expect(pair.server.clientClosed)
        #expect(pair.client.state == .closed)
        #expect(pair.establishedCount == 1)
    }

    @Test("A handshake with the server's answer cut in two at each byte", arguments: versions)
    func splitEverywhere(versions: PeerTLS.Versions) throws {
        let sides = try TLSSides(versions)
        var cut = 1
        while true {
            let pair = try sides.pair()
            #expect(pair.client.startHandshake() == TLSProgress())
            pair.give(pair.drainClient())
            let answer = pair.server.drain()
            guard cut < answer.count else { break }
            pair.receive(Array(answer[..<cut]))
            pair.receive(Array(answer[cut...]))
            pair.shuttle()
            try #require(pair.client.state == .established, "cut at \(cut)")
            cut += 1
        }
        #expect(cut > 300)
    }

    @Test("Handshake's end, data and goodbye that arrive in one piece are told in one piece")
    func allAtOnce() throws {
        let pair = try TLSSides(.onlyTLS12).pair()
        #expect(pair.client.startHandshake() == TLSProgress())
        pair.give(pair.drainClient())
        pair.receive(pair.server.drain())
        pair.give(pair.drainClient())
        try pair.server.send(Array("* OK ready\r\n".utf8))
        pair.server.close()
        pair.receive(pair.server.drain())
        #expect(pair.establishedCount == 1)
        #expect(pair.clientText == "* OK ready\r\n")
        #expect(pair.ends == [.peerClosed])
    }

    @Test("The end of the socket without a goodbye is a failure, after one it is not", arguments: versions)
    func truncation(versions: PeerTLS.Versions) throws {
        let sides = try TLSSides(versions)
        let cut = try sides.connected()
        cut.closeInput()
        #expect(cut.failure?.stage == .data)
        #expect(
            cut.failure?.description == "the peer closed the connection without ending TLS (unexpected end of file)")

        let polite = try sides.connected()
        polite.server.close()
        polite.shuttle()
        polite.closeInput()
        #expect(polite.ends == [.peerClosed])

        let ours = try sides.connected()
        ours.client.close()
        ours.closeInput()
        #expect(ours.ends.isEmpty)
    }

    @Test("A record cut short is no data")
    func cutRecord() throws {
        let pair = try TLSSides().connected()
        try pair.server.send(Array("* OK ready\r\n".utf8))
        pair.receive(pair.server.drain().dropLast())
        #expect(pair.clientText.isEmpty)
        pair.closeInput()
        #expect(pair.failure?.stage == .data)
    }

    @Test("After the peer's goodbye data can still be sent")
    func halfClosed() throws {
        let pair = try TLSSides().connected()
        pair.server.close()
        pair.shuttle()
        try pair.send("a9 LOGOUT\r\n")
        pair.shuttle()
        #expect(pair.serverText == "a9 LOGOUT\r\n")
    }

    @Test("Data before the handshake's end or behind the session's own is an error and goes nowhere")
    func misuse() throws {
        let sides = try TLSSides()
        let early = try sides.pair()
        #expect(throws: TLSError(stage: .handshake, reason: "the TLS session is not open for data")) {
            try early.send("x")
        }
        #expect(!early.client.hasCiphertext)
        let late = try sides.connected()
        late.client.close()
        late.shuttle()
        #expect(throws: TLSError(stage: .data, reason: "the TLS session is not open for data")) { try late.send("x") }
        // Twice is as good as once, and starting again does nothing.
        late.client.close()
        #expect(late.client.startHandshake() == TLSProgress())
        #expect(late.ends.isEmpty && !late.client.hasCiphertext)
    }

    @Test("Sending nothing sends nothing")
    func sendNothing() throws {
        let pair = try TLSSides().connected()
        try pair.send("")
        #expect(!pair.client.hasCiphertext)
    }

    @Test("Draining takes what there was, behind what the buffer held")
    func draining() throws {
        let pair = try TLSSides().pair()
        #expect(!pair.client.hasCiphertext)
        #expect(pair.client.startHandshake() == TLSProgress())
        #expect(pair.client.hasCiphertext)
        var buffer = ByteBuffer(string: "PROXY")
        #expect(pair.client.drainCiphertext(into: &buffer))
        #expect(buffer.readString(length: 5) == "PROXY")
        #expect(buffer.readInteger(as: UInt8.self) == 22)
        #expect(!pair.client.hasCiphertext)
        #expect(!pair.client.drainCiphertext(into: &buffer))
    }
}
