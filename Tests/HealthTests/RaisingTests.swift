import Health
import Site
import Testing

private func at(_ seconds: Int) -> Instant { .origin + .seconds(seconds) }

@Suite struct RaisingTests {
    private var raising = Raising()
    private var rules = Raising.Rules()

    private mutating func down(byOthers: Bool, isHealthy: Bool = false, at seconds: Int) -> Raising.Hold? {
        raising.wentDown(byOthers: byOthers, here: isHealthy ? .healthy : .faulty, rules, at: at(seconds))
    }

    private func hold(isOwn: Bool = true, goodSince: Int? = nil, at seconds: Int) -> Raising.Hold? {
        raising.hold(isOwn: isOwn, goodSince: goodSince.map(at), rules, at: at(seconds))
    }

    @Test func nothingHoldsAnUnknownBackend() {
        #expect(hold(isOwn: false, goodSince: 0, at: 1) == nil)
    }

    @Test mutating func whatOthersTookDownIsTheirsWherePolicySaysSo() {
        rules.ownOnly = true
        #expect(hold(isOwn: false, goodSince: 0, at: 1) == .notOwn)
        #expect(hold(isOwn: true, goodSince: 0, at: 1) == nil)
    }

    // MARK: Wars

    @Test mutating func whatWasRaisedAndIsTakenDownAgainWaitsLongerEachTime() {
        raising.wentUp(byOthers: false, at: at(0))
        #expect(down(byOthers: true, isHealthy: true, at: 10) == .war(.seconds(600)))
        #expect(hold(goodSince: 20, at: 609) == .war(.seconds(1)))
        #expect(hold(goodSince: 20, at: 610) == nil)
        raising.wentUp(byOthers: false, at: at(610))
        #expect(down(byOthers: true, isHealthy: true, at: 620) == .war(.seconds(1200)))
        var (hold, now) = (1200, 620)
        while hold < 14_400 {
            now += hold
            raising.wentUp(byOthers: false, at: at(now))
            hold = min(2 * hold, 14_400)
            #expect(down(byOthers: true, isHealthy: true, at: now) == .war(.seconds(hold)))
        }
        raising.wentUp(byOthers: false, at: at(now + hold))
        #expect(down(byOthers: true, isHealthy: true, at: now + hold) == .war(.seconds(14_400)))
    }

    @Test mutating func aQuarrelIsOverOnceItStayedUpLongEnough() {
        raising.wentUp(byOthers: false, at: at(0))
        _ = down(byOthers: true, isHealthy: true, at: 10)
        raising.wentUp(byOthers: false, at: at(610))
        #expect(down(byOthers: true, isHealthy: true, at: 1211) == .war(.seconds(600)))
    }

    @Test mutating func whatFailsHereTooIsNoQuarrel() {
        raising.wentUp(byOthers: false, at: at(0))
        #expect(down(byOthers: true, isHealthy: false, at: 10) == nil)
        #expect(hold(at: 11) == nil)
    }

    /// Two monitors that agree must not take turns against a third.
    @Test mutating func whatOthersRaisedIsAQuarrelForAWhile() {
        raising.wentUp(byOthers: true, at: at(0))
        #expect(down(byOthers: true, isHealthy: true, at: 10) == .war(.seconds(600)))
        raising = Raising()
        raising.wentUp(byOthers: true, at: at(0))
        #expect(down(byOthers: true, isHealthy: true, at: 601) == nil)
    }

    @Test mutating func withTheRuleGoneNothingHolds() {
        raising.wentUp(byOthers: false, at: at(0))
        _ = down(byOthers: true, isHealthy: true, at: 10)
        rules.warHold = .zero
        #expect(hold(goodSince: 20, at: 21) == nil)
    }

    @Test mutating func othersMayEndAQuarrel() {
        raising.wentUp(byOthers: false, at: at(0))
        _ = down(byOthers: true, isHealthy: true, at: 10)
        raising.wentUp(byOthers: true, at: at(20))
        _ = down(byOthers: false, at: 30)
        #expect(hold(goodSince: 40, at: 41) == nil)
    }

