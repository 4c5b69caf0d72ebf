import Glibc
import ScriptedPeers
import Testing
import Transport

@Suite struct TLSMemoryTests {
    @Test("Thousands of sessions, finished, broken off and failed, leave no memory behind")
    func leaks() async {
        // A process of its own, since the memory of this one is every test's.
        await #expect(processExitsWith: .success) {
            let sides = [try TLSSides(.onlyTLS12), try TLSSides(.onlyTLS13)]
            for number in 0..<400 { try Self.live(number, sides) }
            let before = try Self.residentBytes()
            for number in 0..<2_000 { try Self.live(number, sides) }
            let growth = try Self.residentBytes() - before
            // A session leaked each time makes some 20 MB of it, a kilobyte of each 2 MB.
            #expect(growth < 1_000_000)
        }
    }

    private static func live(_ number: Int, _ sides: [TLSSides]) throws {
        let pair = try sides[number % 2].pair()
        switch number / 2 % 3 {
        case 0:
            pair.connect()
            try pair.server.send(Array("* OK ready\r\n".utf8))
            pair.shuttle()
            pair.client.close()
        case 1:
            #expect(pair.client.startHandshake() == TLSProgress())
            pair.give(pair.drainClient())
            pair.receive(pair.server.drain().dropLast(20))
        default:
            #expect(pair.client.startHandshake() == TLSProgress())
            pair.receive(Array("* OK ready\r\n".utf8))
        }
    }

    private static func residentBytes() throws -> Int {
        let file = try #require(fopen("/proc/self/statm", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        try #require(fgets(&line, Int32(line.count), file) != nil)
        let fields = String(decoding: line.map(UInt8.init(bitPattern:)), as: UTF8.self).split(separator: " ")
        return try #require(Int(fields[1])) * sysconf(Int32(_SC_PAGESIZE))
    }
}
