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
        /// Poll this backend now, out of its turn.
        case poll(IPAddress)
        /// Write down `intents` and `weights`, which are others now; answer with `recorded`, also when it cannot be done.
        case record(RecordID)
        /// Tell what happened.
        case report(DirectorEvent)
    }

    /// Names a command while it is under way.
    package typealias CommandID = Int

    /// Names a state of `intents` and `weights`; later ones are greater.
    package typealias RecordID = Int

    /// How the director is handled; may change at any time, and is in force when next woken.
    package var manners: Manners {
        didSet { table.reviewAll(manners) }
    }
    private(set) var table: HostTable
    private var commands = OutstandingCommands()
    private var contact = DirectorContact()
    /// Whether the director has ever answered HOST-RESET-USERS: its silence is then no sign of age.
    private var knowsMoves = false
    private var toldMoveUnknown = false
    /// The number of changes of what is written down is the number of its record.
    private var lastRecord: RecordID = 0
    /// The backends whose HOST-DOWN or HOST-UPDATE is decided, and the first record that has it.
    private var unrecorded: [IPAddress: RecordID] = [:]

    /// A machine that lists for the first time as soon as it is woken; `restored` is what an earlier run had written down.
    package init(
        manners: Manners, restored: RestoredIntents = RestoredIntents(), weights: [IPAddress: WeightMemory] = [:],
        orders: [IPAddress: MaintenanceOrder] = [:]
    ) {
        self.manners = manners
        table = HostTable(restored: restored, weights: weights, orders: orders)
    }

    /// Another director is asked from now on: what the former one said of the ring is not this one's word.
    /// `isOther` where it is not the same one by another name: whatever was done there may be of another ring, and a list has
    /// to show what of it is known here. Gives what is to be told.
    package mutating func directorChanged(isOther: Bool) -> [Action] {
        contact = DirectorContact(after: contact)
        return isOther ? table.directorChanged(manners).map(Action.report) : []
    }

    /// What another run has written down: a list has to show what of it holds still.
    package mutating func found(
        _ intents: [IPAddress: DownIntent], _ weights: [IPAddress: WeightMemory] = [:]
    ) -> [Action] {
        table.found(intents, weights, manners)
        return record()
    }

    /// The machine was suspended, or this process stopped: no list is fresh any more, nor is the one that is under way,
    /// whatever the clock says.
    package mutating func suspended() { contact.listIsPast() }

    /// The backends as last listed, in the order in which they first were.
    package var listedHosts: [Host] { table.hosts }

    /// A backend as last listed.
    package func host(_ address: IPAddress) -> Host? { table[address]?.host }

    /// The ring's state as last read; nil when it is not known.
    package var ring: RingState? { contact.ring }

    /// Why the last list failed; nil when it did not.
    package var directorFailure: DirectorFailure? { contact.failure }

    /// Whether the pool guard withholds a HOST-DOWN for this backend.
    package func isGuarded(_ address: IPAddress) -> Bool { table.poolGuard.withholds(address) }

    /// How the rule for putting HOST-DOWN off keeps this backend's back; nil when it does not.
    package func downDelay(of address: IPAddress, at now: Instant) -> DownDelay? {
        table.downDelay(of: address, at: now, manners)
    }

    /// The pools in which the pool guard withholds HOST-DOWNs.
    package var withheldPools: [WithheldPool] { table.poolGuard.withheld(manners) }

    /// What is to be written down: the HOST-DOWNs of this monitor that are decided, under way, or in force.
    package var intents: [IPAddress: DownIntent] { table.intents }

    /// What is to be written down of the weights that this monitor has changed.
    package var weights: [IPAddress: WeightMemory] { table.weights }

    /// Whether a HOST-DOWN of this monitor may still take a backend down.
    package func mayGoDown(_ address: IPAddress) -> Bool { table.ask(address, \.mayGoDown) == true }

    /// Whether a backend is listed as down, and it was this monitor that took it down.
    package func isOwnDown(_ address: IPAddress) -> Bool {
        if case .own = table.ask(address, \.ownership) { return true }
        return false
    }
}

// MARK: - What happens

