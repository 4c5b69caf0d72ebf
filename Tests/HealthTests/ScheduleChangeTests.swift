import Health
import Site
import Testing

/// A schedule that is disturbed: the monitor stalls, the interval changes, backends come and go.
@Suite struct ScheduleChangeTests {
    @Test func afterAStallEveryBackendIsStartedOnceAndGoesBackToItsPlace() {
        let interval = Duration.seconds(10)
        var table = Timetable(0..<100, interval: interval)
        table.pass(.seconds(99))
        let places = table.starts.mapValues { ($0.last ?? .origin).nanoseconds % interval.nanoseconds }
        let before = table.starts.mapValues(\.count)
        table.stall(.seconds(301))
        table.startRounds()
        #expect(table.starts.mapValues { $0.count - 1 } == before)

        let resumed = table.now
        table.pass(interval * 5)
        for (address, times) in table.starts {
            let later = times.filter { $0 > resumed }
            #expect(later.count == 4 || later.count == 5)
            #expect(Set(later.map { $0.nanoseconds % interval.nanoseconds }) == [places[address]])
        }
        #expect(table.overlaps == 0)
    }

    /// A start that came late is not followed by another before half an interval has passed.
    @Test(arguments: [1, 2500, 4999, 5001, 9999, 10_000, 14_999, 15_001, 600_000])
    func aLateStartIsNotFollowedByAHastyOne(late: Int) throws {
        var table = Timetable(0..<1, interval: .seconds(10))
        table.pass(.seconds(95))
        table.stall(.seconds(5) + .milliseconds(late))
        table.startRounds()
        table.pass(.seconds(100))
        let gaps = table.gaps(0)
        #expect(try #require(gaps.min()) >= .seconds(5))
        #expect(try #require(gaps.dropFirst(10).max()) <= .seconds(15))
        #expect(gaps.suffix(7) == Array(repeating: .seconds(10), count: 7)[...])
    }

    /// It is booked at its place again; whoever wants it sooner may say so again.
    @Test func whatWasHastenedMayBeHastenedUnderANewInterval() {
        var table = Timetable(0..<1, interval: .seconds(600))
        table.pass(.seconds(601))
        table.schedule.hasten(backend(0), at: table.now)
        table.schedule.setInterval(.seconds(60), at: table.now)
        table.schedule.hasten(backend(0), at: table.now)
        let before = table.starts[backend(0)]?.count ?? 0
        table.pass(.seconds(2))
        #expect(table.starts[backend(0)]?.count == before + 1)
    }

    @Test func aNewIntervalIsInForceAtOnce() {
        var table = Timetable(0..<10, interval: .seconds(600))
        table.pass(.seconds(1))
        table.schedule.setInterval(.seconds(2), at: table.now)
        let changed = table.now
        table.pass(.seconds(20))
        for number in 0..<10 {
            let times = (table.starts[backend(number)] ?? []).filter { $0 > changed }
            #expect(times.count == 10)
        }
        #expect(table.largestGap(from: changed + .seconds(10), within: .seconds(2)) <= .milliseconds(600))
    }

    @Test func aRoundThatIsGoingOnWhenTheIntervalChangesIsNotStartedAgain() {
        var table = Timetable(0..<10, interval: .seconds(10), roundTime: .seconds(9))
        table.pass(.seconds(10))
        table.schedule.setInterval(.seconds(1), at: table.now)
        table.pass(.seconds(100))
        table.schedule.setInterval(.seconds(20), at: table.now)
        table.pass(.seconds(100))
        #expect(table.overlaps == 0)
        #expect(Set(table.gaps(0).suffix(3)) == [.seconds(20)])
    }

    @Test func theSameIntervalAgainChangesNothing() {
        var table = Timetable(0..<5, interval: .seconds(10))
        table.pass(.seconds(15))
        table.schedule.setInterval(.seconds(10), at: table.now)
        table.pass(.seconds(100))
        #expect(Set((0..<5).flatMap(table.gaps)) == [.seconds(10)])
    }

