import Glibc
import NIOCore
import Site
import Synchronization
import Testing

@testable import Transport

/// The event loop under everything, by what NIO asks of one and by what sockets need.
@Suite struct ReactorTests {
    private let reactor: Reactor

    init() throws { reactor = try Reactor() }

    /// Notes what happens, from any thread.
    private final class Journal: Sendable {
        private let notes = Mutex<[String]>([])
        func note(_ text: String) { notes.withLock { $0.append(text) } }
        var all: [String] { notes.withLock { $0 } }
    }

    @Test func `tasks of one thread are done in their order, on the reactor's own`() async throws {
        let journal = Journal()
        #expect(!reactor.inEventLoop)
        for number in 1...100 { reactor.execute { journal.note("\(number)") } }
        let isIn = try await reactor.submit { [reactor] in reactor.inEventLoop }.get()
        #expect(isIn)
        #expect(journal.all == (1...100).map(String.init))
    }

    @Test func `a task that asks for another holds nothing up`() async throws {
        let journal = Journal()
        try await reactor.flatSubmit { [reactor] in
            let done = reactor.makePromise(of: Void.self)
            reactor.execute {
                journal.note("first")
                reactor.execute {
                    journal.note("third")
                    done.succeed()
                }
            }
            reactor.execute { journal.note("second") }
            return done.futureResult
        }.get()
        #expect(journal.all == ["first", "second", "third"])
    }

    @Test func `timers come by their time, of the same moment in the order in which they were set`() async throws {
        let journal = Journal()
        try await reactor.flatSubmit { [reactor] in
            let done = reactor.makePromise(of: Void.self)
            let now = NIODeadline.now()
            reactor.scheduleTask(deadline: now + .milliseconds(3)) {
                journal.note("last")
                done.succeed()
            }
            for number in 1...3 { reactor.scheduleTask(deadline: now + .milliseconds(2)) { journal.note("\(number)") } }
            reactor.scheduleTask(deadline: now - .seconds(1)) { journal.note("past") }
            return done.futureResult
        }.get()
        #expect(journal.all == ["past", "1", "2", "3", "last"])
    }

    @Test func `a timer never comes early`() async throws {
        for _ in 1...20 {
            let start = Instant.now()
            let time = try await reactor.scheduleTask(in: .microseconds(300)) { Instant.now() }.futureResult.get()
            #expect(time - start >= .microseconds(300))
        }
    }

    @Test func `what is cancelled does not come, whoever cancels it, and fails its future`() async throws {
        let journal = Journal()
        let outside = reactor.scheduleTask(in: .milliseconds(5)) { journal.note("outside") }
        outside.cancel()
        await #expect(throws: EventLoopError.self) { try await outside.futureResult.get() }
        try await reactor.submit { [reactor] in
            reactor.scheduleTask(in: .milliseconds(5)) { journal.note("inside") }.cancel()
        }.get()
        try await reactor.scheduleTask(in: .milliseconds(6)) {}.futureResult.get()
        #expect(journal.all == [])
    }

    @Test func `what a task throws is its future's failure`() async throws {
        struct Mishap: Error {}
        await #expect(throws: Mishap.self) {
            try await reactor.scheduleTask(in: .zero) { throw Mishap() }.futureResult.get()
        }
    }

    /// What can keep a loop from being idle.
    enum Source: CaseIterable { case tasks, timers, sockets }

    @Test(arguments: Source.allCases)
    func `what waits for idleness comes behind all that leads to more`(of source: Source) async throws {
        let journal = Journal()
        try await reactor.flatSubmit { [reactor] in
            let done = reactor.makePromise(of: Void.self)
            let left = NIOLoopBoundBox(20, eventLoop: reactor)
            var pair: [Int32] = [0, 0]
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &pair)
            let (near, far) = (pair[0], pair[1])
            @Sendable func goOn() {
                guard left.value > 0 else { return }
                left.value -= 1
                journal.note("more")
                switch source {
                case .tasks: reactor.execute(goOn)
                case .timers: _ = reactor.timer(at: .now(), goOn)
                case .sockets: write(far, "x", 1)
                }
            }
            let handler = Handler {
                var byte: UInt8 = 0
                if read(near, &byte, 1) == 1 { goOn() }
            }
            do throws(SystemError) { try reactor.register(near, handler) } catch { journal.note("\(error)") }
            goOn()
            reactor.whenIdle(within: .seconds(60)) {
                journal.note("idle")
                reactor.forget(near)
                for end in [near, far] { close(end) }
                done.succeed()
            }
            return done.futureResult
        }.get()
        #expect(journal.all == Array(repeating: "more", count: 20) + ["idle"])
    }

    @Test func `nobody waits for idleness longer than he said`() async throws {
        let journal = Journal()
        try await reactor.flatSubmit { [reactor] in
            let done = reactor.makePromise(of: Void.self)
            let end = Instant.now() + .seconds(30)
            let isOver = NIOLoopBoundBox(false, eventLoop: reactor)
            @Sendable func goOn() {
                if Instant.now() > end { journal.note("never") }
                if isOver.value || Instant.now() > end { done.succeed() } else { reactor.execute(goOn) }
            }
            goOn()
            reactor.whenIdle(within: .milliseconds(2)) {
                isOver.value = true
                journal.note("late")
            }
            return done.futureResult
        }.get()
        #expect(journal.all == ["late"])
    }

    @Test func `of many cancelled timers not more are kept than of others`() async throws {
        let kept = try await reactor.submit { [reactor] in
            let far = Instant.now() + .seconds(3_600)
            for _ in 1...10_000 { reactor.timer(at: far) {}.cancel() }
            return reactor.timersKept
        }.get()
        #expect(kept < 600)
    }

    /// The same number can be another connection's by the time that an event of the old one is looked at.
    @Test func `a descriptor that is given to another is told nothing of the first one's`() async throws {
        let journal = Journal()
        try await reactor.submit { [reactor] in
            var pairs = [[Int32]](repeating: [0, 0], count: 2)
            for index in pairs.indices { socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pairs[index]) }
            let second = Handler { journal.note("second") }
            let first = Handler {
                journal.note("first")
                // Its number goes to one that is ready for nothing but writing, which it has been told of by then.
                reactor.forget(pairs[1][0])
                close(pairs[1][0])
            }
            write(pairs[0][1], "x", 1)
            write(pairs[1][1], "x", 1)
            try reactor.register(pairs[0][0], first)
            try reactor.register(pairs[1][0], second)
        }.get()
        try await reactor.scheduleTask(in: .milliseconds(2)) {}.futureResult.get()
        #expect(journal.all == ["first"])
    }

    private final class Handler: ReadinessHandler {
        private let action: () -> Void
        init(_ action: @escaping () -> Void) { self.action = action }
        func ready(_ readiness: Readiness) { action() }
    }
}
