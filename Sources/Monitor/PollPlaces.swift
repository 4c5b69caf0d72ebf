internal import DequeModule
internal import Probes
internal import Site

/// Which polls may be under way: no more than the process has descriptors for, the others in their turn.
///
/// Polls of backends whose last poll failed have at most half of the places: those may be silent, and take all of their time.
/// Only so many start in one turn; the next turn begins when those that are under way have been seen to. Where there is too
/// little time for all, polls come late then, instead of running out of their own time together.
/// Pure: it is told what is to be polled and what has ended, and says what to start.
struct PollPlaces: Sendable {
    /// A poll, and what it needs to start.
    struct Poll: Sendable {
        let id: MonitorMachine.PollID
        let plan: PollPlan
        /// How long it may take; it runs from the start, and not while the poll waits.
        let time: Duration
        /// When it was to be started by the schedule; nil for one that follows another.
        let planned: Instant?
        /// Since when it waits.
        fileprivate let since: Instant
        /// The polls in the order in which they came.
        fileprivate let number: Int
        /// Whether its backend's last poll had failed.
        fileprivate let isDoubtful: Bool
    }

    /// Waits up to this are nothing to tell of.
    private static let patience = Duration.seconds(1)
    private static let reminder = Duration.seconds(300)
    /// So many polls start in one turn: three times what a site of 10,000 has in one of the schedule's moments.
    static let startsOfTurn = 32

    private var limit: Int
    private var startedInTurn = 0
    private var waiting: Deque<Poll> = []
    private var waitingDoubtful: Deque<Poll> = []
    private var open = 0
    private var openDoubtful = 0
    /// For how much longer the latest poll of a backend that failed has had the only place than others since.
    private var debt = Duration.zero
    private var count = 0
    /// The services of each backend whose last poll failed.
    private var failing: [IPAddress: Set<Service>] = [:]
    private var told: [PollsWaiting.Lack: Instant] = [:]

    /// So many places, at least one.
    init(_ limit: Int) { self.limit = max(1, limit) }

    /// Puts another number of places in force; polls beyond it end in peace.
    mutating func change(to limit: Int) { self.limit = max(1, limit) }

    /// Puts a poll behind those that wait.
    mutating func add(
        _ id: MonitorMachine.PollID, _ plan: PollPlan, within time: Duration, planned: Instant? = nil, at now: Instant
    ) {
        count += 1
        let isDoubtful = failing[id.address] != nil
        let poll = Poll(
            id: id, plan: plan, time: time, planned: planned, since: now, number: count, isDoubtful: isDoubtful)
        if isDoubtful { waitingDoubtful.append(poll) } else { waiting.append(poll) }
    }

    /// Takes the next poll that is to start now; nil when there is none, or no place for it.
    mutating func start() -> Poll? {
        guard startedInTurn < Self.startsOfTurn, let isDoubtful = isNextDoubtful else { return nil }
        startedInTurn += 1
        open += 1
        guard isDoubtful else { return waiting.popFirst() }
        openDoubtful += 1
        return waitingDoubtful.popFirst()
    }

    /// Whether a poll would start now if another turn had begun.
    var waitsForTurn: Bool { startedInTurn >= Self.startsOfTurn && isNextDoubtful != nil }

    /// What was under way has been seen to.
    mutating func beginTurn() { startedInTurn = 0 }

    /// Whether the next poll for which there is a place is one of a backend that failed; nil where there is none.
    private var isNextDoubtful: Bool? {
        guard open < limit else { return nil }
        let doubtful = hasRoomForDoubtful ? waitingDoubtful.first?.number : nil
        guard let first = waiting.first?.number else { return doubtful == nil ? nil : true }
        return doubtful.map { $0 < first } ?? false
    }

    /// Half of one place is half of its time.
    private var hasRoomForDoubtful: Bool {
        limit > 1 ? openDoubtful < limit / 2 : waiting.isEmpty || debt <= .zero
    }

    /// A poll that was taken was not made, for nobody waits for it any more.
    mutating func passedOver(_ poll: Poll) {
        startedInTurn = max(0, startedInTurn - 1)
        free(poll)
    }

    private mutating func free(_ poll: Poll) {
        open -= 1
        if poll.isDoubtful { openDoubtful -= 1 }
    }

    /// A poll has ended, and its place is free. What says nothing of the backend changes nothing.
    mutating func ended(_ poll: Poll, _ report: PollReport) {
        free(poll)
        // Not the sum of them all: what was had while nobody waited is owed to nobody.
        debt = poll.isDoubtful ? report.duration : max(.zero, debt - report.duration)
        switch report.failure?.meaning {
        case .nothing: break
        case .fault: failing[poll.id.address, default: []].insert(poll.id.service)
        case .warning, nil:
            failing[poll.id.address]?.remove(poll.id.service)
            if failing[poll.id.address]?.isEmpty == true { failing[poll.id.address] = nil }
        }
    }

    /// Forgets which backends failed: other services may be polled from now on.
    mutating func forgetFailures() { failing = [:] }

    /// Forgets whether a backend failed: it is not listed any more.
    mutating func forget(_ address: IPAddress) { failing[address] = nil }

    /// Since when the poll waits that has been waiting longest; nil where none does.
    var waitingSince: Instant? { waitingLongest?.since }

    private var waitingLongest: Poll? {
        guard let first = waiting.first, let doubtful = waitingDoubtful.first else {
            return waiting.first ?? waitingDoubtful.first
        }
        return doubtful.since < first.since ? doubtful : first
    }

    /// Something to tell when polls have to wait long: once, and then every five minutes.
    mutating func notice(at now: Instant) -> PollsWaiting? {
        guard let longest = waitingLongest, now - longest.since > Self.patience else { return nil }
        let hasPlace = open < limit && (!longest.isDoubtful || hasRoomForDoubtful)
        let lack: PollsWaiting.Lack = hasPlace ? .time : .places(limit)
        guard told[lack].map({ now - $0 >= Self.reminder }) ?? true else { return nil }
        told[lack] = now
        return PollsWaiting(
            count: waiting.count + waitingDoubtful.count, doubtful: waitingDoubtful.count, longest: now - longest.since,
            lack: lack)
    }
}

/// Polls have to wait.
package struct PollsWaiting: Hashable, Sendable {
    /// What they wait for.
    package enum Lack: Hashable, Sendable {
        /// That others end: so many can be under way.
        case places(Int)
        /// That this process has seen to those that are under way.
        case time
    }

    /// So many wait.
    package let count: Int
    /// So many of these are of backends whose last poll failed.
    package let doubtful: Int
    /// So long has the first of them waited.
    package let longest: Duration
    /// What for.
    package let lack: Lack
}
