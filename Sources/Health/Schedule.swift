internal import HeapModule
package import Site

/// When each backend is polled: every `interval`, start to start, each backend at its own place within the interval.
///
/// A pure machine. Places are given by the golden ratio, so that however many backends there are and in whatever order
/// they come, their polls are spread over the interval and stay so.
package struct Schedule: Sendable {
    /// The shortest time between two starts of one backend's polls.
    package static let shortestInterval = Duration.milliseconds(100)
    /// The places within the interval are so far apart: who wakes for one poll of many starts all of them.
    package static let grain = Duration.milliseconds(10)

    private struct Slot: Comparable, Sendable {
        let time: Instant
        let address: IPAddress
        let booking: Int

        // Of the same moment the one that was booked first, so that the same calls give the same order.
        static func < (left: Slot, right: Slot) -> Bool { (left.time, left.booking) < (right.time, right.booking) }
        static func == (left: Slot, right: Slot) -> Bool { left.booking == right.booking }
    }

    private struct Entry: Sendable {
        /// The backend's place within the interval, from 0 to 1.
        let place: Double
        /// The number of its slot; outdated slots of the heap bear another one.
        var booking = 0
        /// When the next round is booked for.
        var bookedFor = Instant.distantFuture
        /// Whether a round was started that has not ended.
        var isGoingOn = false
        /// When its latest round was started.
        var lastStart: Instant?
        /// When that was to be.
        var planned: Instant?
        /// Whether the next round, or the one that is going on, is out of its turn.
        var isHastened = false
        /// The same of one that comes sooner because the last one failed.
        var isRetry = false
        /// Whether another round is to follow the one that is going on at once.
        var isUrgent = false

        /// When the latest round was to be started, where it was, but for the time that it takes to wake.
        var begun: Instant? {
            guard let lastStart, let planned else { return lastStart }
            return lastStart - planned < Schedule.grain ? planned : lastStart
        }

        mutating func roundEnded(isRetried: Bool) {
            isGoingOn = false
            isHastened = false
            isRetry = isRetried
            isUrgent = false
        }
    }

    private var interval: Duration
    private var origin: Instant
    private var beginsWithFirst = false
    private var entries: [IPAddress: Entry] = [:]
    private var slots = Heap<Slot>()
    private var added = 0
    private var bookings = 0

    /// An empty schedule. With an interval of zero, a backend's next round starts when its last one ended.
    package init(interval: Duration, from origin: Instant) {
        self.interval = interval
        self.origin = origin
    }

    /// Has the first interval begin with the first backend, which need not wait then.
    package mutating func beginWithFirst() { beginsWithFirst = true }

    /// When the next round is due; nil when no backend waits for one.
    package var nextWake: Instant? { slots.min?.time }

    /// When a backend's next round is due; nil while one is going on.
    package func nextStart(of address: IPAddress) -> Instant? {
        entries[address].flatMap { $0.isGoingOn ? nil : $0.bookedFor }
    }

    /// When a backend's latest round was to be started; nil where there was none yet.
    package func planned(_ address: IPAddress) -> Instant? { entries[address]?.planned }

    /// Takes a backend in: its first round comes at its place within the next interval.
    package mutating func add(_ address: IPAddress, at now: Instant) {
        guard entries[address] == nil else { return }
        if beginsWithFirst, added == 0 { origin = now }
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
        for (address, entry) in entries.sorted(by: { $0.key < $1.key }) where !entry.isGoingOn {
            entries[address]?.isHastened = false
            entries[address]?.isRetry = false
            book(address, at: nextSlot(entry.place, notBefore: earliestStart(entry, at: now)))
        }
    }

    /// Has a backend's next round started as soon as may be, out of its turn; its turn comes all the same.
    ///
    /// Where that is urgent, the last one may just have been started; a round that is going on may have seen what was before,
    /// and is followed by another one. Otherwise it comes a tenth of the interval, at most a second, after the start of the
    /// last one, or sooner, where `pause` is shorter, with the next of the places within the interval.
    package mutating func hasten(
        _ address: IPAddress, isUrgent: Bool = false, after pause: Duration? = nil, at now: Instant
    ) {
        guard let entry = entries[address], !entry.isGoingOn, !entry.isHastened || isUrgent else {
            if isUrgent { entries[address]?.isUrgent = true }
            return
        }
        entries[address]?.isHastened = true
        guard isUrgent else {
            return book(address, at: outOfTurn(entry, after: min(turnPause, pause ?? turnPause), at: now))
        }
        book(address, at: entry.lastStart.map { max(now, $0 + Self.shortestInterval) } ?? now)
    }

    /// The backends whose rounds start now.
    package mutating func due(at now: Instant) -> [IPAddress] {
        var due: [IPAddress] = []
        while let slot = slots.min, slot.time <= now {
            slots.removeMin()
            guard var entry = entries[slot.address], entry.booking == slot.booking, !entry.isGoingOn else {
                continue
            }
            entry.isGoingOn = true
            entry.lastStart = now
            entry.planned = slot.time
            entries[slot.address] = entry
            due.append(slot.address)
        }
        // Outdated slots must not wake anybody.
        while let slot = slots.min, entries[slot.address]?.booking != slot.booking { slots.removeMin() }
        return due
    }

    /// A backend's round has ended: the next one is booked, at its place, so that a slow backend keeps its distance from the
    /// others.
    ///
    /// With `retry` it comes that long after the start of the last one instead, with the next of the places within the interval,
    /// at least `shortestInterval` later and not before now; the one after that is at the backend's place again. Where `isPaced`, a round out of its turn costs the turn that
    /// comes within an interval of it.
    package mutating func roundEnded(
        _ address: IPAddress, retry: Duration? = nil, isPaced: Bool = false, at now: Instant
    ) {
        guard let place = entries.index(forKey: address) else { return }
        let entry = entries.values[place]
        guard entry.isGoingOn else { return }
        entries.values[place].roundEnded(isRetried: retry != nil)
        if let retry {
            // What has broken during the round does not wait for a long one.
            let pause = entry.isUrgent && !isPaced ? min(retry, turnPause) : retry
            return book(address, at: outOfTurn(entry, after: pause, at: now))
        }
        if entry.isUrgent, !isPaced { return hasten(address, isUrgent: true, at: now) }
        let earliest = earliestStart(entry, isPaced: isPaced, at: now)
        guard interval >= Self.shortestInterval, let lastStart = entry.lastStart else {
            return book(address, at: earliest)
        }
        // A round that took longer than the interval is followed by the one whose place it has missed.
        let isOverdue = !entry.isHastened && now >= lastStart + interval
        book(address, at: isOverdue ? now : nextSlot(entry.place, notBefore: earliest))
    }

    /// Between the start of a round and that of another one that is out of its turn.
    private var turnPause: Duration { min(.seconds(1), interval / 10) }

    /// A start that came late, or at the place of another interval, must not be followed by a hasty one; one out of its turn
    /// takes no other's place.
    private func earliestStart(_ entry: Entry, isPaced: Bool = false, at now: Instant) -> Instant {
        guard let lastStart = entry.lastStart else { return now }
        let pause =
            isPaced && (entry.isHastened || entry.isRetry) ? interval : entry.isHastened ? .zero : interval / 2
        return max(now, lastStart + max(Self.shortestInterval, pause))
    }

    /// The first place of others that is so long after the start of a backend's last round: who wakes for one starts all of that
    /// moment, and where thousands are tried again, those that are healthy are seen in the same one.
    private func outOfTurn(_ entry: Entry, after pause: Duration, at now: Instant) -> Instant {
        var time = now
        if let begun = entry.begun, let lastStart = entry.lastStart {
            time = max(now, begun + pause, lastStart + Self.shortestInterval)
        }
        guard interval >= Self.shortestInterval, time > origin else { return time }
        let past = (time - origin).nanoseconds % interval.nanoseconds
        let missing = (Self.grain.nanoseconds - past % Self.grain.nanoseconds) % Self.grain.nanoseconds
        // The places begin anew with each interval, which may be no multiple of their distance.
        return time + .nanoseconds(min(missing, interval.nanoseconds - past))
    }

    private mutating func book(_ address: IPAddress, at time: Instant) {
        guard let place = entries.index(forKey: address) else { return }
        // Never the same twice: a backend that comes back must not be taken for what it was.
        bookings += 1
        entries.values[place].booking = bookings
        entries.values[place].bookedFor = time
        slots.insert(Slot(time: time, address: address, booking: bookings))
    }

    /// The first moment of the backend's place in any interval that is not before `time`.
    private func nextSlot(_ place: Double, notBefore time: Instant) -> Instant {
        let period = max(interval, Self.shortestInterval).nanoseconds
        let exact = Int64(place * Double(period))
        let offset = exact - exact % Self.grain.nanoseconds
        let elapsed = max(0, (time - origin).nanoseconds)
        let rounds = elapsed <= offset ? 0 : (elapsed - offset + period - 1) / period
        return origin + .nanoseconds(rounds * period + offset)
    }
}
