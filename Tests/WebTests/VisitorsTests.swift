import NIOCore
import NIOEmbedded
import NIOHTTP1
import Site
import Testing

@testable import Web

/// Who is served, and when somebody has to make room.
@Suite struct VisitorsTests {
    private func crowd(_ count: Int, limit: Int) throws -> (RigLoop, Visitors, HTTPLimits, [Rig]) {
        var limits = HTTPLimits()
        limits.connections = limit
        let loop = RigLoop()
        let visitors = Visitors(limits)
        var rigs: [Rig] = []
        for _ in 0..<count {
            rigs.append(try Rig(limits: limits, visitors: visitors, loop: loop))
            loop.advanceTime(by: .milliseconds(1))
        }
        return (loop, visitors, limits, rigs)
    }

    @Test("where all places are taken, the one that has been idle longest makes room")
    func theIdleMakeRoom() throws {
        let (loop, visitors, limits, rigs) = try crowd(3, limit: 3)
        try rigs[2].get()
        loop.advanceTime(by: .milliseconds(1))
        try rigs[1].get()
        let fourth = try Rig(limits: limits, visitors: visitors, loop: loop)
        #expect(rigs.map(\.isOpen) == [true, true, false])
        try fourth.get()
        #expect(try fourth.statuses() == ["200"])
        #expect(visitors.count == 3)
    }

    @Test("then the one that has been at its request longest, so that those who drip shut nobody out")
    func thoseWhoDripMakeRoom() throws {
        let (loop, visitors, limits, rigs) = try crowd(3, limit: 3)
        for rig in rigs { try rig.send("GET") }
        let fourth = try Rig(limits: limits, visitors: visitors, loop: loop)
        #expect(rigs.map(\.isOpen) == [false, true, true])
        #expect(fourth.isOpen)
    }

    @Test("who is being answered is not disturbed: whoever comes then is told to try again")
    func thoseWhoAreAnsweredStay() throws {
        let (loop, visitors, limits, rigs) = try crowd(2, limit: 2)
        for rig in rigs {
            rig.answers.answer = nil
            try rig.get()
        }
        let third = try Rig(limits: limits, visitors: visitors, loop: loop)
        #expect(try third.statuses() == ["503"])
        #expect(rigs.map(\.isOpen) == [true, true])
        #expect(visitors.count == 2)
    }

    @Test("what comes from the address that it goes to is this machine, and so may ask")
    func ownAddress() throws {
        for (peer, local, status) in [
            ("10.77.0.1", "10.77.0.1", "200"), ("2001:db8::1", "2001:db8::1", "200"), ("10.77.0.2", "10.77.0.1", "403"),
        ] {
            let rig = try Rig(from: peer, to: local)
            try rig.get()
            #expect(try rig.statuses() == [status], "\(peer)")
        }
    }

    @Test("with an address go those who came in by it, and what they are being answered is their last")
    func closedDoor() throws {
        let loop = RigLoop()
        let visitors = Visitors(HTTPLimits())
        let doors = try [1, 2].map { ListenAddress(try #require(IPAddress("127.0.0.1")), port: $0) }
        for door in doors { visitors.open(door) }
        let idle = try Rig(visitors: visitors, loop: loop, door: doors[0])
        let elsewhere = try Rig(visitors: visitors, loop: loop, door: doors[1])
        let answered = try Rig(visitors: visitors, loop: loop, door: doors[0], answer: nil)
        for rig in [idle, elsewhere, answered] { try rig.get() }
        visitors.close(doors[0])
        #expect([idle, elsewhere, answered].map(\.isOpen) == [false, true, true])
        answered.answers.promises.removeFirst().succeed(.text(.ok, "yes"))
        loop.embedded.run()
        let answer = try answered.sent()
        #expect(answer.contains("\r\nconnection: close\r\n") && answer.hasSuffix("yes\n"))
        #expect(!answered.isOpen)
        // One that was on its way in.
        #expect(try !Rig(visitors: visitors, loop: loop, door: doors[0]).isOpen)
        try elsewhere.get()
        #expect(try elsewhere.statuses() == ["200", "200"])
    }

    @Test("strangers are told so, and nothing of what they say is read")
    func strangers() throws {
        let visitors = Visitors(HTTPLimits())
        visitors.configuration.allowed = [
            try #require(IPNetwork("10.2.0.0/16")), try #require(IPNetwork("2001:db8::/32")),
        ]
        for (peer, isWelcome) in [
            ("10.2.255.1", true), ("10.3.0.1", false), ("127.0.0.1", true), ("::1", true), ("::ffff:10.2.0.1", true),
            ("::ffff:10.3.0.1", false), ("2001:db8::7", true), ("2001:db9::7", false),
        ] {
            let rig = try Rig(visitors: visitors, from: peer)
            if rig.isOpen { try rig.get() }
            #expect(try rig.statuses() == [isWelcome ? "200" : "403"], "\(peer)")
            #expect(rig.answers.requests.count == (isWelcome ? 1 : 0))
        }
    }

    @Test("who is no longer allowed is refused on a connection that he has had since before")
    func settingsCountAtOnce() throws {
        let visitors = Visitors(HTTPLimits())
        visitors.configuration.allowed = [try #require(IPNetwork("10.2.0.0/16"))]
        let rig = try Rig(visitors: visitors, from: "10.2.0.1")
        try rig.get()
        #expect(try rig.statuses() == ["200"])
        visitors.configuration.allowed = []
        try rig.get()
        #expect(try rig.statuses() == ["403"])
    }

    @Test("only names that are this server's are answered: a page elsewhere cannot have its own name mean it")
    func names() throws {
        let visitors = Visitors(HTTPLimits())
        visitors.configuration.names = ["mon1.example.com", "mon1"]
        let rig = try Rig(visitors: visitors)
        for (host, isOwn) in [
            ("localhost", true), ("localhost:9393", true), ("LOCALHOST", true), ("127.0.0.1:9393", true),
            ("[::1]:9393", true), ("[::1]", true), ("10.1.2.3", true), ("mon1", true), ("Mon1.Example.COM.:80", true),
            ("evil.example", false), ("evil.example:9393", false), ("localhost.evil.example", false), ("", false),
            ("127.0.0.1.evil.example", false), ("[::1", false), ("[evil]", false), ("localhost:x", false),
            ("mon2.example.com", false), ("example.com", false), ("[::1]evil.example", false),
        ] {
            try rig.send("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            #expect(try rig.statuses() == [isOwn ? "200" : "421"], "\(host)")
        }
        try rig.send("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try rig.statuses() == ["421"])
    }
}
