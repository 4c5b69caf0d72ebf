internal import HeapModule
package import Site

/// When each backend is polled: every `interval`, start to start, each backend at its own place within the interval.
///
/// A pure machine. Places are given by the golden ratio, so that however many backends there are and in whatever order
/// they come, their polls are spread over the interval and stay so.
package struct Schedule: Sendable {
    /// The shortest time between two starts of one backend's polls.
    package static let shortestInterval = Duration.milliseconds(100)

    private struct Slot: Comparable, Sendable {
        let time: Instant
        let address: IPAddress
        let generation: Int

        static func < (left: Slot, right: Slot) -> Bool { left.time < right.time }
        static func == (left: Slot, right: Slot) -> Bool { left.time == right.time }
    }

    private struct Entry: Sendable {
        /// The backend's place within the interval, from 0 to 1.
        let place: Double
        /// Outdated slots of the heap bear another number.
        var generation = 0
        /// When the round that is going on was started; nil between rounds.
        var roundStart: Instant?
        var lastStart: Instant?
    }

    private var interval: Duration
    private let origin: Instant
    private var entries: [IPAddress: Entry] = [:]
    private var slots = Heap<Slot>()
    private var added = 0

    /// An empty schedule. With an interval of zero, a backend's next round starts when its last one ended.
    package init(interval: Duration, from origin: Instant) {
        self.interval = interval
        self.origin = origin
    }

    /// When the next round is due; nil when no backend waits for one.
    package var nextWake: Instant? { slots.min?.time }

    /// Takes a backend in: its first round comes at its place within the next interval.
    package mutating func add(_ address: IPAddress, at now: Instant) {
        guard entries[address] == nil else { return }
        let place = (Double(added) * 0.618_033_988_749_894_9).truncatingRemainder(dividingBy: 1)
        added += 1
        entries[address] = Entry(place: place)
        book(address, at: nextSlot(place, notBefore: now))
    }

    /// Drops a backend; a round that is going on may end whenever it does.
    package mutating func remove(_ address: IPAddress) {
        entries[address] = nil
    }

    /// Changes the interval: rounds that are not going on are booked anew.
    package mutating func setInterval(_ interval: Duration, at now: Instant) {
        guard interval != self.interval else { return }
        self.interval = interval
        for (address, entry) in entries where entry.roundStart == nil {
            book(address, at: nextSlot(entry.place, notBefore: now))
        }
    }

    /// The backends whose rounds start now.
    package mutating func due(at now: Instant) -> [IPAddress] {
        var due: [IPAddress] = []
        while let slot = slots.min, slot.time <= now {
            slots.removeMin()
            guard var entry = entries[slot.address], entry.generation == slot.generation, entry.roundStart == nil else {
                continue
            }
            entry.roundStart = now
            entry.lastStart = now
            entries[slot.address] = entry
            due.append(slot.address)
        }
        // Outdated slots must not wake anybody.
        while let slot = slots.min, entries[slot.address]?.generation != slot.generation { slots.removeMin() }
        return due
    }

    /// A backend's round has ended: the next one is booked, at its place, so that a slow backend keeps its distance from the
    /// others.
    package mutating func roundEnded(_ address: IPAddress, at now: Instant) {
        guard let entry = entries[address], let start = entry.roundStart else { return }
        entries[address]?.roundStart = nil
        let earliest = max(now, start + Self.shortestInterval)
        guard interval >= Self.shortestInterval else { return book(address, at: earliest) }
        // A start that came late must not make the next one come twice.
        let next = nextSlot(entry.place, notBefore: max(earliest, start + interval / 2))
        book(address, at: next)
    }

    private mutating func book(_ address: IPAddress, at time: Instant) {
        guard var entry = entries[address] else { return }
        entry.generation += 1
        entries[address] = entry
        slots.insert(Slot(time: time, address: address, generation: entry.generation))
    }

    /// The first moment of the backend's place in any interval that is not before `time`.
    private func nextSlot(_ place: Double, notBefore time: Instant) -> Instant {
        let period = max(interval, Self.shortestInterval).nanoseconds
        let offset = Int64(place * Double(period))
        let elapsed = max(0, (time - origin).nanoseconds)
        let rounds = elapsed <= offset ? 0 : (elapsed - offset + period - 1) / period
        return origin + .nanoseconds(rounds * period + offset)
    }
}
