import NIOCore
import Site
import Synchronization
import Testing

@testable import Control
@testable import Monitor

/// Many who ask at once are given the same.
@Suite(.timeLimit(.minutes(1))) struct SharedSnapshotTests {
    /// A clock that the test moves, and how often something was done.
    private final class Work: Sendable {
        private let state = Mutex((now: ContinuousClock.now, taken: 0, made: 0))

        var now: ContinuousClock.Instant { state.withLock { $0.now } }
        var counts: [Int] { state.withLock { [$0.taken, $0.made] } }

        func pass(_ time: Duration) { state.withLock { $0.now += time } }

        func take() -> Snapshot {
            state.withLock { $0.taken += 1 }
            let machine = MonitorMachine(
                Policy(services: [], interval: .seconds(10), timeout: .seconds(5), failuresNeeded: 2), at: .origin)
            let time = LogTime(milliseconds: 5)
            return Snapshot(
                status: MonitorStatus(machine, Chronicle(startedAt: time)), backends: [],
                moment: Moment(.origin, time))
        }

        func make(_ text: String) -> ByteBuffer {
            state.withLock { $0.made += 1 }
            return ByteBuffer(string: text)
        }
    }

    private let work = Work()
    private let shared: SharedSnapshot

    init() {
        let work = work
        shared = SharedSnapshot(now: { work.now }) { work.take() }
    }

    private func ask(_ name: String) async throws -> String {
        let (text, tag) = try await shared.text(name) { [work] _ in work.make(name) }
        #expect(tag == "5-0")
        return String(buffer: text)
    }

    @Test func `a text is made once for all who ask within half a second, and anew for those who ask later`()
        async throws
    {
        try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<50 { group.addTask { try await ask(number < 40 ? "status" : "metrics") } }
            var told: [String] = []
            for try await text in group { told.append(text) }
            #expect(told.count(where: { $0 == "status" }) == 40 && told.count(where: { $0 == "metrics" }) == 10)
        }
        #expect(work.counts == [1, 2])
        work.pass(.milliseconds(499))
        _ = try await ask("status")
        _ = try await shared.snapshot()
        #expect(work.counts == [1, 2])
        work.pass(.milliseconds(1))
        _ = try await ask("status")
        #expect(work.counts == [2, 3])
    }

    @Test func `what nobody asks for any more is not held`() async throws {
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let (slept, sleeper) = AsyncStream.makeStream(of: Duration.self)
        let work = work
        let shared = SharedSnapshot(
            now: { work.now },
            sleep: { time in
                sleeper.yield(time)
                for await _ in gate { return }
            },
            { work.take() })
        _ = try await shared.text("status") { _ in ByteBuffer(string: "text") }
        for await time in slept {
            #expect(time == .milliseconds(500))
            break
        }
        #expect(await shared.isHolding)
        opener.finish()
        while await shared.isHolding { await Task.yield() }
        _ = try await shared.snapshot()
        #expect(work.counts == [2, 0])
    }

    @Test func `what takes longer than that is not begun anew by each who asks meanwhile`() async throws {
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let (news, teller) = AsyncStream.makeStream(of: Void.self)
        let slow = Task { [shared, work] in
            try await shared.text("status") { _ in
                teller.finish()
                for await _ in gate {}
                return work.make("slow")
            }.text
        }
        for await _ in news {}
        work.pass(.seconds(60))
        #expect(try await ask("metrics") == "metrics")
        #expect(work.counts == [1, 1])
        opener.finish()
        #expect(String(buffer: try await slow.value) == "slow")
        #expect(try await ask("status") == "status")
        #expect(work.counts == [2, 3])
    }

    @Test func `after an order all is made anew`() async throws {
        _ = try await ask("status")
        await shared.forget()
        _ = try await ask("status")
        #expect(work.counts == [2, 2])
    }
}
