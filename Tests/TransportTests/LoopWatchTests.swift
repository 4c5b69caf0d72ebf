import NIOCore
import NIOEmbedded
import Site
import Testing

@testable import Transport

/// How long this process was not there to see what happened.
@Suite struct StallMeterTests {
    private func at(_ milliseconds: Int) -> Instant { .origin + .milliseconds(milliseconds) }

    @Test func `ticks in time miss nothing`() {
        var meter = StallMeter(from: at(0))
        for tick in 1...60 { meter.ticked(at: at(50 * tick)) }
        #expect(meter.missed(at: at(3_040)) == .zero)
    }

    @Test func `one long stall and many short ones add up alike`() {
        var once = StallMeter(from: at(0))
        once.ticked(at: at(50))
        once.ticked(at: at(1_950))
        #expect(once.missed(at: at(2_000)) == .milliseconds(1_850))

        var often = StallMeter(from: at(0))
        for tick in 1...37 { often.ticked(at: at(100 * tick)) }
        #expect(often.missed(at: at(3_750)) == .milliseconds(1_850))
    }

    @Test func `a tick that has not come yet is missed by as much as it is late`() {
        var meter = StallMeter(from: at(0))
        meter.ticked(at: at(60))
        #expect(meter.missed(at: at(110)) == .milliseconds(10))
        #expect(meter.missed(at: at(710)) == .milliseconds(610))
        meter.ticked(at: at(710))
        #expect(meter.missed(at: at(710)) == .milliseconds(610), "and not twice when it comes")
    }

    @Test func `a time without ticks that nobody asked for is not missed`() {
        var meter = StallMeter(from: at(0))
        meter.ticked(at: at(80))
        meter.restart(at: at(90_000))
        #expect(meter.missed(at: at(90_050)) == .milliseconds(30))
    }

    @Test(arguments: [
        (3_000, 600, false), (3_000, 601, true), (60_000, 11_000, false), (500, 100, false), (500, 101, true),
        (200, 100, false), (200, 101, true),
    ])
    func `more than a fifth of the time is too much, and never what any loop is late`(
        time: Int, missed: Int, isTooMuch: Bool
    ) {
        #expect(StallMeter.isTooMuch(.milliseconds(missed), of: .milliseconds(time)) == isTooMuch)
    }
}

/// The watch on a loop and by a clock that the test moves.
@Suite struct LoopWatchTests {
    /// A loop, and the time by the clock on the wall of the machine's boot: stalls are where the latter alone goes on.
    private final class World {
        let loop = EmbeddedEventLoop()
        private(set) var now = Instant.origin
        lazy var watch = LoopWatch(loop: loop, clock: { [unowned self] in now })

        func pass(_ time: Duration) {
            for _ in 0..<Int(time / .milliseconds(10)) {
                now = now + .milliseconds(10)
                loop.advanceTime(by: .milliseconds(10))
            }
        }

        func stall(_ time: Duration) { now = now + time }

        // A task that is still to come holds its loop.
        deinit { try? loop.syncShutdownGracefully() }
    }

    @Test func `a loop that runs is not held up`() {
        let world = World()
        let time = WatchedTime(.seconds(3), by: world.watch)
        world.pass(.seconds(3))
        #expect(time.stall == nil)
    }

    @Test func `a stall in the middle of the time is known at its end`() throws {
        let world = World()
        let time = WatchedTime(.seconds(3), by: world.watch)
        world.pass(.milliseconds(500))
        world.stall(.milliseconds(1_900))
        world.pass(.milliseconds(600))
        #expect(try #require(time.stall) >= .milliseconds(1_850))
    }

    @Test func `a stall is known before the tick that it held up`() {
        let world = World()
        let time = WatchedTime(.seconds(3), by: world.watch)
        world.stall(.seconds(600))
        #expect(time.stall != nil, "what was held up with it may come first")
    }

    @Test func `many short stalls are as bad as a long one`() {
        let world = World()
        let time = WatchedTime(.seconds(3), by: world.watch)
        for _ in 0..<15 {
            world.pass(.milliseconds(100))
            world.stall(.milliseconds(100))
        }
        #expect(time.stall != nil)
    }

    @Test func `stalls before and after it are no concern of a conversation`() {
        let world = World()
        let other = WatchedTime(.seconds(3), by: world.watch)
        world.stall(.seconds(2))
        let early = WatchedTime(.seconds(3), by: world.watch)
        world.pass(.milliseconds(200))
        let late = WatchedTime(.seconds(3), by: world.watch)
        #expect((other.stall != nil, early.stall, late.stall) == (true, nil, nil))
    }

    @Test func `while nobody is watched for, the loop sleeps and nothing is missed`() {
        let world = World()
        WatchedTime(.seconds(3), by: world.watch).end()
        world.pass(.milliseconds(50))
        #expect(world.watch.isTicking == false)
        world.stall(.seconds(60))
        let time = WatchedTime(.seconds(3), by: world.watch)
        world.pass(.seconds(1))
        #expect(time.stall == nil)
        #expect(world.watch.isTicking)
    }
}
