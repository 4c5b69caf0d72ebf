internal import OrderedCollections
internal import Site

/// The backends, and which of them need something: sorted anew with every change, so that nobody has to go through all.
struct HostTable: Sendable {
    private var records: OrderedDictionary<IPAddress, HostRecord> = [:]
    /// Backends that are not listed any more, with something under way: when they come back, that still counts.
    private var departed: [IPAddress: HostRecord] = [:]
    /// Those that are to go up, and may have a command: the oldest wish first.
    private(set) var toRaise: OrderedSet<IPAddress> = []
    /// Those whose users are to be moved away now, the oldest first.
    private(set) var toMove: OrderedSet<IPAddress> = []
    /// Those whose weight is to be set now, the oldest first.
    private(set) var toWeigh: OrderedSet<IPAddress> = []
    /// Those with a command whose reply has come, and whose effect a list has to show.
    private(set) var unconfirmed: Set<IPAddress> = []
    /// Those whose HOST-DOWN is put off.
    private(set) var delayed = DelayedDowns()
    /// Those that are to go down, as far as their pools can spare them.
    private(set) var poolGuard = PoolGuard()
    /// This monitor's own HOST-DOWNs, decided or done.
    private(set) var intents: [IPAddress: DownIntent]
    /// The weights that backends are to have in the end, where this monitor has changed them.
    private(set) var weights: [IPAddress: WeightMemory]
    /// How often these two have changed.
    private(set) var memoryChanges = 0
    /// Those whose HOST-DOWN or HOST-UPDATE is decided, and waits to be written down.
    private(set) var decided: OrderedSet<IPAddress> = []
    /// What was written down of backends that are not listed, or not yet.
    private var restored: RestoredIntents
    /// The same of weights.
    private var restoredWeights: [IPAddress: WeightMemory]
    /// What people have ordered, for backends that are listed or not.
    private var orders: [IPAddress: MaintenanceOrder]
    /// When the next step of each backend is due that gets its users step by step.
    private var steps = Alarms<IPAddress>()
    private var down: Set<IPAddress> = []
    private var onTheWayDown: Set<IPAddress> = []

    init(restored: RestoredIntents, weights: [IPAddress: WeightMemory], orders: [IPAddress: MaintenanceOrder]) {
        self.restored = restored
        self.weights = weights
        self.orders = orders
        restoredWeights = weights
        intents = restored.intents
    }

    /// The backends as last listed, in the order in which they first were.
    var hosts: [Host] { records.values.map(\.host) }
    /// How many are listed as down, and how many are not but will be: by a wish, or by a command that is under way. Those of an
    /// administrator do not count, nor those that the pool guard keeps up.
    var downs: (listed: Int, coming: Int) { (down.count, onTheWayDown.count - poolGuard.withheld) }

    subscript(address: IPAddress) -> HostRecord? { records[address] }

    /// What is asked of a listed backend; nil for another one. Without the copy of all that is known of it, which costs as much
    /// as the finding.
    func ask<Answer>(_ address: IPAddress, _ question: (borrowing HostRecord) -> Answer) -> Answer? {
        records.index(forKey: address).map { question(records.values[$0]) }
    }

    /// Changes what is known of a listed backend.
    mutating func update(
        _ address: IPAddress, _ manners: Reconciliation.Manners, _ change: (inout HostRecord) -> Void
    ) {
        guard let index = records.index(forKey: address) else { return }
        change(&records.values[index])
        review(address, manners)
    }

    /// Changes what is to be written down before a command is sent: also where that was written down before, in an earlier run
    /// or before the backend was not listed for a while, somebody waits for it now.
    mutating func decide(
        for address: IPAddress, _ manners: Reconciliation.Manners, _ change: (inout HostRecord) -> Void
    ) {
        let former = memoryChanges
        update(address, manners, change)
        if memoryChanges == former { memoryChanges += 1 }
    }

    /// A command's connection has ended; gives what is to be told. Its backend may have gone meanwhile.
    mutating func commandEnded(
        _ verb: DirectorCommand.Verb, _ reply: CommandReply, for address: IPAddress, _ support: MoveSupport,
        at now: Instant, _ manners: Reconciliation.Manners
    ) -> DirectorEvent? {
        _ = departed[address]?.commandEnded(verb, reply, support, at: now, manners)
        guard let index = records.index(forKey: address) else { return nil }
        let event = records.values[index].commandEnded(verb, reply, support, at: now, manners)
        review(address, manners)
        return event
    }

