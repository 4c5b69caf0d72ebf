internal import OrderedCollections
package import Site

/// Brings the director's switches to the wanted states: wanted against listed, and the difference are the commands.
///
/// A pure machine: `(now, event) → [action]`. Nothing is remembered as done. A reply settles nothing, it only says when to
/// look again; what a list shows that was begun after the reply is the truth. A command goes out only on a list at most
/// `freshness` old that shows that it is needed, and that the ring is synced.
package struct Reconciliation: Sendable {
    /// What the driver has to do.
    package enum Action: Hashable, Sendable {
        /// Read DIRECTOR-LIST and HOST-LIST; answer with `listed` or `listFailed`.
        case list
        /// Send the command on a connection of its own; answer with `replied`.
        case send(CommandID, DirectorCommand)
        /// Close the connection of a command; it is answered with `replied` all the same.
        case abandon(CommandID)
        /// Tell what happened.
        case report(DirectorEvent)
    }

    /// Names a command while it is under way.
    package typealias CommandID = Int

    /// How the director is handled.
    package struct Manners: Sendable {
        /// Between the starts of two lists when nothing presses.
        package let interval: Duration
        /// How old a list may be for a command to rest on it.
        package var freshness = Duration.seconds(1)
        /// A command waits up to 30 s for the ring before it runs, and as long again for its reply.
        package var patience = Duration.seconds(65)
        /// How long a command that was given up counts as still held in the director.
        package var abandonedHold = Duration.seconds(60)
        /// Connections with commands at once.
        package var connections = 8
        /// Of these, how many at once may move users: that can take many minutes, and a HOST-DOWN must not wait for it.
        package var moves = 4
        /// Before a command is repeated that had no effect, and before another look at a ring that is not synced.
        package var retry = Duration.seconds(1)
        /// Between reminders that the director is away.
        package var reminder = Duration.seconds(300)

        /// Manners with a list every `interval`, at least 100 ms.
        package init(interval: Duration) { self.interval = max(interval, .milliseconds(100)) }
    }

    private struct Outstanding {
        let address: IPAddress
        let command: DirectorCommand
        let sentAt: Instant
        var isAbandoned = false

        var movesUsers: Bool { command.verb == .hostResetUsers }
    }

    /// How the director is handled; may change at any time.
    package var manners: Manners
    private var hosts: OrderedDictionary<IPAddress, HostRecord> = [:]
    /// Backends that are not listed any more, with something under way: when they come back, that still counts.
    private var departed: [IPAddress: HostRecord] = [:]
    /// The hosts whose switch is not where it should be, the oldest wish first.
    private var pending: OrderedSet<IPAddress> = []
    /// The hosts whose users are still to be moved away, the oldest first.
    private var moves: OrderedSet<IPAddress> = []
    /// The hosts with a command whose reply has come, and whose effect a list has to show.
    private var unconfirmed: Set<IPAddress> = []
    private var commands: OrderedDictionary<CommandID, Outstanding> = [:]
    private var lastCommandID = 0
    private var contact = DirectorContact()
    /// Whether the director has ever answered HOST-RESET-USERS: its silence is then no sign of age.
    private var knowsMoves = false
    private var toldMoveUnknown = false

    /// A machine that lists for the first time as soon as it is woken.
    package init(manners: Manners) { self.manners = manners }

    /// The backends as last listed, in the order in which they first were.
    package var listedHosts: [Host] { hosts.values.map(\.host) }
}

// MARK: - What happens

extension Reconciliation {
    /// When `woke` is to be called, unless something else happens before.
    package var nextWake: Instant {
        var next = min(nextList, contact.nextReminder(manners))
        for command in commands.values { next = min(next, givenUp(command)) }
        return next
    }

    /// Time has passed.
    package mutating func woke(at now: Instant) -> [Action] {
        var actions = contact.remind(at: now, manners).map(Action.report)
        for (id, command) in commands where now >= givenUp(command) {
            commands[id]?.isAbandoned = true
            actions.append(.abandon(id))
        }
        return actions + proceed(at: now)
    }

