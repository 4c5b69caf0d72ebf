import Glibc
import Monitor
import Probes
import ScriptedPeers
import Site
import Synchronization
import Testing
import Transport

private let backend = "127.0.1.1"

/// What a monitor can be asked of what it has done.
@Suite(.timeLimit(.minutes(2))) struct RecollectionTests {
    /// A clock that stands still unless it is moved.
    private final class StandingClock: Sendable {
        private let time = Mutex(Instant.now())
        var now: Instant { time.withLock { $0 } }
        func move(to instant: Instant) { time.withLock { $0 = instant } }
    }

    private let address: IPAddress

    init() throws { address = try #require(IPAddress(backend)) }

    @Test("How late a round starts is counted by the clock that the schedule goes by")
    func lateness() async throws {
        let clock = StandingClock()
        try await Scene.play([backend], interval: .seconds(60), clock: { clock.now }) { scene in
            try await scene.wait(forLine: "poll=ok")
            let next = try #require(try await scene.run.asked { $0.vitals.nextRound })
            clock.move(to: next + .seconds(7))
            try await scene.run.wake()
            try await scene.wait(forLine: "poll=ok", count: 2)
            var expected = Histogram(bounds: Statistics.latenessBounds)
            expected.observe(.zero)
            expected.observe(.seconds(7))
            #expect(try await scene.run.asked { $0.metrics.statistics.lateness } == expected)
        }
    }

    @Test("A certificate's end is known from a TLS poll on, also while polls fail, until none is made any more")
    func certificate() async throws {
        let lifetime = 20 * 86_400
        let before = time(nil)
        let certificate = try TestCertificate(names: [backend], validUntil: lifetime)
        let ends = (before + lifetime)...(time(nil) + lifetime)
        let peer = try await ScriptedPeer.start(on: "0.0.0.0", tls: PeerTLS(certificate), GoodServer.imap.script())
        let service = Service(.imap, port: peer.port, tls: .implicit)
        let policy = Mutex<Policy?>(nil)
        try await Scene.play(
            [backend],
            policy: {
                $0.services = [service]
                $0.options = PollOptions()
                let settled = $0
                policy.withLock { $0 = settled }
            }
        ) { scene in
            func expiry() async throws -> Int? {
                try await scene.run.asked { [address] in
                    $0.status(of: address)?.record?.polls[service]?.report.certificateExpiry
                }
            }
            try await scene.wait(forLine: "poll=ok")
            let known = try #require(try await expiry())
            #expect(ends.contains(known))
            await peer.stop()
            try await scene.wait(forLine: "poll=failed")
            #expect(try await expiry() == known)
            var other = try #require(policy.withLock { $0 })
            other.services = [Service(.imap, port: scene.backends.port)]
            try await scene.run.change(to: other)
            #expect(try await expiry() == nil)
        }
    }

    @Test("What a service says that is polled no more is not remembered")
    func dropped() async throws {
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let (goOn, release) = AsyncStream<Void>.makeStream()
        let script = GoodServer.pop3.script()
        let peer = try await ScriptedPeer.start(on: "0.0.0.0") { connection in
            begin.finish()
            for await _ in goOn {}
            try await script(connection)
        }
        let dropped = Service(.pop3, port: peer.port)
        let policy = Mutex<Policy?>(nil)
        try await Scene.play(
            [backend],
            policy: {
                let former = $0
                policy.withLock { $0 = former }
                $0.services.append(dropped)
            }
        ) { scene in
            for await _ in begun {}
            try await scene.run.change(to: try #require(policy.withLock { $0 }))
            release.finish()
            let limit = ContinuousClock.now + .seconds(30)
            while try await scene.run.asked({ $0.metrics.statistics.polls(.pop3, .ok) }) == 0, .now < limit {
                await Task.yield()
            }
            let record = try await scene.run.asked { [address] in $0.status(of: address)?.record }
            #expect(try #require(record).polls[dropped] == nil)
        }
        await peer.stop()
    }
}
