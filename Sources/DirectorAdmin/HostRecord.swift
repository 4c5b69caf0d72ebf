internal import Site

/// What is known of one backend: what is listed, what is wanted, and what is under way.
struct HostRecord: Sendable {
    private(set) var host: Host
    /// The state that health asks for; nil when it cannot say.
    private(set) var wanted: HostState?
    /// Since when it asks for that.
    private(set) var wantedSince = Instant.origin
    /// Since when health asked for HOST-DOWN before others had their say: when it asks for it again, that is no new wish.
    private var recalledSince: Instant?
    /// Whether people have been told what would be sent for this wish, where nothing may be sent.
    var isWishTold = false
    private var command = Command.none
    /// No HOST-DOWN or HOST-UP before this is over: a former one had no effect.
    private(set) var pause = Pause()
    private(set) var move = UserMove()
    private(set) var weight = WeightPlan()
    /// What a person has ordered.
    private(set) var order = MaintenanceOrder.none
    /// Whether the director may still run a HOST-DOWN of an earlier run.
    var mayHaveOpenDown = false
    /// What the polls show.
    var evidence = PollEvidence()
    /// Whose down it is.
    private(set) var ownership = Ownership.none
    /// Whether an earlier run took it down, and may have ended before its users were moved away.
    private var isMoveUnknown = false
    /// When the switch was last changed before the command that is under way, as the director dates it.
    private var changeBefore = 0
    /// The state that was last told; while a command is under way, the listed one is not yet news.
    private var toldState: HostState?

    init(_ host: Host, _ order: MaintenanceOrder = .none) {
        self.host = host
        self.order = order
        self.toldState = host.state
    }

    /// What is to be written down of its HOST-DOWN.
    var intent: DownIntent? { ownership.intent }

    /// The same, where it is more than decided.
    var sentIntent: DownIntent? {
        if case .own(let intent) = ownership { return intent }
        return command.verb == .hostDown ? intent : nil
    }

    /// Whether something waits to be written down before its command is sent.
    var isPending: Bool { ownership.isDecided || weight.isPending }

    // MARK: - What it needs

    /// Whether its pool is not to count on it: it gets no users, or a person has it in hand.
    var isInMaintenance: Bool { host.isInMaintenance || order != .none }

    /// Hands off: the weight 0 is an administrator's word, where it is not this monitor's own, and so is a maintenance window.
    var isLeftAlone: Bool { isOutByWeight || order != .none }

    /// Whether an administrator has set its weight to 0.
    var isOutByWeight: Bool { host.isInMaintenance && !weight.isOwnZero(host) }

    /// Whether the switch is not where it should be.
    var needsSwitch: Bool {
        guard let wanted, let state = host.state else { return false }
        return wanted != state && !isLeftAlone
    }

    /// The weight that it should have now; nil where it has it, or any will do.
    func wantedWeight(_ manners: Reconciliation.Manners) -> Int? {
        let demand = WeightPlan.Demand(
            order: order, isToRise: wanted == .up && host.state == .down,
            isBack: wanted == .up || (wanted == nil && !evidence.isPolled),
            isWell: wanted != .down && evidence.failing == nil, slowStart: manners.slowStart)
        return weight.wanted(host, demand).flatMap { $0 == host.vhosts ? nil : $0 }
    }

    /// What would put the switch where it should be.
    var switchVerb: DirectorCommand.Verb? {
        wanted.map { $0 == .down ? .hostDown : .hostUp }
    }

    /// Whether a command for it is out whose effect is not known.
    var isBusy: Bool {
        if case .none = command { return move.isUnderWay }
        return true
    }

    /// Whether moving its users away makes sense: it is down, and to stay so.
    var shouldMoveUsers: Bool { host.state == .down && wanted != .up && !isLeftAlone }

    /// Whether its users are to be moved away now: only while its polls say that it is to be down. Where they do not say so any more,
    /// or not yet again, it may be well, and about to go up.
    var needsMove: Bool { move.isDue && shouldMoveUsers && wanted == .down }

    /// Whether it is not listed as down, but will be soon: by a wish, or by a command that is under way.
    var isOnTheWayDown: Bool {
        host.state != .down && (command.verb == .hostDown || (wanted == .down && !isLeftAlone))
    }

    /// Whether a HOST-DOWN is under way, or may be.
    var mayGoDown: Bool { command.verb == .hostDown || mayHaveOpenDown }

    /// Whether users are sent to it, and no command is under way that will end that.
    var isServing: Bool {
        host.state == .up && !isInMaintenance && !mayGoDown
    }

    /// Whether a list has to be read to learn what a reply was worth.
    var awaitsConfirmation: Bool {
        if case .answered = command { return true }
        return false
    }

    /// Whether something may still be under way in the director, when it did not list the backend at `readAt`.
    func isUnsettled(readAt: Instant, at now: Instant) -> Bool {
        switch command {
        case .none: move.isUnderWay || move.pause.isHeld(at: now)
        case .outstanding: true
        case .answered(_, _, _, let at): readAt < at
        case .held(_, _, let until): now < until
        }
    }

    // MARK: - What happens

