import Monitor
import Site
import Testing

/// What `/healthz` goes by.
@Suite struct VitalsTests {
    private func trouble(
        at seconds: Int, interval: Int = 10, next: Int? = nil, waits: Int? = nil, listed: Int?
    ) -> String? {
        func instant(_ seconds: Int) -> Instant { .origin + .seconds(seconds) }
        return Vitals(
            now: instant(seconds), interval: .seconds(interval), nextRound: next.map(instant),
            pollWaitsSince: waits.map(instant), listedAt: listed.map(instant)
        ).trouble
    }

    @Test("without a list of the director nothing is well")
    func neverListed() { #expect(trouble(at: 100, listed: nil) == "the director has not been read yet") }

    @Test("the director has to be seen within three intervals and two times its own patience")
    func director() {
        #expect(trouble(at: 145, listed: 100) == nil)
        #expect(trouble(at: 146, listed: 100) == "the director was last read 46 seconds ago")
        #expect(trouble(at: 115, interval: 0, listed: 100) == nil)
        #expect(trouble(at: 116, interval: 0, listed: 100) == "the director was last read 16 seconds ago")
    }

    @Test(
        "a poll may be late by an interval, and by five seconds at least, whether it waits for its time or for its place"
    )
    func polls() {
        #expect(trouble(at: 100, next: 90, listed: 100) == nil)
        #expect(trouble(at: 100, next: 110, listed: 100) == nil)
        #expect(trouble(at: 101, next: 90, listed: 100) == "a poll is overdue by 11 seconds")
        #expect(trouble(at: 101, next: 111, waits: 90, listed: 100) == "a poll is overdue by 11 seconds")
        #expect(trouble(at: 105, interval: 1, next: 100, listed: 100) == nil)
        #expect(trouble(at: 106, interval: 1, next: 100, listed: 100) == "a poll is overdue by 6 seconds")
    }
}
