internal import HeapModule
internal import Site

/// When something is due for which backend, one time each: outdated ones stay in the heap until they would ring.
struct Alarms: Sendable {
    private struct Alarm: Comparable, Sendable {
        let time: Instant
        let address: IPAddress

        static func < (left: Alarm, right: Alarm) -> Bool {
            (left.time, left.address) < (right.time, right.address)
        }
    }

    private var times: [IPAddress: Instant] = [:]
    private var heap = Heap<Alarm>()

    /// When the first one rings; an outdated one wakes for nothing.
    var next: Instant { heap.min?.time ?? .distantFuture }

    /// Sets a backend's alarm anew; nil for none.
    mutating func set(_ address: IPAddress, at time: Instant?) {
        guard times[address] != time else { return }
        times[address] = time
        if let time { heap.insert(Alarm(time: time, address: address)) }
    }

    /// Takes those that ring.
    mutating func due(at now: Instant) -> [IPAddress] {
        var due: [IPAddress] = []
        while let alarm = heap.min, alarm.time <= now {
            heap.removeMin()
            guard times[alarm.address] == alarm.time else { continue }
            times[alarm.address] = nil
            due.append(alarm.address)
        }
        return due
    }
}
