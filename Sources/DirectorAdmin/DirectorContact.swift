internal import Site

/// When the director is read, and how far what was read can be trusted.
struct DirectorContact: Sendable {
    private(set) var ring: RingState?
    /// Why the last list failed; nil when it did not.
    private(set) var failure: DirectorFailure?
    /// When the latest good list was begun: it shows what was settled by then.
    private(set) var readAt: Instant?
    /// When it had come in.
    private var endedAt: Instant?
    /// When the latest list was begun, good or not.
    private var startedAt: Instant?
    private var inFlight = false
    /// Whether the list that is under way may show what was true long ago.
    private var isPast = false
    private var heardOnce = false
    /// While a list has failed, and none has come in since.
    private var away = Trouble(since: .origin)
    /// While the ring is not synced.
    private var unsynced: Trouble?
    private var toldUnreadable: Set<String> = []

    private struct Trouble: Sendable {
        let since: Instant
        /// When it was last told.
        var toldAt: Instant

        init(since: Instant) {
            self.since = since
            toldAt = since
        }
    }

    /// Nobody was asked yet.
    init() {}

    /// Another director is asked from now on. That there is none is told until it answers, as people were told of it.
    init(after former: DirectorContact) {
        failure = former.failure
        away = former.away
    }

    /// When to read next; `waiting` is since when a command has been waiting for a list to rest on. Where others wait for
    /// what is to be confirmed, one list confirms many.
    func nextList(
        _ manners: Reconciliation.Manners, mustConfirm: Bool, othersWait: Bool, waiting: Instant?
    ) -> Instant {
        if inFlight { return .distantFuture }
        guard let startedAt else { return .origin }
        let regular = startedAt + manners.interval
        // Nothing presses on a director that does not answer, and nobody wants to be blind for a long interval.
        if failure != nil { return min(regular, startedAt + manners.listRetry) }
        // What it lists now decides nothing, however often it is read.
        if ring == .handshaking { return min(regular, startedAt + manners.retry) }
        if mustConfirm { return othersWait ? min(regular, startedAt + manners.confirmation) : .origin }
        guard let waiting else { return regular }
        if ring == .syncing { return min(regular, max(waiting, startedAt + manners.retry)) }
        return min(regular, max(waiting, freshUntil(manners)))
    }

    /// Whether the latest list is of a ring that agrees.
    var isSettled: Bool { heardOnce && (ring == nil || ring == .synced) }

    /// Whether commands may go out now.
    func permitsCommands(at now: Instant, _ manners: Reconciliation.Manners) -> Bool {
        failure == nil && (ring == nil || ring == .synced) && endedAt != nil && now <= freshUntil(manners)
    }

    /// When to remind that the director is away, or else that its ring is not synced.
    func nextReminder(_ manners: Reconciliation.Manners) -> Instant {
        (failure == nil ? unsynced : away).map { $0.toldAt + manners.reminder } ?? .distantFuture
    }

    mutating func listStarted(at now: Instant) {
        inFlight = true
        isPast = false
        startedAt = now
    }

    /// A list has come in; gives what is to be told of it.
    mutating func listEnded(_ listing: Listing, at now: Instant) -> [DirectorEvent] {
        var events: [DirectorEvent] = []
        inFlight = false
        if failure != nil {
            failure = nil
            events.append(.back(after: now - away.since))
        }
        if listing.ring != ring || !heardOnce { events.append(.ringChanged(listing.ring)) }
        ring = listing.ring
        heardOnce = true
        let isUnsynced = ring == .syncing || ring == .handshaking
        unsynced = isUnsynced ? unsynced ?? Trouble(since: now) : nil
        if ring != .handshaking {
            readAt = startedAt
            endedAt = isPast ? nil : now
        }
        for line in listing.unreadable where toldUnreadable.count < 100 && toldUnreadable.insert(line).inserted {
            events.append(.rowUnreadable(line))
        }
        return events
    }

    /// What was read was true long ago, and so may be what lies unread in the socket.
    mutating func listIsPast() {
        endedAt = nil
        isPast = inFlight
    }

    /// A list could not be read; gives what is to be told of it.
    mutating func listFailed(_ newFailure: DirectorFailure, at now: Instant) -> [DirectorEvent] {
        inFlight = false
        defer { failure = newFailure }
        guard failure == nil else { return [] }
        away = Trouble(since: now)
        return [.lost(newFailure)]
    }

    /// The reminder, if it is due.
    mutating func remind(at now: Instant, _ manners: Reconciliation.Manners) -> [DirectorEvent] {
        guard now >= nextReminder(manners) else { return [] }
        if let failure {
            away.toldAt = now
            return [.stillAway(failure, for: now - away.since)]
        }
        guard let ring, let unsynced else { return [] }
        self.unsynced?.toldAt = now
        return [.stillNotSynced(ring, for: now - unsynced.since)]
    }

    private func freshUntil(_ manners: Reconciliation.Manners) -> Instant { (endedAt ?? .origin) + manners.freshness }
}