    @Test mutating func itIsOverOnceItFailsHereToo() {
        raising.wentUp(byOthers: false, at: at(0))
        _ = down(byOthers: true, isHealthy: true, at: 10)
        raising.failedHere(rules, at: at(20))
        #expect(hold(goodSince: 20, at: 21) == nil)
        raising.wentUp(byOthers: false, at: at(22))
        #expect(down(byOthers: true, isHealthy: true, at: 23) == .war(.seconds(1200)), "it may flare up again")
    }

    /// Not every poll from here succeeds, and all fail from there.
    @Test mutating func whatIsNotFaultyHereIsAQuarrelAlsoWhileAPollFails() {
        raising.wentUp(byOthers: false, at: at(0))
        #expect(raising.wentDown(byOthers: true, here: .undecided, rules, at: at(10)) == nil, "told once it polls well")
        #expect(hold(goodSince: 20, at: 20) == .war(.seconds(590)))
    }

    @Test mutating func failingHereNowAndThenEndsAQuarrelOnceInItsTimeOnly() {
        raising.wentUp(byOthers: false, at: at(0))
        _ = down(byOthers: true, isHealthy: true, at: 10)
        raising.failedHere(rules, at: at(20))
        raising.wentUp(byOthers: false, at: at(30))
        #expect(down(byOthers: true, isHealthy: true, at: 40) == .war(.seconds(1200)))
        for time in stride(from: 50, to: 1220, by: 10) { raising.failedHere(rules, at: at(time)) }
        #expect(hold(goodSince: 1220, at: 1220) == .war(.seconds(20)))
        // Nor is it by its own HOST-DOWN, after a third monitor had put it up.
        raising.wentUp(byOthers: true, at: at(1211))
        _ = down(byOthers: false, at: 1212)
        #expect(hold(goodSince: 1220, at: 1220) == .war(.seconds(20)))
    }

    @Test mutating func withoutAHoldItGoesUpAtOnce() {
        rules.warHold = .zero
        raising.wentUp(byOthers: false, at: at(0))
        #expect(down(byOthers: true, isHealthy: true, at: 10) == nil)
        #expect(hold(goodSince: 11, at: 11) == nil)
    }

    // MARK: Flapping

    @Test mutating func nothingFlapsWithoutALimit() {
        for time in 0..<20 { #expect(down(byOthers: false, at: time) == nil) }
        #expect(hold(goodSince: 20, at: 20) == nil)
    }

    @Test mutating func whatGoesDownTooOftenHasToBeHealthyForAWhile() {
        rules.flapLimit = 3
        for time in [0, 100] {
            #expect(down(byOthers: false, at: time) == nil)
            #expect(hold(goodSince: time, at: time) == nil)
            raising.wentUp(byOthers: false, at: at(time + 50))
        }
        #expect(down(byOthers: true, at: 200) == nil, "it is not healthy, and that is told")
        #expect(hold(goodSince: nil, at: 1000) == .flapping(downs: 3, .seconds(120)))
        #expect(hold(goodSince: 210, at: 329) == .flapping(downs: 3, .seconds(120)))
        #expect(hold(goodSince: 210, at: 330) == nil)
    }

    @Test mutating func aFlappingBackendWaitsLongerEachTimeUpToAnHour() {
        rules.flapLimit = 1
        var expected = 120
        var now = 0
        for _ in 0..<7 {
            _ = down(byOthers: false, at: now)
            #expect(hold(at: now) == .flapping(downs: 1, .seconds(expected)))
            now += expected
            raising.wentUp(byOthers: false, at: at(now))
            now += 599
            expected = min(2 * expected, 3600)
        }
        #expect(expected == 3600)
        // It has stayed up for the whole window.
        _ = down(byOthers: false, at: now + 1)
        #expect(hold(at: now + 1) == .flapping(downs: 1, .seconds(120)))
    }

    @Test mutating func downsOutsideOfTheWindowDoNotCount() {
        rules.flapLimit = 2
        #expect(down(byOthers: false, at: 0) == nil)
        _ = down(byOthers: false, at: 600)
        #expect(hold(at: 600) == nil)
        _ = down(byOthers: false, at: 1199)
        #expect(hold(at: 1199) != nil)
    }
}
