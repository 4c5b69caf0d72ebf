internal import OrderedCollections
internal import Site

/// Withholds HOST-DOWN where too few backends of the pool would be left that are listed up, and known to be healthy by polls
/// that were started after the candidate had begun to fail: what was seen before that may be from before the monitor's own
/// network, or its test password, went wrong.
///
/// Without a rule (`MinHealthy.off`) every candidate may go.
struct PoolGuard: Sendable {
    private var pools: [String: GuardedPool] = [:]
    private var tags: [IPAddress: String] = [:]
    /// The tags of the pools where candidates may go: each event asks for them, and nobody is to look at thousands for it.
    private var open: OrderedSet<String> = []
    /// When something is to be decided or told, by tags.
    private var agenda = Alarms<String>()
    /// How many backends are withheld of which people have been told.
    private(set) var withheld = 0
    /// The same of each pool that has any.
    private var counts: [String: Int] = [:]

    /// Those that may go down now, the first that began to fail first in each pool.
    var permitted: [ArraySlice<IPAddress>] { open.compactMap { pools[$0]?.permitted } }

    /// Whether a HOST-DOWN for this backend is withheld.
    func withholds(_ address: IPAddress) -> Bool {
        tags[address].flatMap { pools[$0] }?.withholds(address) ?? false
    }

    /// The pools in which HOST-DOWNs are withheld, by their tags.
    func withheld(_ manners: Reconciliation.Manners) -> [WithheldPool] {
        pools.compactMap { tag, pool in pool.status(tag, manners) }.sorted { $0.tag < $1.tag }
    }

    /// Whether a HOST-DOWN is wanted for it, and nothing but its pool keeps it from that.
    func isCandidate(_ address: IPAddress) -> Bool {
        tags[address].flatMap { pools[$0]?.candidates[address] } != nil
    }

    /// Whether a candidate is withheld whose fate has changed with this backend's polls.
    func awaitsNews(of address: IPAddress) -> Bool {
        guard let pool = tags[address].flatMap({ pools[$0] }) else { return false }
        return pool.isStale && pool.isWithholding
    }

    /// A backend has begun to fail; gives whom to poll now.
    mutating func witnesses(
        for address: IPAddress, since time: Instant, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [IPAddress] {
        tags[address].flatMap { pools[$0]?.witnesses(since: time, at: now, manners) } ?? []
    }

    /// A backend's poll is started that may have it taken down; gives whom to poll now.
    mutating func companions(
        of address: IPAddress, at now: Instant, _ manners: Reconciliation.Manners
    ) -> [IPAddress] {
        tags[address].flatMap { pools[$0]?.companions(at: now, manners) } ?? []
    }

    /// When it is to be decided anew, or somebody is to be told or reminded.
    var nextTelling: Instant { agenda.next }

    /// Takes in how a backend stands; nil when it is not listed any more. A candidate is one for which a HOST-DOWN is wanted,
    /// and that nothing else keeps from it.
    mutating func update(
        _ address: IPAddress, _ record: HostRecord?, isCandidate: Bool, _ manners: Reconciliation.Manners
    ) {
        if let tag = tags[address], tag != record?.host.tag {
            tags[address] = nil
            pools[tag]?.remove(address)
            hasChanged(tag, manners)
        }
        guard let record else { return }
        let tag = record.host.tag
        if tags[address] == nil { tags[address] = tag }
        let standing = pools[tag, default: GuardedPool()].update(address, record, isCandidate: isCandidate, manners)
        if let standing { hasChanged(tag, standing) }
    }

    /// The rule has changed.
    mutating func ruleChanged(_ manners: Reconciliation.Manners) {
        for tag in pools.keys {
            pools[tag]?.ruleChanged()
            hasChanged(tag, manners)
        }
    }

    /// All backends were judged anew.
    mutating func judgedAnew(at now: Instant, _ manners: Reconciliation.Manners) {
        for tag in pools.keys {
            pools[tag]?.judgedAnew(at: now)
            hasChanged(tag, manners)
        }
    }

    /// Decides anew who may go down: to be called before anything is sent. Gives what is to be told, and whom to poll now.
    mutating func decide(
        at now: Instant, _ manners: Reconciliation.Manners, host: (IPAddress) -> Host?
    ) -> (events: [DirectorEvent], polls: [IPAddress]) {
        var events: [DirectorEvent] = []
        var polls: [IPAddress] = []
        for tag in agenda.due(at: now) {
            if let pool = pools[tag], pool.isStale, now >= pool.nextDecision {
                polls += pools[tag]?.decide(at: now, manners) ?? []
            }
            if let event = pools[tag]?.tell(tag, at: now, manners, host: host) { events.append(event) }
            hasChanged(tag, manners)
        }
        return (events, polls)
    }

    private mutating func hasChanged(_ tag: String, _ manners: Reconciliation.Manners) {
        if let standing = pools[tag]?.standing(manners) { hasChanged(tag, standing) }
    }

    private mutating func hasChanged(_ tag: String, _ standing: GuardedPool.Standing) {
        if standing.isEmpty { pools[tag] = nil }
        count(tag, standing.lastingly)
        if standing.hasPermitted { open.append(tag) } else { open.remove(tag) }
        agenda.set(tag, at: standing.nextTelling == .distantFuture ? nil : standing.nextTelling)
    }

    private mutating func count(_ tag: String, _ count: Int) {
        guard count > 0 || !counts.isEmpty, count != counts[tag] ?? 0 else { return }
        withheld += count - (counts[tag] ?? 0)
        counts[tag] = count == 0 ? nil : count
    }
}
