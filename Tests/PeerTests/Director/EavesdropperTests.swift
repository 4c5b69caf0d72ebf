import NIOCore
import NIOPosix
import Testing

/// That the other tests' directors notice what a client must not do.
@Suite(.timeLimit(.minutes(1))) struct EavesdropperTests {
    private static let version = "VERSION\tdirector-doveadm\t1\t0\n"

    /// Each string is sent at once: the next one when the director has said as many lines as are given, and has heard the
    /// former.
    struct Misdeed: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let says: [(text: String, afterLines: Int)]
    }

    static let misdeeds = [
        Misdeed(testDescription: "bytes behind HOST-LIST", says: [("HOST-LIST\nHOST-LIST\n", 1)]),
        Misdeed(testDescription: "bytes behind HOST-DOWN 127.0.1.1", says: [("HOST-DOWN\t127.0.1.1\nH", 1)]),
        Misdeed(
            testDescription: "bytes before HOST-DOWN 127.0.1.1 was answered",
            says: [("HOST-DOWN\t127.0.1.1\n", 1), ("HOST-UP\t127.0.1.1\n", 1)]),
        Misdeed(
            testDescription: "HOST-UP 127.0.1.1 after HOST-DOWN 127.0.1.1 on one connection",
            says: [("HOST-DOWN\t127.0.1.1\n", 1), ("HOST-UP\t127.0.1.1\n", 2)]),
        Misdeed(testDescription: "no address: HOST-RESET-USERS", says: [("HOST-RESET-USERS\n", 1)]),
        Misdeed(testDescription: "no address: HOST-RESET-USERS ", says: [("HOST-RESET-USERS\t\n", 1)]),
        Misdeed(testDescription: "no address: HOST-DOWN mail1", says: [("HOST-DOWN\tmail1\n", 1)]),
        Misdeed(testDescription: "HOST-LIST without DIRECTOR-LIST", says: [("HOST-LIST\n", 1)]),
        Misdeed(testDescription: "no address: HOST-FLUSH", says: [("HOST-FLUSH\n", 1)]),
    ]

    @Test("A deliberate violation is noticed", arguments: misdeeds)
    func violation(misdeed: Misdeed) async throws {
        let directory = try SocketDirectory()
        var model = DirectorModel([.init("127.0.1.1")])
        if misdeed.testDescription.hasPrefix("bytes before") { model.answers = [.hold(done: false)] }
        let director = ModelDirector(path: directory.director, model)
        try await director.start()
        let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(unixDomainSocketPath: director.path) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await client.executeThenClose { inbound, outbound in
            var bytes = inbound.makeAsyncIterator()
            var lines = 0
            try await outbound.write(ByteBuffer(string: Self.version))
            for (number, (text, afterLines)) in misdeed.says.enumerated() {
                while lines < afterLines, let more = try await bytes.next() {
                    lines += more.readableBytesView.count { $0 == UInt8(ascii: "\n") }
                }
                try await outbound.write(ByteBuffer(string: text))
                let seen = misdeed.says[...number].map(\.text).joined().count { $0 == "\n" }
                #expect(await director.journal.wait { $0.heard >= seen })
            }
        }
        await director.stop()
        #expect(director.violations.contains("connection 1: " + misdeed.testDescription), "\(director.violations)")
    }

    @Test("Nine connections with commands are too many, and two commands for a backend")
    func counts() {
        var eavesdropper = Eavesdropper()
        for number in 1...9 {
            eavesdropper.opened(number)
            eavesdropper.greeted(number)
            let line = "HOST-DOWN\t127.0.1.\(min(number, 8))\n"
            #expect(eavesdropper.received(Array((Self.version + line).utf8), on: number).count == 2)
        }
        #expect(
            eavesdropper.violations == [
                "connection 9: HOST-DOWN 127.0.1.8 while HOST-DOWN 127.0.1.8 is outstanding",
                "connection 9: 9 connections with commands",
            ])
        eavesdropper.opened(10)
        _ = eavesdropper.received(Array((Self.version + "HOST-UP\t127.0.1.9\n").utf8), on: 10)
        #expect(eavesdropper.violations.contains("connection 10: HOST-UP 127.0.1.9 before the greeting"))
    }

    @Test("A change that no list bears out is noticed")
    func unfounded() async throws {
        try await Scene.play(["127.0.1.1"], ill: ["127.0.1.1"]) { scene in
            try await scene.wait(forLine: "state=down")
            let entries = scene.entries
            #expect(entries.unfoundedClaims == [])
            // Without the list that showed it, it is a mere claim.
            let blind = entries.filter {
                if case .listed(_, let states) = $0 { return !states.values.contains(.down) }
                return true
            }
            #expect(blind.unfoundedClaims.count == 1)
        }
    }
}

extension [Journal.Entry] {
    fileprivate var heard: Int { count { if case .heard = $0 { true } else { false } } }
}