extension Reconciliation {
    /// When `woke` is to be called, unless something else happens before.
    package var nextWake: Instant {
        let delayed = manners.delayedDown.map(table.delayed.nextReady) ?? .distantFuture
        let overdue = commands.nextDeadline(manners, support)
        let reminders = min(contact.nextReminder(manners), table.poolGuard.nextTelling)
        return min(min(nextList, reminders), min(delayed, overdue), table.nextStep)
    }

    /// Time has passed.
    package mutating func woke(at now: Instant) -> [Action] {
        let reminders = contact.remind(at: now, manners).map(Action.report)
        let overdue = commands.abandonOverdue(at: now, manners, support)
        return reminders + overdue.map(Action.abandon) + proceed(at: now)
    }

    /// A backend's health says which state it should have; nil when nothing can be said.
    package mutating func wanted(_ state: HostState?, for address: IPAddress, at now: Instant) -> [Action] {
        polled(table[address]?.evidence ?? PollEvidence(), wanted: state, for: address, at: now)
    }

    /// The same, with what the polls show.
    package mutating func polled(
        _ evidence: PollEvidence, wanted state: HostState?, for address: IPAddress, at now: Instant
    ) -> [Action] {
        var isNew = false
        let beginsToFail =
            evidence.failing != nil && state != .down && (table.ask(address) { $0.evidence.failing == nil } ?? true)
        let isSettled = contact.isSettled
        table.update(address, manners) {
            $0.evidence = evidence
            isNew = $0.want(state, isSettled: isSettled, at: now, manners)
        }
        let witnesses = beginsToFail ? table.witnesses(for: address, at: now, manners) : []
        let isNews = isNew || table.poolGuard.awaitsNews(of: address)
        return witnesses.map(Action.poll) + (isNews ? proceed(at: now) : [])
    }

    /// Many backends are judged anew, as the rules are others now.
    package mutating func judged(_ judgements: [Judgement], at now: Instant) -> [Action] {
        let isSettled = contact.isSettled
        for judgement in judgements {
            table.update(judgement.address, manners) {
                $0.evidence = judgement.evidence
                _ = $0.want(judgement.wanted, isSettled: isSettled, at: now, manners)
            }
        }
        table.judgedAnew(at: now, manners)
        return proceed(at: now)
    }

    /// A backend's polls have been started.
    package mutating func pollsStarted(_ address: IPAddress, at now: Instant) -> [Action] {
        table.pollsStarted(address, at: now, manners).map(Action.poll)
    }

    /// A person orders something for a backend, listed or not.
    package mutating func ordered(_ order: MaintenanceOrder, for address: IPAddress, at now: Instant) -> [Action] {
        table.ordered(order, for: address, manners)
        return proceed(at: now)
    }

    /// This record and all before it are written down, or could not be.
    package mutating func recorded(_ record: RecordID, at now: Instant) -> [Action] {
        // In a settled order: the same events give the same actions.
        for (address, needed) in unrecorded.sorted(by: { $0.key < $1.key }) where needed <= record {
            unrecorded[address] = nil
            table.update(address, manners) { $0.recorded() }
        }
        return proceed(at: now)
    }

    /// The director has been read.
    package mutating func listed(_ listing: Listing, at now: Instant) -> [Action] {
        var actions = contact.listEnded(listing, at: now).map(Action.report)
        // A director that is new in its ring lists what it was configured with, not what is.
        if listing.ring != .handshaking, let readAt = contact.readAt {
            actions += table.take(listing, readAt: readAt, at: now, manners).map(Action.report)
        }
        return actions + proceed(at: now)
    }

    /// Nothing more is to be known of these backends, which are not listed.
    package mutating func forget(_ addresses: [IPAddress]) -> [Action] {
        table.forget(addresses, manners)
        return record()
    }

    /// The director could not be read.
    package mutating func listFailed(_ failure: DirectorFailure, at now: Instant) -> [Action] {
        contact.listFailed(failure, at: now).map(Action.report) + proceed(at: now)
    }