    /// Health asks for a state; false when it did already.
    ///
    /// `isSettled`: the latest list is of a synced ring, so that what it shows as up is up.
    mutating func want(
        _ state: HostState?, isSettled: Bool, at now: Instant, _ manners: Reconciliation.Manners
    ) -> Bool {
        guard wanted != state else { return false }
        if state == .up { weight.rises(manners.slowStart, at: now) }
        wanted = state
        wantedSince = state == .down ? recalledSince ?? now : now
        if state != nil { recalledSince = nil }
        isWishTold = false
        if state != .down, isSettled, case .none = command, host.state == .up { ownership = .none }
        // A backend that has recovered meanwhile keeps them: it goes up.
        if state == .down, isMoveUnknown, host.users > 0 { move.owed() }
        if state != nil { isMoveUnknown = false }
        return true
    }

    /// A person orders something else than before.
    mutating func ordered(_ next: MaintenanceOrder) {
        order = next
        weight.orderChanged()
    }

    /// Its HOST-DOWN is about to be sent.
    mutating func downDecided(at now: Instant) {
        ownership = .decided(DownIntent(at: now))
    }

    /// Its HOST-UPDATE is about to be sent.
    mutating func weightDecided(_ vhosts: Int) { weight.decided(vhosts, host, order) }

    /// The time for its next step has come.
    mutating func stepIsDue() { weight.stepIsDue() }

    /// People know of the weight that would be asked for, where nothing may be sent.
    mutating func weightIsTold() { weight.isTold = true }

    /// What was decided is written down, or could not be.
    mutating func recorded() {
        if case .decided(let intent) = ownership { ownership = .intended(intent) }
        weight.recorded()
    }

    /// This monitor has changed its weight: in an earlier run, or before the director did not list it for a while.
    mutating func restore(_ memory: WeightMemory) { weight.restore(memory) }

    /// It was this monitor that took it down: in an earlier run, or before the director did not list it for a while.
    mutating func restore(_ intent: DownIntent, isOfEarlierRun: Bool) {
        ownership = .own(intent)
        isMoveUnknown = isOfEarlierRun
        guard isOfEarlierRun, wanted == .down else { return }
        // That it is faulty still was seen before that it is this monitor's own.
        isMoveUnknown = false
        if host.users > 0 { move.owed() }
    }

    /// Another director is asked, in whose ring nothing may have been done.
    mutating func directorChanged() {
        ownership = .none
        isMoveUnknown = false
        move.settled()
        weight = WeightPlan()
    }

    /// The director lists it again, while something of before is still under way.
    mutating func returned(as row: Host, _ order: MaintenanceOrder) {
        self.order = order
        host = row
        toldState = row.state
        wanted = nil
        recalledSince = nil
        evidence = PollEvidence()
        ownership = .none
        isMoveUnknown = false
        move.settled()
    }

    mutating func commandSent(_ verb: DirectorCommand.Verb, at now: Instant) {
        guard verb != .hostResetUsers else { return move.started(at: now) }
        command = .outstanding(verb, sentAt: now)
        changeBefore = host.lastChange
    }

    /// The connection of its HOST-RESET-USERS is closed, for it is not wanted any more.
    mutating func moveGivenUp() { move.givenUp() }

    /// A command's connection has ended; gives what is to be told.
    mutating func commandEnded(
        _ verb: DirectorCommand.Verb, _ reply: CommandReply, _ support: MoveSupport, at now: Instant,
        _ manners: Reconciliation.Manners
    ) -> DirectorEvent? {
        guard verb != .hostResetUsers else {
            return move.ended(reply, host, support, at: now, manners)
        }
        guard case .outstanding(let verb, let sentAt) = command else { return nil }
        switch reply {
        case .notSent:
            command = .none
            hadNoEffect(verb, at: now, manners)
        case .abandoned: command = .held(verb, sentAt: sentAt, until: now + manners.abandonedHold)
        default: command = .answered(verb, reply, sentAt: sentAt, at: now)
        }
        return nil
    }

    /// Whether a row can change anything: it is another one than before, or something waits for it.
    func isNews(_ row: Host) -> Bool {
        guard case .none = command else { return true }
        return move.awaitsList || weight.memory != nil || weight.isNew(row)
            || (row.state == .up && ownership != .none) || row != host || row.state != toldState
    }

    /// The list that shows it again, or for the first time, shows also what others have made of its weight.
    mutating func weightListed(isSettled: Bool, at now: Instant) -> [DirectorEvent] {
        let isAsking = command.verb == .hostUpdate
        let news = weight.listed(host, isSettled: isSettled, isAsking: isAsking, order, at: now)
        // An administrator has brought back what was drained: that holds for the rest of the window.
        if order == .drain, case .left(_, wasDrained: true) = news { order = .handsOff }
        return news.map { [.weightChanged(host, $0)] } ?? []
    }

