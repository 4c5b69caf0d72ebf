internal import Site

/// What is known of one backend: what is listed, what is wanted, and what is under way.
struct HostRecord: Sendable {
    /// A HOST-DOWN or HOST-UP, until a list has shown what became of it.
    private enum Command {
        case none
        /// The reply is awaited.
        case outstanding(DirectorCommand.Verb, sentAt: Instant)
        /// The reply has come: a list that is begun after it decides.
        case answered(DirectorCommand.Verb, CommandReply, sentAt: Instant, at: Instant)
        /// Given up: the director may hold it still, and run it later.
        case held(DirectorCommand.Verb, sentAt: Instant, until: Instant)
    }

    private(set) var host: Host
    /// The state that health asks for; nil when it cannot say.
    var wanted: HostState?
    /// Since when its users are being moved away; nil when they are not.
    var move: Instant?
    /// What is to be told of a finished move, once a list shows how many users are left.
    private var finishedMove: (at: Instant, took: Duration)?
    /// No command before this: a former one had no effect.
    private(set) var notBefore = Instant.origin
    /// No moving of users before this: a former one may still be going on in the director.
    private var noMoveBefore = Instant.origin
    private var command = Command.none
    private var attempts = 0
    /// The state that was last told; while a command is under way, the listed one is not yet news.
    private var toldState: HostState?

    init(_ host: Host) {
        self.host = host
        self.toldState = host.state
    }

    /// Whether the switch is not where it should be. The weight 0 is an administrator's word: hands off.
    var needsCommand: Bool {
        guard let wanted, let state = host.state else { return false }
        return wanted != state && !host.isInMaintenance
    }

    /// Whether a command for it is out whose effect is not known.
    var isBusy: Bool {
        if case .none = command { return move != nil }
        return true
    }

    /// Whether moving its users away makes sense: it is down, and to stay so.
    var shouldMoveUsers: Bool { host.state == .down && wanted != .up && !host.isInMaintenance }

    /// When its users may be moved away, as far as former commands for it are concerned.
    var moveNotBefore: Instant { max(notBefore, noMoveBefore) }

    /// Whether a list has to be read to learn what a reply was worth.
    var awaitsConfirmation: Bool {
        if case .answered = command { return true }
        return false
    }

    /// HOST-RESET-USERS has ended.
    mutating func moveEnded(_ reply: CommandReply, at now: Instant, _ manners: Reconciliation.Manners) {
        if let move, reply == .ok { finishedMove = (at: now, took: now - move) }
        move = nil
        if case .notSent = reply { delayNext(after: now, manners) }
        // The director goes on with the moves that it has begun, also when nobody listens any more.
        if reply == .abandoned { noMoveBefore = now + manners.abandonedHold }
    }

    mutating func commandSent(_ verb: DirectorCommand.Verb, at now: Instant) {
        command = .outstanding(verb, sentAt: now)
    }

    /// The director lists it again, while something of before is still under way.
    mutating func returned(as row: Host) {
        host = row
        toldState = row.state
        wanted = nil
    }

    /// Whether something may still be under way in the director, when it did not list the backend at `readAt`.
    func isUnsettled(readAt: Instant, at now: Instant) -> Bool {
        switch command {
        case .none: move != nil
        case .outstanding: true
        case .answered(_, _, _, let at): readAt < at
        case .held(_, _, let until): now < until
        }
    }

    mutating func commandEnded(_ reply: CommandReply, at now: Instant, _ manners: Reconciliation.Manners) {
        guard case .outstanding(let verb, let sentAt) = command else { return }
        switch reply {
        case .notSent:
            command = .none
            delayNext(after: now, manners)
        case .abandoned: command = .held(verb, sentAt: sentAt, until: now + manners.abandonedHold)
        default: command = .answered(verb, reply, sentAt: sentAt, at: now)
        }
    }

    /// Takes over a row of a list that was begun at `readAt`; gives what is to be told.
    mutating func listed(
        _ row: Host, readAt: Instant, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [DirectorEvent] {
        var events: [DirectorEvent] = []
        if row.isInMaintenance != host.isInMaintenance { events.append(.maintenanceChanged(row)) }
        host = row
        if let (at, took) = finishedMove, readAt >= at {
            finishedMove = nil
            events.append(.usersMoved(row, took: took))
        }
        switch command {
        case .outstanding: break
        case .answered(_, _, _, let at) where readAt < at: break
        case .answered(let verb, let reply, let sentAt, _):
            events += settle(verb, reply, sentAt: sentAt, at: now, manners)
        case .held(let verb, let sentAt, let until) where now >= until:
            if row.state != verb.state || row.state != toldState {
                events += settle(verb, .abandoned, sentAt: sentAt, at: now, manners)
            } else {
                command = .none
            }
        case .held(let verb, let sentAt, _):
            // It is told at once, and still not over: the state may be another monitor's work, and the command still to come.
            guard row.state == verb.state, row.state != toldState else { break }
            toldState = row.state
            events.append(.stateChanged(row, .command(.abandoned, took: now - sentAt)))
        case .none:
            if row.state != toldState {
                toldState = row.state
                events.append(.stateChanged(row, .foreign))
                // Others may know better by now: only what is wished from here on puts it up again.
                if row.state == .down, wanted == .up { wanted = nil }
            }
        }
        return events
    }

    private mutating func settle(
        _ verb: DirectorCommand.Verb, _ reply: CommandReply, sentAt: Instant, at now: Instant,
        _ manners: Reconciliation.Manners
    ) -> [DirectorEvent] {
        command = .none
        guard host.state == verb.state else {
            delayNext(after: now, manners)
            return [.commandWithoutEffect(host, verb, reply)]
        }
        attempts = 0
        toldState = host.state
        return [.stateChanged(host, .command(reply, took: now - sentAt))]
    }

    /// Waits longer after each attempt without effect, up to the interval: the director is not to be hammered.
    private mutating func delayNext(after now: Instant, _ manners: Reconciliation.Manners) {
        attempts = min(attempts + 1, 60)
        notBefore = now + min(manners.retry * attempts, max(manners.interval, manners.retry))
    }
}

extension DirectorCommand.Verb {
    /// The state that the command asks for; nil where it is about something else.
    var state: HostState? {
        switch self {
        case .hostDown: .down
        case .hostUp: .up
        case .hostResetUsers: nil
        }
    }
}
