import NIOCore
import ScriptedPeers
import Site
import Testing

@testable import Transport

/// A deadline that this process misses says nothing about the peer.
@Suite struct DeadlineTests {
    @Test func aLoopThatWasHeldUpBlamesNobody() async throws {
        let peer = try await ScriptedPeer.start { try await $0.silence() }
        let loop = try Reactor()
        let port = peer.port
        let interruption = try await loop.flatSubmit { () -> EventLoopFuture<Interruption> in
            let promise = loop.makePromise(of: Interruption.self)
            guard let address = IPAddress("127.0.0.1") else { return loop.makeFailedFuture(ChannelError.eof) }
            Connector(loop: loop).start(
                Listener(), at: .tcp(address, port: port), limits: .poll, within: .milliseconds(200)
            ) { promise.succeed($0) }
            // The process sleeps past the deadline, as under SIGSTOP.
            let end = Instant.now() + .milliseconds(600)
            while Instant.now() < end {}
            return promise.futureResult
        }.get()
        guard case .local = interruption else {
            Issue.record("\(interruption)")
            return
        }
        await peer.stop()
    }

    @Test(arguments: [(0, "refused"), (600, "refused, after a stall")])
    func whatComesOfAConversationKnowsOfAStall(stall: Int, outcome: String) async throws {
        let peer = try await ScriptedPeer.start { connection in
            try await connection.write("no\r\n")
            try await connection.silence()
        }
        let loop = try Reactor()
        let port = peer.port
        let told = try await loop.flatSubmit { () -> EventLoopFuture<String> in
            let promise = loop.makePromise(of: String.self)
            guard let address = IPAddress("127.0.0.1") else { return loop.makeFailedFuture(ChannelError.eof) }
            Connector(loop: loop).start(
                Refused(), at: .tcp(address, port: port), limits: .poll, within: .seconds(2)
            ) { promise.succeed($0) }
            let end = Instant.now() + .milliseconds(stall)
            while Instant.now() < end {}
            return promise.futureResult
        }.get()
        #expect(told == outcome)
        await peer.stop()
    }
}

/// Ends with the first line, and tells of a stall.
private struct Refused: Conversation {
    mutating func connected(at now: Instant) {}
    mutating func opened(at now: Instant) -> Step { .wait }
    mutating func lineReceived(_ line: ArraySlice<UInt8>, at now: Instant) -> Step { .finish }
    mutating func concluded(at now: Instant) -> String { "refused" }
    mutating func interrupted(by interruption: Interruption, at now: Instant) -> String { "\(interruption)" }
    func outcome(_ outcome: String, afterStallOf time: Duration) -> String { outcome + ", after a stall" }
}

/// Says nothing and waits.
private struct Listener: Conversation {
    mutating func connected(at now: Instant) {}
    mutating func opened(at now: Instant) -> Step { .wait }
    mutating func lineReceived(_ line: ArraySlice<UInt8>, at now: Instant) -> Step { .wait }
    mutating func concluded(at now: Instant) -> Interruption { .cancelled }
    mutating func interrupted(by interruption: Interruption, at now: Instant) -> Interruption { interruption }
}
