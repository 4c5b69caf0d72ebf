import Health
import Site
import Testing

@Suite struct ScheduleTests {
    @Test func anEmptyScheduleWakesNobody() {
        var table = Timetable(interval: .seconds(10))
        #expect(table.schedule.nextWake == nil)
        #expect(table.schedule.due(at: table.now) == [])
    }

    @Test func aBackendIsPolledEveryIntervalStartToStart() {
        var table = Timetable(0..<1, interval: .seconds(10), roundTime: .seconds(3))
        table.pass(.seconds(999))
        #expect(table.gaps(0) == Array(repeating: .seconds(10), count: 99))
    }

    @Test func theFirstPollComesWithinOneInterval() {
        var table = Timetable(0..<100, interval: .seconds(10))
        table.pass(.seconds(10) - .nanoseconds(1))
        #expect(table.starts.count == 100)
        #expect(table.starts.values.map(\.count).max() == 1)
    }

    /// The golden ratio leaves no gap larger than three times the even distance.
    @Test(arguments: [1, 2, 3, 10, 100, 10_000])
    func firstPollsAreSpreadOverTheIntervalAndStaySpread(backends: Int) {
        let interval = Duration.seconds(10)
        var table = Timetable(0..<backends, interval: interval)
        let start = table.now
        table.pass(interval * 3)
        let bound = max(Schedule.grain, min(interval, interval * 3 / backends))
        #expect(table.largestGap(from: start, within: interval) <= bound)
        #expect(table.largestGap(from: start + interval * 2, within: interval) <= bound)
    }

    /// To wake costs as much as a part of a poll does.
    @Test func pollsOfManyAreStartedTogetherAHundredTimesASecondAtMost() {
        let interval = Duration.seconds(10)
        var table = Timetable(0..<10_000, interval: interval)
        let start = table.now
        table.pass(interval * 2 - .nanoseconds(1))
        let starts = table.starts.values.joined()
        let moments = Dictionary(grouping: starts) { $0 }
        #expect(moments.count == 2_000)
        #expect(moments.keys.allSatisfy { ($0 - start).nanoseconds % Schedule.grain.nanoseconds == 0 })
        #expect((moments.values.map(\.count).max() ?? 0) <= 12)
    }

    @Test func theFirstBackendIsPolledAtOnceWhereTheScheduleBeginsWithIt() {
        var schedule = Schedule(interval: .seconds(60), from: .origin)
        let (first, later) = (Instant.origin + .seconds(7), Instant.origin + .seconds(8))
        schedule.beginWithFirst()
        schedule.add(backend(0), at: first)
        #expect(schedule.due(at: first) == [backend(0)])
        schedule.add(backend(1), at: later)
        schedule.roundEnded(backend(0), at: later)
        schedule.remove(backend(1))
        #expect(schedule.due(at: first + .seconds(60)) == [backend(0)], "it begins once")
    }

    @Test func twoBackendsAreFarApart() {
        var table = Timetable(0..<2, interval: .seconds(10))
        table.pass(.seconds(10))
        #expect(table.largestGap(from: table.now + .seconds(-10), within: .seconds(10)) < .milliseconds(6200))
    }

    @Test func backendsThatComeOneAfterTheOtherAreSpreadToo() {
        let interval = Duration.seconds(10)
        var table = Timetable(interval: interval)
        for number in 0..<50 {
            table.schedule.add(backend(number), at: table.now)
            table.pass(.milliseconds(777))
        }
        table.pass(interval)
        let start = table.now
        table.pass(interval)
        #expect(table.largestGap(from: start, within: interval) <= interval * 3 / 50)
    }

    @Test func everyBackendIsPolledExactlyOnceAnIntervalInTheLongRun() {
        var table = Timetable(0..<20, interval: .seconds(10), roundTime: .milliseconds(1234))
        table.pass(.seconds(20_000) - .nanoseconds(1))
        #expect(Set(table.starts.values.map(\.count)) == [2000])
        #expect(Set((0..<20).flatMap(table.gaps)) == [.seconds(10)])
        #expect(table.overlaps == 0)
    }

    /// A backend that hangs for longer than the interval is not polled half as often for it.
    @Test func aRoundThatOverrunsItsIntervalIsFollowedByTheNextAtOnceAndNeverOverlaps() {
        var table = Timetable(0..<1, interval: .seconds(10), roundTime: .seconds(12))
        table.pass(.seconds(100))
        #expect(table.gaps(0) == Array(repeating: .seconds(12), count: 8))
        #expect(table.overlaps == 0)
    }

    @Test func aRoundThatTakesExactlyAnIntervalIsFollowedByTheNextAtOnce() {
        var table = Timetable(0..<1, interval: .seconds(10), roundTime: .seconds(10))
        table.pass(.seconds(50))
        #expect(table.gaps(0) == Array(repeating: .seconds(10), count: 5))
        #expect(table.overlaps == 0)
    }

    @Test func aSlowBackendDelaysNobodyElse() {
        var table = Timetable(0..<20, interval: .seconds(1))
        table.slow = [backend(3): .seconds(30), backend(7): .seconds(1_000_000)]
        table.pass(.seconds(100) - .nanoseconds(1))
        for number in 0..<20 where number != 3 && number != 7 {
            #expect(table.gaps(number) == Array(repeating: .seconds(1), count: 99))
        }
        #expect(table.starts[backend(7)]?.count == 1)
        #expect(table.overlaps == 0)
    }

    @Test func nothingIsStartedTwiceAtOneMoment() {
        var table = Timetable(0..<3, interval: .seconds(10))
        let time = table.now + .seconds(10)
        #expect(Set(table.schedule.due(at: time)) == [backend(0), backend(1), backend(2)])
        #expect(table.schedule.due(at: time) == [])
        #expect(table.schedule.nextWake == nil)
    }

    @Test func theEndOfARoundThatIsNotGoingOnIsPassedOver() {
        var table = Timetable(0..<1, interval: .seconds(10))
        let wake = table.schedule.nextWake
        table.schedule.roundEnded(backend(0), at: table.now)
        table.schedule.roundEnded(backend(9), at: table.now)
        #expect(table.schedule.nextWake == wake)
    }

    @Test func aBackendThatIsAddedTwiceIsPolledOnce() {
        var table = Timetable(0..<1, interval: .seconds(10))
        table.schedule.add(backend(0), at: table.now + .seconds(1))
        table.pass(.seconds(99))
        #expect(table.gaps(0) == Array(repeating: .seconds(10), count: 9))
    }

    @Test(arguments: [0, 1, 50, 99])
    func withoutAnIntervalThereIsAFloorOfATenthOfASecond(milliseconds: Int) {
        var table = Timetable(0..<3, interval: .milliseconds(milliseconds), roundTime: .milliseconds(5))
        table.pass(.seconds(10))
        for number in 0..<3 { #expect(Set(table.gaps(number)) == [.milliseconds(100)]) }
        #expect(table.overlaps == 0)
    }

    @Test func withoutAnIntervalTheNextRoundStartsWhenTheLastOneEnds() {
        var table = Timetable(0..<3, interval: .zero, roundTime: .milliseconds(700))
        table.pass(.seconds(100))
        #expect(Set(table.gaps(0)) == [.milliseconds(700)])
        #expect(table.overlaps == 0)
    }
}