    /// A command's connection has ended.
    package mutating func replied(_ id: CommandID, _ reply: CommandReply, at now: Instant) -> [Action] {
        guard let entry = commands.ended(id) else { return [] }
        if entry.command.verb == .hostResetUsers, reply == .ok { knowsMoves = true }
        var actions: [Action] = []
        let event = table.commandEnded(
            entry.command.verb, reply, for: entry.address, support, at: now, manners)
        if let event, isNews(event) {
            actions.append(.report(event))
        }
        return actions + proceed(at: now)
    }

    private var support: MoveSupport { knowsMoves ? .proven : contact.ring != nil ? .likely : .unlikely }

    /// That a director may be too old to move users is told once.
    private mutating func isNews(_ event: DirectorEvent) -> Bool {
        guard case .moveUnknown = event else { return true }
        defer { toldMoveUnknown = true }
        return !toldMoveUnknown
    }
}

// MARK: - What follows

extension Reconciliation {
    /// Does whatever can be done now: the one place from which anything is sent.
    private mutating func proceed(at now: Instant) -> [Action] {
        var actions = giveUpMoves()
        actions += table.delaysPassed(at: now, manners).map(Action.report)
        table.stepsAreDue(at: now, manners)
        actions += guardPools(at: now)
        if contact.permitsCommands(at: now, manners) {
            actions += manners.isDryRun ? tellCommands(at: now) : sendCommands(at: now)
        }
        actions += guardPools(at: now) + record()
        if now >= nextList {
            contact.listStarted(at: now)
            actions.append(.list)
        }
        return actions
    }

    /// Looks anew which HOST-DOWNs the pools can spare; also after a sending, which may leave others less.
    private mutating func guardPools(at now: Instant) -> [Action] {
        let guarded = table.guardPools(at: now, manners)
        return guarded.events.map(Action.report) + guarded.polls.map(Action.poll)
    }

    /// Has what must not be forgotten written down when it is other than before.
    private mutating func record() -> [Action] {
        guard manners.recordsDowns, table.memoryChanges > lastRecord else { return [] }
        lastRecord = table.memoryChanges
        unrecorded = unrecorded.filter { table.decided.contains($0.key) }
        for address in table.decided where unrecorded[address] == nil { unrecorded[address] = lastRecord }
        return [.record(lastRecord)]
    }

    private var nextList: Instant {
        contact.nextList(
            manners, mustConfirm: !table.unconfirmed.isEmpty,
            othersWait: !table.permitted(manners).allSatisfy(\.isEmpty) || !table.toMove.isEmpty
                || !table.toWeigh.isEmpty, waiting: waiting)
    }

    /// Since when the first host has been waiting for a list that a command can rest on; nil when none is.
    private var waiting: Instant? {
        var earliest: Instant?
        if commands.room(manners) > 0 {
            for queue in table.permitted(manners) { wait(for: queue, \.pause, &earliest) }
        }
        if commands.roomToWeigh(manners) > 0 { wait(for: table.toWeigh.elements[...], \.weight.pause, &earliest) }
        if commands.roomToMove(manners) > 0 { wait(for: table.toMove.elements[...], \.move.pause, &earliest) }
        return earliest
    }

    private func wait(
        for addresses: ArraySlice<IPAddress>, _ pause: (HostRecord) -> Pause, _ earliest: inout Instant?
    ) {
        for address in addresses {
            guard let record = table[address] else { continue }
            earliest = min(earliest ?? .distantFuture, pause(record).until)
            // A ring that is out of sync can have thousands wait: most have never been tried.
            if earliest == .origin { return }
        }
    }

    /// The first of these hosts, at most `count`, that are not left alone for a while.
    private func ready(
        _ addresses: ArraySlice<IPAddress>, _ pause: (HostRecord) -> Pause, at now: Instant, atMost count: Int = .max
    ) -> [HostRecord] {
        var ready: [HostRecord] = []
        for address in addresses {
            guard ready.count < count else { break }
            if let record = table[address], now >= pause(record).until { ready.append(record) }
        }
        return ready
    }