    /// Takes over a list that was begun at `readAt`; gives what is to be told.
    mutating func take(
        _ listing: Listing, readAt: Instant, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [DirectorEvent] {
        var events: [DirectorEvent] = []
        var seen: Set<IPAddress> = []
        let isSettled = listing.ring != .syncing
        for row in listing.hosts where seen.insert(row.address).inserted {
            let index = records.index(forKey: row.address)
            if let index {
                // Most of them, most of the time.
                guard records.values[index].isNews(row) || restored.awaits(row.address) else { continue }
                events += records.values[index].listed(
                    row, readAt: readAt, isSettled: isSettled, at: now, manners)
            } else {
                var record = departed.removeValue(forKey: row.address) ?? HostRecord(row)
                record.returned(as: row, orders[row.address] ?? .none)
                if let memory = restoredWeights.removeValue(forKey: row.address) { record.restore(memory) }
                events += record.weightListed(isSettled: isSettled, at: now)
                records[row.address] = record
                events.append(.hostAppeared(row))
            }
            let isOther = restore(row, isSettled: isSettled, at: now)
            if index == nil, isOther { events.append(.stateChanged(row, .unwatched)) }
            if orders[row.address] != nil { orders[row.address] = records[row.address]?.order }
            review(row.address, manners)
        }
        // A line that cannot be read may be the row that seems to be missing.
        let gone = listing.unreadable.isEmpty ? records.filter { !seen.contains($0.key) } : [:]
        // All at once: one by one, each would move all that are behind it.
        if !gone.isEmpty { records.removeAll { gone.keys.contains($0.key) } }
        for (address, record) in gone {
            departed[address] = record
            restored.keep(record.intent, of: address)
            restoredWeights[address] = record.weight.memory
            review(address, manners)
            events.append(.hostDisappeared(record.host))
        }
        departed = departed.filter { $0.value.isUnsettled(readAt: readAt, at: now) }
        return events
    }

    /// Backends that are not listed will not come back.
    mutating func forget(_ addresses: [IPAddress], _ manners: Reconciliation.Manners) {
        for address in addresses {
            restored.forget(address)
            restoredWeights[address] = nil
            review(address, manners)
        }
    }

    /// A person orders something for a backend, listed or not.
    mutating func ordered(_ order: MaintenanceOrder, for address: IPAddress, _ manners: Reconciliation.Manners) {
        orders[address] = order == .none ? nil : order
        update(address, manners) { $0.ordered(order) }
    }

    /// When the next step of a weight is due.
    var nextStep: Instant { steps.next }

    /// Lets those have their next step whose time has come.
    mutating func stepsAreDue(at now: Instant, _ manners: Reconciliation.Manners) {
        for address in steps.due(at: now) { update(address, manners) { $0.stepIsDue() } }
    }

    /// Another director is asked: what this run has done at the former one counts as what an earlier run has done, but for the
    /// weights, by which the two rings' backends cannot be told apart. Gives what is to be told. What people have ordered goes
    /// on: it is the machine that they are working on.
    mutating func directorChanged(_ manners: Reconciliation.Manners) -> [DirectorEvent] {
        var events: [DirectorEvent] = []
        for (address, record) in records {
            restored.keep(record.sentIntent, of: address)
            records[address]?.directorChanged()
            events += forgotten(record.weight.memory, record.host.spelling, vhosts: record.host.vhosts)
            review(address, manners)
        }
        for (address, memory) in restoredWeights.sorted(by: { $0.key < $1.key }) {
            restoredWeights[address] = nil
            events += forgotten(memory, address.description, vhosts: nil)
            review(address, manners)
        }
        for address in departed.keys { departed[address]?.directorChanged() }
        return events
    }

    private func forgotten(_ memory: WeightMemory?, _ backend: String, vhosts: Int?) -> [DirectorEvent] {
        guard let memory, vhosts != memory.target || memory.asked != memory.target else { return [] }
        return [.weightForgotten(backend: backend, vhosts: vhosts, target: memory.target)]
    }

    /// What another run has written down of backends of which this one has done nothing.
    mutating func found(
        _ intents: [IPAddress: DownIntent], _ weights: [IPAddress: WeightMemory], _ manners: Reconciliation.Manners
    ) {
        for (address, intent) in intents where records[address]?.intent == nil { restored.add(intent, of: address) }
        for (address, memory) in weights where self.weights[address] == nil {
            if records[address] == nil { restoredWeights[address] = memory }
            records[address]?.restore(memory)
        }
        for address in Set(intents.keys).union(weights.keys) { review(address, manners) }
    }

    /// Whose down it is may be known from an earlier run, or from before it was not listed for a while. What this run has
    /// decided on since then is later. Gives whether an earlier run has seen another state, and so told nothing of this one.
    private mutating func restore(_ row: Host, isSettled: Bool, at now: Instant) -> Bool {
        let isOfEarlierRun = restored.isOfEarlierRun(row.address)
        let former = isOfEarlierRun ? restored.intents[row.address] : nil
        let intent = restored.claim(row, isSettled: isSettled, at: now)
        records[row.address]?.mayHaveOpenDown = restored.isOpen(row.address)
        if row.state == .up, isSettled { return former?.change != nil }
        guard let intent,
            records[row.address]?.ownership == HostRecord.Ownership.none
        else { return false }
        records[row.address]?.restore(intent, isOfEarlierRun: isOfEarlierRun)
        return former.map { $0.change == nil } ?? false
    }

    /// Sorts all of them anew, as other manners ask for.
    mutating func reviewAll(_ manners: Reconciliation.Manners) {
        poolGuard.ruleChanged(manners)
        for address in records.keys { review(address, manners) }
    }

    /// All hosts were judged anew.
    mutating func judgedAnew(at now: Instant, _ manners: Reconciliation.Manners) {
        poolGuard.judgedAnew(at: now, manners)
    }

    /// Lets those go whose delay is over; gives what is to be told.
    mutating func delaysPassed(at now: Instant, _ manners: Reconciliation.Manners) -> [DirectorEvent] {
        guard let rule = manners.delayedDown else { return delayed.ruleEnded() }
        for address in delayed.passed(at: now, rule) { review(address, manners) }
        return delayed.news(downs, rule) { records[$0]?.host }
    }

    /// How a backend's HOST-DOWN is put off by `use_delayed_down`; nil when it is not.
    func downDelay(of address: IPAddress, at now: Instant, _ manners: Reconciliation.Manners) -> DownDelay? {
        manners.delayedDown.flatMap { delayed.delay(of: address, downs, $0, at: now) }
    }

    /// Looks anew which HOST-DOWNs the pools can spare; gives what is to be told, and whom to poll now.
    mutating func guardPools(
        at now: Instant, _ manners: Reconciliation.Manners
    ) -> (events: [DirectorEvent], polls: [IPAddress]) {
        poolGuard.decide(at: now, manners) { records[$0]?.host }
    }

    /// A backend has begun to fail; gives whom to poll now, should it have to go down.
    mutating func witnesses(
        for address: IPAddress, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [IPAddress] {
        guard let since = ask(address, { $0.isServing ? $0.evidence.failing?.since : nil }) ?? nil else { return [] }
        return poolGuard.witnesses(for: address, since: since, at: now, manners)
    }

    /// A backend's polls are started; gives whom to poll with it, where it may have to go down by them.
    mutating func pollsStarted(
        _ address: IPAddress, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [IPAddress] {
        guard let index = records.index(forKey: address) else { return [] }
        records.values[index].evidence.askedAt = now
        let record = records.values[index]
        // That changes nothing of what it needs itself.
        let isCandidate = poolGuard.isCandidate(address)
        poolGuard.update(address, record, isCandidate: isCandidate, manners)
        guard record.isServing, record.evidence.failing?.isDecisive == true, record.wanted != .down || isCandidate
        else { return [] }
        return poolGuard.companions(of: address, at: now, manners)
    }

    /// Those that may have a HOST-DOWN or HOST-UP now, but for pauses; nearly always nobody.
    func permitted(_ manners: Reconciliation.Manners) -> [ArraySlice<IPAddress>] {
        let ups = toRaise.isEmpty ? [] : [toRaise.elements[...]]
        if let rule = manners.delayedDown, !delayed.permits(downs, rule) { return ups }
        return poolGuard.permitted + ups
    }

    /// Sorts a host into those that need something, or out of them.
    private mutating func review(_ address: IPAddress, _ manners: Reconciliation.Manners) {
        let index = records.index(forKey: address)
        let needs = index.map { records.values[$0].needs(manners) } ?? HostNeeds()
        Self.sort(address, into: &toRaise, needs.up)
        Self.sort(address, into: &toWeigh, needs.weight)
        steps.set(address, at: needs.nextStep)
        Self.sort(address, into: &toMove, needs.move)
        Self.sort(address, into: &unconfirmed, needs.confirmation)
        Self.sort(address, into: &down, needs.isDown)
        Self.sort(address, into: &onTheWayDown, needs.isOnTheWayDown)
        if let since = needs.downSince, manners.delayedDown != nil {
            delayed.add(address, since: since)
        } else {
            delayed.remove(address)
        }
        let isReady = manners.delayedDown == nil || delayed.isReady(address)
        poolGuard.update(
            address, index.map { records.values[$0] }, isCandidate: needs.downSince != nil && isReady, manners)
        let intent = needs.intent ?? restored.intents[address]
        let weight = index == nil ? restoredWeights[address] : needs.weightMemory
        if intents[address] != intent || weights[address] != weight {
            intents[address] = intent
            weights[address] = weight
            memoryChanges += 1
        }
        Self.sort(address, into: &decided, needs.isPending)
    }

    private static func sort(_ address: IPAddress, into set: inout Set<IPAddress>, _ belongs: Bool) {
        if belongs { set.insert(address) } else { set.remove(address) }
    }

    private static func sort(_ address: IPAddress, into set: inout OrderedSet<IPAddress>, _ belongs: Bool) {
        if belongs { set.append(address) } else { set.remove(address) }
    }
}
