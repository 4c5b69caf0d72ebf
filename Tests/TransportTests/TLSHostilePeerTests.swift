import NIOCore
import ScriptedPeers
import Testing
import Transport

/// Numbers that are the same in each run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite struct TLSHostilePeerTests {
    @Test("Garbage in place of a handshake never traps, and ends at the first record that is none")
    func garbage() throws {
        let sides = try TLSSides()
        var random = SeededGenerator(state: 1)
        for round in 0..<300 {
            let pair = try sides.pair()
            #expect(pair.client.startHandshake() == TLSProgress())
            let size = Int.random(in: 5...400, using: &random)
            var bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
            // Every other one looks like a record at first.
            if round.isMultiple(of: 2) {
                bytes.replaceSubrange(0..<5, with: [UInt8.random(in: 20...24, using: &random), 3, 3, 0, 60])
            }
            pair.receive(bytes, portion: Int.random(in: 1...64, using: &random))
            pair.closeInput()
            #expect(pair.client.state == .failed)
            #expect(pair.ends.count == 1)
            #expect(pair.clientText.isEmpty)
        }
    }

    @Test("A server's answer with bytes changed never traps", arguments: TLSSessionTests.versions)
    func changedAnswer(versions: PeerTLS.Versions) throws {
        let sides = try TLSSides(versions)
        var random = SeededGenerator(state: 2)
        var failures = 0
        for _ in 0..<300 {
            let pair = try sides.pair()
            #expect(pair.client.startHandshake() == TLSProgress())
            pair.give(pair.drainClient())
            var answer = pair.server.drain()
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<answer.count, using: &random)
                answer[place] ^= UInt8.random(in: 1...255, using: &random)
            }
            pair.receive(answer)
            pair.shuttle()
            pair.closeInput()
            #expect(pair.ends.count == 1)
            if pair.establishedCount == 0 { failures += 1 }
        }
        #expect(failures > 250)
    }

    @Test("Garbage behind the handshake never traps", arguments: TLSSessionTests.versions)
    func garbageData(versions: PeerTLS.Versions) throws {
        let sides = try TLSSides(versions)
        var random = SeededGenerator(state: 3)
        for _ in 0..<100 {
            let pair = try sides.connected()
            let type = UInt8.random(in: 20...24, using: &random)
            let size = Int.random(in: 0...300, using: &random)
            let body = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
            pair.receive([type, 3, 3, UInt8(size >> 8), UInt8(size & 0xFF)] + body)
            pair.closeInput()
            #expect(pair.client.state == .failed)
            #expect(pair.clientText.isEmpty)
        }
    }

    @Test("A record that claims to be huge is refused by its header")
    func hugeRecord() throws {
        let pair = try TLSSides().connected()
        pair.receive([23, 3, 3, 0xFF, 0xFF])
        #expect(pair.failure == TLSError(stage: .data, reason: "packet length too long"))
    }

    @Test("Endless key updates end, and what they have the client send stays bounded", arguments: [true, false])
    func keyUpdates(requesting: Bool) throws {
        let pair = try TLSSides(.onlyTLS13).connected()
        var sent = 0
        var rounds = 0
        while pair.ends.isEmpty, rounds < 100_000 {
            try pair.server.updateKeys(requesting: requesting)
            pair.receive(pair.server.drain())
            sent += pair.drainClient().count
            rounds += 1
        }
        #expect(pair.failure == TLSError(stage: .data, reason: "too many records without data"))
        #expect(sent < 1_048_576)
    }

    @Test("A few key updates and tickets between data are no trouble")
    func someKeyUpdates() throws {
        let pair = try TLSSides(.onlyTLS13).connected()
        for number in 0..<20 {
            try pair.server.updateKeys(requesting: true)
            try pair.server.sendTicket()
            try pair.server.send(Array("\(number) ".utf8))
            pair.shuttle()
        }
        try pair.send("still here")
        pair.shuttle()
        #expect(pair.clientText == (0..<20).map { "\($0) " }.joined())
        #expect(pair.serverText == "still here")
        #expect(pair.ends.isEmpty)
    }

    @Test("Endless tickets end")
    func tickets() throws {
        let pair = try TLSSides(.onlyTLS13).connected()
        var rounds = 0
        while pair.ends.isEmpty, rounds < 100_000 {
            try pair.server.sendTicket()
            pair.receive(pair.server.drain())
            rounds += 1
        }
        #expect(pair.failure == TLSError(stage: .data, reason: "too many records without data"))
    }

    @Test("A peer that asks for a new handshake is told no, and the connection lives on")
    func renegotiation() throws {
        let pair = try TLSSides(.onlyTLS12).connected()
        try pair.server.renegotiate()
        pair.receive(pair.server.drain())
        let answer = pair.drainClient()
        // An alert and no ClientHello.
        #expect(answer.first == 21)
        #expect(pair.ends.isEmpty)
        #expect(pair.client.state == .established)
        #expect(pair.establishedCount == 1)
    }

    @Test("Data a byte a record is slow and no flood")
    func drip() throws {
        let pair = try TLSSides(.onlyTLS12).connected()
        for _ in 0..<2_000 { try pair.server.send([0x2A]) }
        pair.shuttle()
        #expect(pair.clientText.utf8.count == 2_000)
        #expect(pair.ends.isEmpty)
    }
}