    /// Takes over a row of a list that was begun at `readAt`; gives what is to be told.
    mutating func listed(
        _ row: Host, readAt: Instant, isSettled: Bool, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [DirectorEvent] {
        var events: [DirectorEvent] = []
        if row.isInMaintenance != host.isInMaintenance { events.append(.maintenanceChanged(row)) }
        // What an administrator had in hand is looked at anew before anything is done with it.
        if isOutByWeight, !row.isInMaintenance { recallDown() }
        host = row
        if row.state == wanted { isWishTold = false }
        events += move.listed(row, readAt: readAt, at: now, manners)
        switch command {
        case .none, .outstanding: break
        case .answered(_, _, _, let at) where readAt < at: break
        case .answered(let verb, let reply, let sentAt, _):
            events += settle(verb, reply, sentAt: sentAt, isSettled: isSettled, at: now, manners)
        case .held(let verb, let sentAt, let until) where now >= until:
            if let state = verb.state, row.state == state, state == toldState {
                command = .none
            } else {
                events += settle(verb, .abandoned, sentAt: sentAt, isSettled: isSettled, at: now, manners)
            }
        case .held(let verb, let sentAt, _):
            // It is told at once, and still not over: the state may be another monitor's work, and the command still to come.
            guard let state = verb.state, row.state == state, state != toldState else { break }
            events.append(tookEffect(verb, .abandoned, sentAt: sentAt, at: now))
        }
        // Whoever changed it, it was none of the commands that are under way.
        if command.verb?.state == nil, row.state != toldState {
            toldState = row.state
            move.settled()
            isMoveUnknown = false
            events.append(.stateChanged(row, .foreign))
            // An unsettled ring may have shown it up for a while.
            if row.state == .down {
                let isSeenBefore = intent.map { $0.change == row.lastChange } ?? false
                ownership = isSeenBefore ? intent.map { .own($0) } ?? .none : .none
            }
            // Others may know better by now: only what is wished from here on changes it again.
            if row.state == .down, wanted == .up { wanted = nil }
            if row.state == .up { recallDown() }
        }
        events += weightListed(isSettled: isSettled, at: now)
        if row.state == .up, isSettled, case .none = command { upIsSettled() }
        return events
    }

    /// Health has to ask for it anew, by what is seen from now on.
    private mutating func recallDown() {
        guard wanted == .down else { return }
        recalledSince = wantedSince
        wanted = nil
    }

    /// The ring agrees that it is up: whatever was done before is over. What is still wanted is written down already.
    private mutating func upIsSettled() {
        if case .own = ownership { ownership = .none }
        if wanted != .down { ownership = .none }
    }

    private mutating func settle(
        _ verb: DirectorCommand.Verb, _ reply: CommandReply, sentAt: Instant, isSettled: Bool, at now: Instant,
        _ manners: Reconciliation.Manners
    ) -> [DirectorEvent] {
        command = .none
        if verb == .hostUpdate { return settleWeight(reply, isSettled: isSettled, at: now, manners) }
        if verb == .hostFlush, reply == .ok || host.users == 0 {
            move.settled()
            return [.usersMoved(host, took: now - sentAt)]
        }
        if verb == .hostFlush, !move.isDue { return [] }
        // It was done, and others have undone it before anybody looked.
        if verb == .hostUp, reply == .ok, host.state == .down, host.lastChange != changeBefore {
            pause.over()
            ownership = .none
            isMoveUnknown = false
            move.settled()
            if wanted == .up { wanted = nil }
            return [.undoneByOthers(host)]
        }
        guard verb.state != nil, host.state == verb.state else {
            hadNoEffect(verb, at: now, manners)
            return [.commandWithoutEffect(host, verb, reply)]
        }
        return [tookEffect(verb, reply, sentAt: sentAt, at: now)]
    }

    private mutating func settleWeight(
        _ reply: CommandReply, isSettled: Bool, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [DirectorEvent] {
        if reply != .ok { weight.ringIsInTrouble() }
        // Another weight than any of one's own is not repeated over: see `WeightPlan.listed`.
        guard let memory = weight.memory, memory.ours.contains(host.vhosts) else { return [] }
        guard host.vhosts == memory.asked else {
            weight.hadNoEffect(at: now, manners)
            return [.commandWithoutEffect(host, .hostUpdate, reply)]
        }
        return weight.tookEffect(reply, host, isSettled: isSettled, at: now).map { [.weightChanged(host, $0)] } ?? []
    }

    /// The list shows what the command asked for.
    private mutating func tookEffect(
        _ verb: DirectorCommand.Verb, _ reply: CommandReply, sentAt: Instant, at now: Instant
    ) -> DirectorEvent {
        pause.over()
        toldState = host.state
        // Each down of one's own is followed by a move; whatever was left to move before it is part of that.
        move.settled()
        if verb == .hostDown {
            move.owed()
            ownership = .own(DownIntent(at: intent?.at ?? sentAt, change: host.lastChange))
        }
        return .stateChanged(host, .command(reply, took: now - sentAt))
    }

    private mutating func hadNoEffect(
        _ verb: DirectorCommand.Verb, at now: Instant, _ manners: Reconciliation.Manners
    ) {
        switch verb {
        case .hostDown, .hostUp: pause.grow(at: now, manners)
        case .hostUpdate: weight.hadNoEffect(at: now, manners)
        case .hostResetUsers, .hostFlush: move.hadNoEffect(at: now, manners)
        }
    }
}