    /// Moving users away from a backend that is up again would kick them for nothing.
    private mutating func giveUpMoves() -> [Action] {
        commands.abandonMoves { table[$0]?.shouldMoveUsers != true }.map { id, address in
            table.update(address, manners) { $0.moveGivenUp() }
            return .abandon(id)
        }
    }

    private mutating func sendCommands(at now: Instant) -> [Action] {
        var actions: [Action] = []
        for queue in table.permitted(manners) {
            // Many are written down together, before there is room for their commands.
            let ahead = manners.recordsDowns ? manners.decidedAhead : 0
            for record in ready(queue, \.pause, at: now, atMost: commands.room(manners) + ahead) {
                guard let verb = record.switchVerb, isRecorded(record, verb, at: now), commands.room(manners) > 0
                else { continue }
                actions.append(send(DirectorCommand(verb, record.host), record.host.address, at: now))
            }
        }
        for record in ready(table.toMove.elements[...], \.move.pause, at: now, atMost: commands.roomToMove(manners)) {
            let command = DirectorCommand(manners.moveVerb, record.host, parallelMoves: manners.parallelMoves)
            actions.append(send(command, record.host.address, at: now))
        }
        // Behind the moves: the weight of a backend that is down is in no hurry, its users are.
        let places = commands.roomToWeigh(manners) + (manners.recordsDowns ? manners.decidedAhead : 0)
        for record in ready(table.toWeigh.elements[...], \.weight.pause, at: now, atMost: places) {
            guard let vhosts = record.wantedWeight(manners), isRecorded(record, vhosts),
                commands.roomToWeigh(manners) > 0
            else { continue }
            actions.append(send(DirectorCommand(weighing: record.host, vhosts), record.host.address, at: now))
        }
        return actions
    }

    /// Whether a HOST-DOWN is written down and may be sent; otherwise it is decided now.
    private mutating func isRecorded(_ record: HostRecord, _ verb: DirectorCommand.Verb, at now: Instant) -> Bool {
        guard verb == .hostDown else { return true }
        switch record.ownership {
        case .intended(let intent) where now - intent.at <= manners.intentAge || !manners.recordsDowns: return true
        case .decided: return false
        // One that was decided long ago would not be known again by its time.
        case .none, .own, .intended:
            return decide(for: record.host.address) { $0.downDecided(at: now) }
        }
    }

    /// The same of a HOST-UPDATE.
    private mutating func isRecorded(_ record: HostRecord, _ vhosts: Int) -> Bool {
        if record.weight.isRecorded(vhosts) { return true }
        if record.weight.isPending { return false }
        return decide(for: record.host.address) { $0.weightDecided(vhosts) }
    }

    /// Decides on a command that is to be written down before it is sent; gives whether it may be sent at once.
    private mutating func decide(for address: IPAddress, _ change: (inout HostRecord) -> Void) -> Bool {
        // What waits already was asked for in a record that lacks this.
        unrecorded[address] = nil
        table.decide(for: address, manners) {
            change(&$0)
            if !manners.recordsDowns { $0.recorded() }
        }
        return !manners.recordsDowns
    }

    private mutating func send(_ command: DirectorCommand, _ address: IPAddress, at now: Instant) -> Action {
        table.update(address, manners) { $0.commandSent(command.verb, at: now) }
        return .send(commands.sent(command, address, at: now), command)
    }

    /// What would go out now, and what would follow it.
    private mutating func tellCommands(at now: Instant) -> [Action] {
        var actions: [Action] = []
        // A first step goes out before its HOST-UP.
        for record in ready(table.toWeigh.elements[...], \.weight.pause, at: now) {
            guard let vhosts = record.wantedWeight(manners) else { continue }
            actions.append(.report(.wouldSetWeight(record.host, vhosts)))
            table.update(record.host.address, manners) { $0.weightIsTold() }
        }
        for record in table.permitted(manners).flatMap({ ready($0, \.pause, at: now) }) {
            guard let verb = record.switchVerb else { continue }
            actions.append(.report(.wouldSend(record.host, verb)))
            if verb == .hostDown { actions.append(.report(.wouldSend(record.host, manners.moveVerb))) }
            table.update(record.host.address, manners) { $0.isWishTold = true }
        }
        return actions
    }
}
