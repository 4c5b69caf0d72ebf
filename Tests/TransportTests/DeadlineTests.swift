import NIOCore
import NIOPosix
import ScriptedPeers
import Site
import Testing

@testable import Transport

/// A deadline that this process misses says nothing about the peer.
@Suite struct DeadlineTests {
    @Test(arguments: [(0, true), (40, true), (600, true), (601, false), (5_000, false)])
    func aLateDeadlineIsThisMachinesTrouble(lateness: Int, isThePeers: Bool) {
        let interruption = Connector.missedDeadline(by: .milliseconds(lateness), of: .seconds(3))
        #expect((interruption == .deadline) == isThePeers)
        if case .local = interruption { #expect(!isThePeers) }
    }

    @Test func aLoopThatWasHeldUpBlamesNobody() async throws {
        let peer = try await ScriptedPeer.start { try await $0.silence() }
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
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
}

/// Says nothing and waits.
private struct Listener: Conversation {
    mutating func connected(at now: Instant) {}
    mutating func opened(at now: Instant) -> Step<Interruption> { .wait }
    mutating func lineReceived(_ line: ArraySlice<UInt8>, at now: Instant) -> Step<Interruption> { .wait }
    mutating func interrupted(by interruption: Interruption, at now: Instant) -> Interruption { interruption }
}
