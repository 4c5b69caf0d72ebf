import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Web

/// How long a client may take, and how much, by a clock that is moved.
@Suite struct PatienceTests {
    @Test("headers that drip have ten seconds in all")
    func dripping() throws {
        let rig = try Rig()
        for byte in "GET / HTT" {
            try rig.send(String(byte))
            rig.wait(.seconds(1))
        }
        #expect(rig.isOpen)
        try rig.send("P")
        rig.wait(.milliseconds(999))
        #expect(rig.isOpen)
        rig.wait(.milliseconds(1))
        #expect(try rig.statuses() == ["408"])
        #expect(!rig.isOpen)
    }

    @Test("one that says nothing is left without a word")
    func silent() throws {
        let rig = try Rig()
        rig.wait(.milliseconds(9_999))
        #expect(rig.isOpen)
        rig.wait(.milliseconds(1))
        #expect(!rig.isOpen)
        #expect(try rig.sent() == "")
    }

    @Test("between requests there is a minute, and ten seconds from the first byte of the next one")
    func idle() throws {
        let rig = try Rig()
        try rig.get()
        rig.wait(.milliseconds(59_999))
        try rig.get()
        #expect(try rig.statuses() == ["200", "200"])
        rig.wait(.milliseconds(59_999))
        #expect(rig.isOpen)
        rig.wait(.milliseconds(1))
        #expect(!rig.isOpen)
        let slow = try Rig()
        try slow.get()
        slow.wait(.seconds(50))
        try slow.send("G")
        slow.wait(.milliseconds(9_999))
        #expect(slow.isOpen)
        slow.wait(.milliseconds(1))
        #expect(try slow.statuses() == ["200", "408"])
    }

    @Test("headers have 16 KiB in all, in one line or many", arguments: [20_000, 30])
    func hugeHeaders(lineLength: Int) throws {
        let rig = try Rig()
        try rig.send("GET / HTTP/1.1\r\nHost: localhost\r\n")
        var count = 35
        var statuses: [String] = []
        while statuses.isEmpty, count < 1_000_000 {
            let line = "x: " + String(repeating: "a", count: lineLength) + "\r\n"
            for start in stride(from: 0, to: line.utf8.count, by: 4_096) {
                guard rig.isOpen else { break }
                let piece = String(line.dropFirst(start).prefix(4_096))
                count += piece.utf8.count
                try rig.send(piece)
            }
            statuses = try rig.statuses()
        }
        #expect(statuses == ["431"])
        #expect(count < 24_000)
        #expect(!rig.isOpen)
        #expect(rig.answers.requests == [])
    }

    @Test("a request that fits is answered, however often")
    func eachRequestHasItsOwnRoom() throws {
        let rig = try Rig()
        for _ in 1...20 { try rig.get("/", headers: "x: \(String(repeating: "a", count: 4_000))\r\n") }
        #expect(try rig.statuses().count == 20)
    }

    @Test("an answer that is not there after eight seconds is not waited for, and comes too late")
    func noAnswer() throws {
        let rig = try Rig(answer: nil)
        try rig.get()
        rig.wait(.milliseconds(7_999))
        #expect(try rig.sent() == "")
        rig.wait(.milliseconds(1))
        #expect(try rig.statuses() == ["503"])
        rig.answers.promises[0].succeed(.text(.ok, "late"))
        rig.loop.run()
        #expect(try rig.sent() == "")
        #expect(rig.isOpen)
    }

    @Test("an answer that cannot be made is an error of this server")
    func failedAnswer() throws {
        let rig = try Rig(answer: nil)
        try rig.get()
        rig.answers.promises[0].fail(CancellationError())
        rig.loop.run()
        #expect(try rig.statuses() == ["500"])
    }

    @Test("a client that reads nothing is left after 15 seconds, and what it was to get is let go")
    func readsNothing() throws {
        let rig = try Rig(answer: { _ in Response(type: "x", body: ByteBuffer(repeating: 65, count: 1_000_000)) })
        rig.plug.isTight = true
        try rig.get()
        #expect(!rig.visitors.reserve(70 << 20))
        rig.wait(.milliseconds(14_999))
        #expect(rig.isOpen)
        rig.wait(.milliseconds(1))
        #expect(!rig.isOpen)
        #expect(rig.visitors.count == 0)
        #expect(rig.visitors.reserve(70 << 20))
    }

    @Test("one that reads a little at a time has two minutes")
    func readsSlowly() throws {
        let rig = try Rig(answer: { _ in Response(type: "x", body: ByteBuffer(repeating: 65, count: 1_000_000)) })
        rig.plug.isTight = true
        try rig.get()
        for _ in 1...11 {
            rig.wait(.seconds(10))
            #expect(rig.isOpen)
            rig.plug.open()
            rig.loop.run()
        }
        rig.wait(.milliseconds(9_999))
        #expect(rig.isOpen)
        rig.wait(.milliseconds(1))
        #expect(!rig.isOpen)
        #expect(try rig.sent().utf8.count < 800_000)
    }

    @Test("one that reads well gets all of a large answer, in chunks")
    func readsWell() throws {
        let rig = try Rig(answer: { _ in Response(type: "x", body: ByteBuffer(repeating: 65, count: 1_000_000)) })
        try rig.get()
        #expect(try rig.sent().filter { $0 == "A" }.count == 1_000_000)
        #expect(rig.visitors.reserve(70 << 20))
    }

    @Test("too much at once is told to be tried again, and one answer alone always has its place")
    func tooMuchAtOnce() throws {
        var limits = HTTPLimits()
        limits.responseBytes = 1_500_000
        let visitors = Visitors(limits)
        let loop = RigLoop()
        let rigs = try (1...2).map { _ in
            try Rig(
                limits: limits, visitors: visitors, loop: loop,
                answer: { _ in Response(type: "x", body: ByteBuffer(repeating: 65, count: 1_000_000)) })
        }
        rigs[0].plug.isTight = true
        for rig in rigs { try rig.get() }
        #expect(try rigs[1].sent().hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
        rigs[0].wait(.seconds(15))
        try rigs[1].get()
        #expect(try rigs[1].statuses() == ["200"])
    }
}
