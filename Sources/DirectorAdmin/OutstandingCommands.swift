internal import OrderedCollections
internal import Site

/// The commands whose connections are open.
struct OutstandingCommands: Sendable {
    struct Entry: Sendable {
        let address: IPAddress
        let command: DirectorCommand
        let sentAt: Instant
        var isAbandoned = false
    }

    private var entries: OrderedDictionary<Reconciliation.CommandID, Entry> = [:]
    private var lastID = 0

    /// How many more may go out.
    func room(_ manners: Reconciliation.Manners) -> Int { max(0, manners.connections - entries.count) }

    /// How many more may go out that move users.
    func roomToMove(_ manners: Reconciliation.Manners) -> Int {
        min(room(manners), max(0, manners.moves - entries.values.count(where: \.command.verb.movesUsers)))
    }

    /// How many more may go out that set weights.
    func roomToWeigh(_ manners: Reconciliation.Manners) -> Int {
        min(room(manners), max(0, manners.weighings - entries.values.count { $0.command.verb == .hostUpdate }))
    }

    mutating func sent(_ command: DirectorCommand, _ address: IPAddress, at now: Instant) -> Reconciliation.CommandID {
        lastID += 1
        entries[lastID] = Entry(address: address, command: command, sentAt: now)
        return lastID
    }

    /// A command's connection has ended; nil when there is none.
    mutating func ended(_ id: Reconciliation.CommandID) -> Entry? { entries.removeValue(forKey: id) }

    /// When the first is given up for want of an answer.
    ///
    /// HOST-RESET-USERS takes as long as it takes, where the director is likely to know it. The others wait for the ring only.
    func nextDeadline(_ manners: Reconciliation.Manners, _ support: MoveSupport) -> Instant {
        entries.values.reduce(.distantFuture) { min($0, deadline($1, manners, support)) }
    }

    /// Gives up those that have waited too long; gives which.
    mutating func abandonOverdue(
        at now: Instant, _ manners: Reconciliation.Manners, _ support: MoveSupport
    ) -> [Reconciliation.CommandID] {
        abandon(entries.filter { now >= deadline($0.value, manners, support) }.keys)
    }

    /// Gives up those that run HOST-RESET-USERS for these backends; gives which. Nothing else can be taken back by closing
    /// its connection.
    mutating func abandonMoves(_ isNotWanted: (IPAddress) -> Bool) -> [(Reconciliation.CommandID, IPAddress)] {
        let meant = entries.filter {
            !$0.value.isAbandoned && $0.value.command.verb == .hostResetUsers && isNotWanted($0.value.address)
        }
        return abandon(meant.keys).compactMap { id in meant[id].map { (id, $0.address) } }
    }

    private mutating func abandon(_ ids: OrderedSet<Reconciliation.CommandID>) -> [Reconciliation.CommandID] {
        for id in ids { entries[id]?.isAbandoned = true }
        return Array(ids)
    }

    private func deadline(_ entry: Entry, _ manners: Reconciliation.Manners, _ support: MoveSupport) -> Instant {
        let takesItsTime = entry.command.verb == .hostResetUsers && support > .unlikely
        return entry.isAbandoned || takesItsTime ? .distantFuture : entry.sentAt + manners.patience
    }
}