    /// However often the settings are read again, no backend is polled again within a tenth of a second.
    @Test func changesOfTheIntervalKeepTheFloor() throws {
        var table = Timetable(0..<20, interval: .seconds(1))
        for change in 0..<2000 {
            table.pass(.milliseconds(7))
            table.schedule.setInterval([.zero, .milliseconds(300), .seconds(1)][change % 3], at: table.now)
        }
        let shortest = try #require((0..<20).flatMap(table.gaps).min())
        #expect(shortest >= .milliseconds(100))
        #expect(table.overlaps == 0)
    }

    @Test func aBackendThatIsRemovedIsNotPolled() {
        var table = Timetable(0..<2, interval: .seconds(10))
        table.pass(.seconds(25))
        table.schedule.remove(backend(0))
        let before = table.starts[backend(0)]?.count
        table.pass(.seconds(100))
        #expect(table.starts[backend(0)]?.count == before)
        #expect(Set(table.gaps(1)) == [.seconds(10)])
    }

    @Test func aBackendThatIsRemovedAtItsVeryMomentIsNotPolled() throws {
        var table = Timetable(0..<1, interval: .seconds(10))
        let wake = try #require(table.schedule.nextWake)
        table.schedule.remove(backend(0))
        #expect(table.schedule.due(at: wake) == [])
        #expect(table.schedule.nextWake == nil)
    }

    @Test func theEndOfARoundOfARemovedBackendIsPassedOver() {
        var table = Timetable(0..<1, interval: .seconds(10), roundTime: .seconds(5))
        table.pass(.seconds(1))
        table.schedule.remove(backend(0))
        table.pass(.seconds(100))
        #expect(table.starts[backend(0)]?.count == 1)
        #expect(table.schedule.nextWake == nil)
    }

    @Test func aBackendThatComesBackIsPolledEveryIntervalAgain() {
        var table = Timetable(0..<10, interval: .seconds(10), roundTime: .milliseconds(10))
        table.pass(.seconds(100))
        table.schedule.remove(backend(0))
        table.schedule.add(backend(0), at: table.now)
        let back = table.now
        table.pass(.seconds(50))
        let times = (table.starts[backend(0)] ?? []).filter { $0 > back }
        #expect(times.count == 5)
        #expect(Set(zip(times.dropFirst(), times).map { $0 - $1 }) == [.seconds(10)])
    }

    /// What was booked for it before it went is void.
    @Test func aBackendThatComesBackIsNotPolledAtItsOldPlace() throws {
        var schedule = Schedule(interval: .seconds(10), from: .origin)
        schedule.add(backend(0), at: .origin + .milliseconds(1))
        let oldPlace = try #require(schedule.nextWake)
        schedule.remove(backend(0))
        schedule.add(backend(0), at: .origin + .milliseconds(6500))
        #expect(oldPlace == .origin + .seconds(10))
        #expect(schedule.due(at: oldPlace) == [])
        #expect(try #require(schedule.nextWake) > oldPlace)
    }

    @Test func nextWakeIsNeverInThePastOnceTheDueHaveStarted() {
        var generator = SplitMix64(seed: 7)
        var schedule = Schedule(interval: .seconds(1), from: .origin)
        var now = Instant.origin
        var going: Set<IPAddress> = []
        for _ in 0..<20_000 {
            now = now + .milliseconds(Int.random(in: 0...40, using: &generator))
            let address = backend(Int.random(in: 0..<30, using: &generator))
            switch Int.random(in: 0..<12, using: &generator) {
            case 0: schedule.add(address, at: now)
            case 1:
                schedule.remove(address)
                going.remove(address)
            case 2: schedule.setInterval(.milliseconds(Int.random(in: 0...3, using: &generator) * 500), at: now)
            case 3: now = now + .seconds(Int.random(in: 0...5, using: &generator))
            default:
                guard let ended = going.min() else { break }
                going.remove(ended)
                schedule.roundEnded(ended, at: now)
            }
            for started in schedule.due(at: now) {
                let isNew = going.insert(started).inserted
                #expect(isNew)
            }
            if let wake = schedule.nextWake { #expect(wake > now) }
        }
    }
}

/// Random numbers that are the same in every run.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
