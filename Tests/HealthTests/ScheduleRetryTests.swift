import Health
import Site
import Testing

/// Rounds that come sooner than the interval.
@Suite struct ScheduleRetryTests {
    private var schedule = Schedule(interval: .seconds(10), from: .origin)

    private func at(_ seconds: Double) -> Instant { .origin + .milliseconds(Int(seconds * 1000)) }

    /// One whose round has started at 10 s, at its place.
    private mutating func start() {
        schedule.add(backend(0), at: at(1))
        #expect(schedule.due(at: at(10)) == [backend(0)])
    }

    @Test mutating func aRetryComesSoLongAfterTheLastStart() {
        start()
        schedule.roundEnded(backend(0), retry: .seconds(1), at: at(10.4))
        #expect(schedule.nextWake == at(11))
    }

    @Test mutating func aRetryNeverComesWhileTheRoundGoesOn() {
        start()
        schedule.roundEnded(backend(0), retry: .seconds(1), at: at(13))
        #expect(schedule.nextWake == at(13))
        #expect(schedule.due(at: at(13)) == [backend(0)])
        #expect(schedule.nextWake == nil)
    }

    @Test mutating func aRetryComesATenthOfASecondAfterTheLastStartAtTheEarliest() {
        start()
        schedule.roundEnded(backend(0), retry: .zero, at: at(10.01))
        #expect(schedule.nextWake == at(10.1))
    }

    @Test mutating func aRetryComesWithTheNextOfTheOthersPlaces() {
        start()
        schedule.roundEnded(backend(0), retry: .milliseconds(1_003), at: at(10.4))
        #expect(schedule.nextWake == at(11.01))
        // Whoever wakes a little late does not make it later and later.
        #expect(schedule.due(at: at(11.011)) == [backend(0)])
        schedule.roundEnded(backend(0), retry: .seconds(1), at: at(11.02))
        #expect(schedule.nextWake == at(12.01))
        #expect(schedule.due(at: at(12.5)) == [backend(0)])
        schedule.roundEnded(backend(0), retry: .milliseconds(996), at: at(12.6))
        #expect(schedule.nextWake == at(13.5))
        // But no sooner than a tenth of a second after it was started.
        #expect(schedule.due(at: at(13.505)) == [backend(0)])
        schedule.roundEnded(backend(0), retry: .zero, at: at(13.51))
        #expect(schedule.nextWake == at(13.61))
    }

    @Test mutating func placesBeginAnewWithEachIntervalForRetriesToo() {
        schedule = Schedule(interval: .milliseconds(125), from: .origin)
        schedule.add(backend(0), at: at(1))
        #expect(schedule.due(at: at(1)) == [backend(0)])
        schedule.roundEnded(backend(0), retry: .milliseconds(121), at: at(1.001))
        #expect(schedule.nextWake == at(1.125))
        #expect(schedule.due(at: at(1.125)) == [backend(0)])
        schedule.roundEnded(backend(0), retry: .milliseconds(101), at: at(1.126))
        #expect(schedule.nextWake == at(1.235))
    }

    @Test mutating func whatIsAskedForOutOfTurnComesWithOthersUnlessItIsUrgent() {
        start()
        schedule.roundEnded(backend(0), at: at(10.001))
        schedule.hasten(backend(0), at: at(12.003))
        #expect(schedule.nextWake == at(12.01))
        schedule.hasten(backend(0), isUrgent: true, at: at(12.004))
        #expect(schedule.nextWake == at(12.004))
    }

    @Test mutating func afterRetriesABackendIsBackAtItsPlace() {
        start()
        schedule.roundEnded(backend(0), retry: .seconds(1), at: at(10.1))
        #expect(schedule.due(at: at(11)) == [backend(0)])
        schedule.roundEnded(backend(0), at: at(11.1))
        #expect(schedule.nextWake == at(20))
    }

    @Test mutating func aRetryLateInTheIntervalIsNotFollowedByAHastyRound() {
        start()
        schedule.roundEnded(backend(0), retry: .seconds(9), at: at(10.1))
        #expect(schedule.due(at: at(19)) == [backend(0)])
        schedule.roundEnded(backend(0), at: at(19.1))
        #expect(schedule.nextWake == at(30))
    }

    @Test mutating func whoIsPacedLosesATurnForEachRoundOutOfIt() {
        start()
        // In its turn it loses none.
        schedule.roundEnded(backend(0), isPaced: true, at: at(10.1))
        #expect(schedule.nextWake == at(20))
        schedule.hasten(backend(0), at: at(13))
        #expect(schedule.due(at: at(13)) == [backend(0)])
        schedule.roundEnded(backend(0), isPaced: true, at: at(13.1))
        #expect(schedule.nextWake == at(30))
        #expect(schedule.due(at: at(30)) == [backend(0)])
        schedule.roundEnded(backend(0), retry: .seconds(2), at: at(30.1))
        #expect(schedule.due(at: at(32)) == [backend(0)])
        schedule.roundEnded(backend(0), isPaced: true, at: at(32.1))
        #expect(schedule.nextWake == at(50))
    }

    @Test mutating func whatIsUrgentWaitsForNoPauseButATenthOfASecond() {
        start()
        schedule.roundEnded(backend(0), at: at(10.01))
        schedule.hasten(backend(0), isUrgent: true, at: at(10.02))
        #expect(schedule.due(at: at(10.1)) == [backend(0)])
        schedule.roundEnded(backend(0), at: at(10.11))
        #expect(schedule.nextWake == at(20))
    }

    @Test mutating func whatIsUrgentComesBeforeARoundThatWasOnlyHastened() {
        start()
        schedule.roundEnded(backend(0), at: at(10.01))
        schedule.hasten(backend(0), at: at(10.02))
        #expect(schedule.nextWake == at(11))
        schedule.hasten(backend(0), isUrgent: true, at: at(10.3))
        #expect(schedule.due(at: at(10.3)) == [backend(0)])
    }

    @Test mutating func whatIsUrgentFollowsARoundThatGoesOn() {
        start()
        schedule.hasten(backend(0), isUrgent: true, at: at(10.2))
        schedule.roundEnded(backend(0), at: at(10.3))
        #expect(schedule.due(at: at(10.3)) == [backend(0)])
        schedule.roundEnded(backend(0), at: at(10.4))
        #expect(schedule.nextWake == at(20))
        #expect(schedule.due(at: at(20)) == [backend(0)])
        // A retry is soon enough where it is not late, and who is paced stays so.
        schedule.hasten(backend(0), isUrgent: true, at: at(20.1))
        schedule.roundEnded(backend(0), retry: .milliseconds(500), at: at(20.2))
        #expect(schedule.due(at: at(20.5)) == [backend(0)])
        schedule.hasten(backend(0), isUrgent: true, at: at(20.6))
        schedule.roundEnded(backend(0), retry: .seconds(25), at: at(20.7))
        #expect(schedule.due(at: at(21.5)) == [backend(0)])
        schedule.hasten(backend(0), isUrgent: true, at: at(21.6))
        schedule.roundEnded(backend(0), retry: .milliseconds(500), at: at(21.7))
        #expect(schedule.due(at: at(22)) == [backend(0)])
        schedule.hasten(backend(0), isUrgent: true, at: at(22.1))
        schedule.roundEnded(backend(0), isPaced: true, at: at(22.2))
        #expect(schedule.nextWake == at(40))
    }

    @Test mutating func aRetryMayComeLaterThanTheInterval() {
        start()
        schedule.roundEnded(backend(0), retry: .seconds(25), at: at(10.1))
        #expect(schedule.nextWake == at(35))
    }
}
