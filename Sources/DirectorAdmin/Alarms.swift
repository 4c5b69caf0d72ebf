internal import HeapModule
internal import Site

/// When something is due for whom, one time each: outdated ones stay in the heap until they would ring.
struct Alarms<Sleeper: Hashable & Comparable & Sendable>: Sendable {
    private var times: [Sleeper: Instant] = [:]
    private var heap = Heap<Dated<Sleeper>>()

    /// When the first one rings; an outdated one wakes for nothing.
    var next: Instant { heap.min?.time ?? .distantFuture }

    /// Sets an alarm anew; nil for none.
    mutating func set(_ sleeper: Sleeper, at time: Instant?) {
        guard times[sleeper] != time else { return }
        times[sleeper] = time
        if let time { heap.insert(Dated(time: time, value: sleeper)) }
    }

    /// Takes those that ring.
    mutating func due(at now: Instant) -> [Sleeper] {
        var due: [Sleeper] = []
        while let alarm = heap.min, alarm.time <= now {
            heap.removeMin()
            guard times[alarm.value] == alarm.time else { continue }
            times[alarm.value] = nil
            due.append(alarm.value)
        }
        return due
    }
}
