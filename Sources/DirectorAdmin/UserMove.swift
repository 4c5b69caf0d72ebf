internal import Site

/// The moving away of one backend's users, which this monitor owes after a down of its own: until a reply says that it is
/// done, or a list shows that nobody is left.
struct UserMove: Sendable {
    private enum State {
        /// Nothing is to be moved.
        case settled
        /// It is to be done.
        case owed
        /// HOST-RESET-USERS is out.
        case underWay(Command)
        /// Its reply was lost: a list that is begun after this shows whether anybody is left.
        case doubtful(since: Instant)
    }

    private struct Command {
        let since: Instant
        /// Whether it is still owed, and may have to be done again.
        var isOwed = true
        /// Whether its connection was closed because it was not wanted for the moment.
        var isGivenUp = false
    }

    private var state = State.settled
    /// What is to be told of a finished move, once a list shows how many users are left.
    private var finished: (at: Instant, took: Duration)?
    /// Not again before this is over.
    private(set) var pause = Pause()

    /// Whether HOST-RESET-USERS is out.
    var isUnderWay: Bool {
        if case .underWay = state { return true }
        return false
    }

    /// Whether it is to be done, and nothing has to be waited for.
    var isDue: Bool {
        if case .owed = state { return true }
        return false
    }

    /// Whether a list is to show what became of it.
    var awaitsList: Bool {
        if case .doubtful = state { return true }
        return finished != nil
    }

    /// This monitor has taken the backend down.
    mutating func owed() { become(.owed) }

    /// There is nothing to move any more, or others have changed the backend since: its users are theirs.
    mutating func settled() {
        pause.over()
        become(.settled)
    }

    private mutating func become(_ next: State) {
        guard case .underWay(var command) = state else { return state = next }
        if case .owed = next { command.isOwed = true } else { command.isOwed = false }
        state = .underWay(command)
    }

    mutating func started(at now: Instant) { state = .underWay(Command(since: now)) }

    mutating func givenUp() {
        guard case .underWay(var command) = state else { return }
        command.isGivenUp = true
        state = .underWay(command)
    }

    /// HOST-RESET-USERS has ended; gives what is to be told. Where moves may be unknown, to close the connection is an answer.
    mutating func ended(
        _ reply: CommandReply, _ host: Host, _ support: MoveSupport, at now: Instant, _ manners: Reconciliation.Manners
    ) -> DirectorEvent? {
        guard case .underWay(let command) = state else { return nil }
        // The director goes on with the moves that it has begun, also when nobody listens any more.
        if reply == .abandoned { pause.hold(at: now, manners) }
        var next = State.settled
        var event: DirectorEvent?
        switch reply {
        case .ok: finished = (at: now, took: now - command.since)
        case .notSent:
            next = .owed
            pause.grow(at: now, manners)
        case .abandoned where command.isGivenUp:
            next = .owed
            event = .moveGivenUp(host)
        case .closed, .abandoned:
            if support > .unlikely { next = .doubtful(since: now) }
            event = support == .proven ? .moveFailed(host, reply) : .moveUnknown(host)
        case .ringSyncTimedOut, .tryAgainLater:
            next = .doubtful(since: now)
            event = .moveFailed(host, reply)
        case .notFound, .other: event = .moveFailed(host, reply)
        }
        state = command.isOwed ? next : .settled
        return event
    }

    /// A command that should have moved the users has not.
    mutating func hadNoEffect(at now: Instant, _ manners: Reconciliation.Manners) { pause.grow(at: now, manners) }

    /// Takes in a row of a list that was begun at `readAt`; gives what is to be told.
    mutating func listed(
        _ row: Host, readAt: Instant, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [DirectorEvent] {
        if case .doubtful(let since) = state, readAt >= since {
            state = row.users > 0 ? .owed : .settled
            if row.users > 0 { pause.grow(at: now, manners) }
        }
        guard let (at, took) = finished, readAt >= at else { return [] }
        finished = nil
        return [.usersMoved(row, took: took)]
    }
}

/// Whether the director knows HOST-RESET-USERS.
enum MoveSupport: Comparable, Sendable {
    /// It does not know DIRECTOR-LIST, which is about as old.
    case unlikely
    /// It knows DIRECTOR-LIST.
    case likely
    /// It has answered one with OK: to close the connection is no sign of age then.
    case proven
}