    /// A backend's health says which state it should have; nil when nothing can be said.
    package mutating func wanted(_ state: HostState?, for address: IPAddress, at now: Instant) -> [Action] {
        guard let record = hosts[address], record.wanted != state else { return [] }
        hosts[address]?.wanted = state
        review(address)
        return proceed(at: now)
    }

    /// The director has been read.
    package mutating func listed(_ listing: Listing, at now: Instant) -> [Action] {
        var actions = contact.listEnded(listing, at: now).map(Action.report)
        // A director that is new in its ring lists what it was configured with, not what is.
        if listing.ring != .handshaking, let readAt = contact.readAt {
            actions += take(listing, readAt: readAt, at: now).map(Action.report)
        }
        return actions + proceed(at: now)
    }

    /// The director could not be read.
    package mutating func listFailed(_ failure: DirectorFailure, at now: Instant) -> [Action] {
        contact.listFailed(failure, at: now).map(Action.report) + proceed(at: now)
    }

    /// A command's connection has ended.
    package mutating func replied(_ id: CommandID, _ reply: CommandReply, at now: Instant) -> [Action] {
        guard let outstanding = commands.removeValue(forKey: id) else { return [] }
        var events: [DirectorEvent] = []
        if outstanding.movesUsers {
            events = moveEnded(outstanding, reply, at: now)
        } else {
            hosts[outstanding.address]?.commandEnded(reply, at: now, manners)
            departed[outstanding.address]?.commandEnded(reply, at: now, manners)
        }
        review(outstanding.address)
        return events.map(Action.report) + proceed(at: now)
    }
}

// MARK: - What follows

extension Reconciliation {
    /// Takes over what the director lists; gives what is to be told.
    private mutating func take(_ listing: Listing, readAt: Instant, at now: Instant) -> [DirectorEvent] {
        var events: [DirectorEvent] = []
        var seen: Set<IPAddress> = []
        for row in listing.hosts where seen.insert(row.address).inserted {
            if let news = hosts[row.address]?.listed(row, readAt: readAt, at: now, manners) {
                events += news
                if news.contains(where: \.isDownByCommand) { moves.append(row.address) }
            } else {
                var record = departed.removeValue(forKey: row.address) ?? HostRecord(row)
                record.returned(as: row)
                hosts[row.address] = record
                events.append(.hostAppeared(row))
            }
            review(row.address)
        }
        // A line that cannot be read may be the row that seems to be missing.
        let gone = listing.unreadable.isEmpty ? hosts.filter { !seen.contains($0.key) } : [:]
        // All at once: one by one, each would move all that are behind it.
        if !gone.isEmpty { hosts.removeAll { gone.keys.contains($0.key) } }
        for (address, record) in gone {
            departed[address] = record
            review(address)
            events.append(.hostDisappeared(record.host))
        }
        departed = departed.filter { $0.value.isUnsettled(readAt: readAt, at: now) }
        return events
    }

    private mutating func moveEnded(_ move: Outstanding, _ reply: CommandReply, at now: Instant) -> [DirectorEvent] {
        departed[move.address]?.moveEnded(reply, at: now, manners)
        guard let host = hosts[move.address]?.host else { return [] }
        hosts[move.address]?.moveEnded(reply, at: now, manners)
        if reply == .ok { knowsMoves = true }
        switch reply {
        case .ok: return []
        case .abandoned where hosts[move.address]?.shouldMoveUsers != true: return [.moveGivenUp(host)]
        case .notSent:
            moves.append(move.address)
            return []
        case .closed where knowsMoves, .abandoned where knowsMoves: return [.moveFailed(host, reply)]
        case .closed, .abandoned:
            defer { toldMoveUnknown = true }
            return toldMoveUnknown ? [] : [.moveUnknown(host)]
        case .notFound, .tryAgainLater, .ringSyncTimedOut, .other: return [.moveFailed(host, reply)]
        }
    }

