import Health
import Site

/// The backend 10.0.x.y, counted by `number`.
func backend(_ number: Int) -> IPAddress {
    guard let address = IPAddress("10.0.\(number / 256).\(number % 256)") else { preconditionFailure("no address") }
    return address
}

/// A schedule under a clock that the test moves, with backends that take their time to answer.
struct Timetable {
    var schedule: Schedule
    var now: Instant
    /// How long a round takes, for backends that have no time of their own in `slow`.
    var roundTime: Duration
    var slow: [IPAddress: Duration] = [:]
    /// When each backend's rounds were started.
    private(set) var starts: [IPAddress: [Instant]] = [:]
    /// Rounds that were started while the same backend's last one was still going on.
    private(set) var overlaps = 0
    private var ends: [(time: Instant, address: IPAddress)] = []
    private var going: Set<IPAddress> = []

    init(_ backends: Range<Int> = 0..<0, interval: Duration, roundTime: Duration = .milliseconds(1)) {
        now = .origin + .seconds(5000)
        schedule = Schedule(interval: interval, from: now)
        self.roundTime = roundTime
        for number in backends { schedule.add(backend(number), at: now) }
    }

    /// Lets time pass. Whatever is due starts when it is due, and ends when it has taken its time.
    mutating func pass(_ time: Duration) {
        let limit = now + time
        while true {
            let nextEnd = ends.min { $0.time < $1.time }?.time ?? .distantFuture
            let next = min(schedule.nextWake ?? .distantFuture, nextEnd)
            guard next <= limit else { break }
            now = max(now, next)
            endRounds()
            startRounds()
        }
        now = limit
    }

    /// Nobody asks the schedule for so long.
    mutating func stall(_ time: Duration) { now = now + time }

    mutating func startRounds() {
        for address in schedule.due(at: now) {
            if !going.insert(address).inserted { overlaps += 1 }
            starts[address, default: []].append(now)
            ends.append((now + (slow[address] ?? roundTime), address))
        }
    }

    private mutating func endRounds() {
        for end in ends where end.time <= now {
            going.remove(end.address)
            schedule.roundEnded(end.address, at: now)
        }
        ends.removeAll { $0.time <= now }
    }

    /// The times between one backend's starts.
    func gaps(_ number: Int) -> [Duration] {
        let times = starts[backend(number)] ?? []
        return zip(times.dropFirst(), times).map { $0 - $1 }
    }

    /// The longest time between any two neighbours' starts within `period`, round the clock.
    func largestGap(from start: Instant, within period: Duration) -> Duration {
        let times = starts.values.joined().filter { start <= $0 && $0 < start + period }.sorted()
        guard let first = times.first else { return period }
        var last = first
        var largest = Duration.zero
        for time in times.dropFirst() + [first + period] {
            largest = max(largest, time - last)
            last = time
        }
        return largest
    }
}
