import NIOCore
import ScriptedPeers
import Testing
import Transport

@Suite struct TLSPeerFailureTests {
    @Test(
        "A clear-text greeting on a TLS port says so",
        arguments: ["* OK IMAP4rev1 ready.\r\n", "+OK ready\r\n", "220 mail LMTP\r\n", "HTTP/1.1 400 Bad\r\n"])
    func clearText(greeting: String) throws {
        let pair = try TLSSides().pair()
        #expect(pair.client.startHandshake() == TLSProgress())
        pair.receive(Array(greeting.utf8))
        #expect(pair.failure?.stage == .handshake)
        #expect(pair.failure?.description == "the peer does not speak TLS (wrong version number)")
    }

    @Test("A server of TLS 1.0 alone is refused, and told so")
    func tls10() throws {
        let pair = try TLSPair(PeerTLS(versions: .onlyTLS10), context: TLSContext())
        pair.connect()
        #expect(pair.client.state == .failed)
        #expect(
            pair.failure?.description
                == "the peer speaks no TLS version that is accepted here (tlsv1 alert protocol version)")
    }

    @Test("TLS 1.0 is spoken where it is asked for, so that it is the minimum that keeps it out")
    func tls10Allowed() throws {
        let context = try TLSContext(TLSConfiguration(minimumVersion: .tls10))
        // What OpenSSL leaves of TLS 1.0 at its default security level has RSA key exchange.
        let pair = try TLSPair(PeerTLS(TestCertificate(key: .rsa(bits: 1_024)), versions: .onlyTLS10), context: context)
        pair.connect()
        #expect(pair.failure == nil)
        #expect(pair.client.negotiatedVersion == "TLSv1")
    }

    @Test("A ServerHello of TLS 1.0 is refused, whatever was offered")
    func tls10Hello() throws {
        let pair = try TLSSides().pair()
        #expect(pair.client.startHandshake() == TLSProgress())
        // Record, handshake header, version, random, no session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
        let body: [UInt8] = [3, 1] + [UInt8](repeating: 7, count: 32) + [0, 0, 0x2F, 0]
        pair.receive([22, 3, 1, 0, UInt8(body.count + 4), 2, 0, 0, UInt8(body.count)] + body)
        #expect(
            pair.failure?.description == "the peer speaks no TLS version that is accepted here (unsupported protocol)")
    }

    @Test("A minimum version asked for is kept")
    func minimum() throws {
        let context = try TLSContext(TLSConfiguration(minimumVersion: .tls13))
        let pair = try TLSPair(PeerTLS(versions: .onlyTLS12), context: context)
        pair.connect()
        #expect(pair.failure?.reason == "tlsv1 alert protocol version")
        let other = try TLSPair(PeerTLS(versions: .onlyTLS13), context: context)
        other.connect()
        #expect(other.client.state == .established)
    }

    @Test("An alert is told as the peer's refusal")
    func alert() throws {
        let pair = try TLSSides().pair()
        #expect(pair.client.startHandshake() == TLSProgress())
        pair.receive([21, 3, 3, 0, 2, 2, 40])
        #expect(pair.failure?.stage == .handshake)
        #expect(pair.failure?.description == "the peer refused the TLS handshake (sslv3 alert handshake failure)")
    }

    @Test("A goodbye, or the socket's end, in the handshake is a failure of the handshake")
    func endInHandshake() throws {
        let expected = "the peer closed the connection in the TLS handshake (unexpected end of file)"
        let sides = try TLSSides()
        let goodbye = try sides.pair()
        #expect(goodbye.client.startHandshake() == TLSProgress())
        goodbye.receive([21, 3, 3, 0, 2, 1, 0])
        #expect(goodbye.failure?.description == expected)

        let cut = try sides.pair()
        #expect(cut.client.startHandshake() == TLSProgress())
        cut.give(cut.drainClient())
        let answer = cut.server.drain()
        cut.receive(Array(answer.prefix(answer.count / 2)))
        cut.closeInput()
        #expect(cut.failure?.stage == .handshake)
        #expect(cut.failure?.description == expected)
    }

    @Test("A changed record breaks the connection, and the peer is told why")
    func changedRecord() throws {
        let pair = try TLSSides().connected()
        try pair.server.send(Array("* OK ready\r\n".utf8))
        var record = pair.server.drain()
        record[record.count - 1] ^= 1
        pair.receive(record)
        #expect(pair.failure == TLSError(stage: .data, reason: "decryption failed or bad record mac"))
        #expect(pair.clientText.isEmpty)
        #expect(pair.client.hasCiphertext)
        // Nothing comes back to life, and nothing is told twice.
        try pair.server.send(Array("more".utf8))
        pair.receive(pair.server.drain())
        #expect(throws: TLSError.self) { try pair.send("x") }
        pair.closeInput()
        #expect(pair.ends.count == 1)
        #expect(pair.client.state == .failed)
    }

    @Test("A certificate is not looked at: self-signed, expired, not yet valid, of another name, of a short key")
    func certificates() throws {
        let context = try TLSContext()
        for certificate in [
            try TestCertificate(),
            try TestCertificate(validFrom: -7_200, validUntil: -3_600),
            try TestCertificate(validFrom: 3_600, validUntil: 7_200),
            try TestCertificate(names: ["other.example", "10.2.2.75"]),
            try TestCertificate(key: .rsa(bits: 1_024)),
        ] {
            let pair = try TLSPair(PeerTLS(certificate), context: context, expecting: .name("mail.example"))
            pair.connect()
            #expect(pair.client.state == .established)
            #expect(pair.failure == nil)
        }
    }

    @Test("A server name that is none is an error of the set-up", arguments: ["", String(repeating: "a", count: 256)])
    func serverName(name: String) throws {
        let context = try TLSContext()
        let error = #expect(throws: TLSError.self) { _ = try TLSSession(context: context, expecting: .name(name)) }
        #expect(error?.stage == .setup)
    }
}