    /// Sorts a host into those that need something, or out of them.
    private mutating func review(_ address: IPAddress) {
        let record = hosts[address]
        if record?.needsCommand == true { pending.append(address) } else { pending.remove(address) }
        if record?.awaitsConfirmation == true { unconfirmed.insert(address) } else { unconfirmed.remove(address) }
        if record?.shouldMoveUsers != true { moves.remove(address) }
    }

    /// Since when the first host has been waiting for a list that a command can rest on; nil when none is.
    private var waiting: Instant? {
        guard commands.count < manners.connections else { return nil }
        let toSwitch = firstReady(pending, \.notBefore)
        let toMove = mayMoveMore ? firstReady(moves, \.moveNotBefore) : nil
        guard let toSwitch, let toMove else { return toSwitch ?? toMove }
        return min(toSwitch, toMove)
    }

    /// When the first of these hosts may have a command.
    private func firstReady(
        _ addresses: OrderedSet<IPAddress>, _ notBefore: KeyPath<HostRecord, Instant>
    ) -> Instant? {
        var earliest: Instant?
        for address in addresses {
            guard let record = hosts[address], !record.isBusy else { continue }
            earliest = min(earliest ?? .distantFuture, record[keyPath: notBefore])
            // A ring that is out of sync can have thousands wait: most have never been tried.
            if earliest == .origin { break }
        }
        return earliest
    }

    private var mayMoveMore: Bool { commands.values.count(where: \.movesUsers) < manners.moves }

    private var nextList: Instant {
        contact.nextList(manners, mustConfirm: !unconfirmed.isEmpty, waiting: waiting)
    }

    /// Does whatever can be done now: the one place from which anything is sent.
    private mutating func proceed(at now: Instant) -> [Action] {
        var actions = giveUpMoves()
        if contact.permitsCommands(at: now, manners) { actions += sendCommands(at: now) }
        if now >= nextList {
            contact.listStarted(at: now)
            actions.append(.list)
        }
        return actions
    }

    /// When a command is given up for want of an answer. Moving users takes as long as it takes; but a director that does not
    /// know DIRECTOR-LIST will hardly know how to.
    private func givenUp(_ command: Outstanding) -> Instant {
        let takesItsTime = command.movesUsers && contact.ring != nil
        return command.isAbandoned || takesItsTime ? .distantFuture : command.sentAt + manners.patience
    }

    /// Moving users away from a backend that is up again would kick them for nothing.
    private mutating func giveUpMoves() -> [Action] {
        var actions: [Action] = []
        for (id, command) in commands where command.movesUsers && !command.isAbandoned {
            guard hosts[command.address]?.shouldMoveUsers != true else { continue }
            commands[id]?.isAbandoned = true
            actions.append(.abandon(id))
        }
        return actions
    }

    private mutating func sendCommands(at now: Instant) -> [Action] {
        var actions: [Action] = []
        for address in pending {
            guard commands.count < manners.connections else { return actions }
            guard let record = hosts[address], !record.isBusy, now >= record.notBefore else { continue }
            let verb: DirectorCommand.Verb = record.wanted == .down ? .hostDown : .hostUp
            hosts[address]?.commandSent(verb, at: now)
            actions.append(send(DirectorCommand(verb, record.host), address, at: now))
        }
        for address in moves {
            guard commands.count < manners.connections, mayMoveMore else { return actions }
            guard let record = hosts[address], !record.isBusy, now >= record.moveNotBefore else { continue }
            moves.remove(address)
            hosts[address]?.move = now
            actions.append(send(DirectorCommand(.hostResetUsers, record.host), address, at: now))
        }
        return actions
    }

    private mutating func send(_ command: DirectorCommand, _ address: IPAddress, at now: Instant) -> Action {
        lastCommandID += 1
        commands[lastCommandID] = Outstanding(address: address, command: command, sentAt: now)
        return .send(lastCommandID, command)
    }
}

extension DirectorEvent {
    /// Whether this monitor has brought a backend down: its users are then to be moved.
    fileprivate var isDownByCommand: Bool {
        if case .stateChanged(let host, .command) = self { return host.state == .down }
        return false
    }
}
