internal import OrderedCollections
internal import Site

/// How a HOST-DOWN is put off.
package struct DownDelay: Hashable, Sendable {
    /// How long still; zero when that is over.
    package let remaining: Duration
    /// Whether it is withheld after that, for too many backends are down or about to be.
    package let isWithheld: Bool
}

/// HOST-DOWNs that are put off, so that a backend may recover meanwhile, and that are withheld while too many backends are
/// down or about to be.
struct DelayedDowns: Sendable {
    private struct Numbers: Equatable {
        let waiting: Int
        let down: Int
        let limit: Int
    }

    /// Since when each is wanted down whose delay goes on, the oldest wish first.
    private var waiting: OrderedDictionary<IPAddress, Instant> = [:]
    /// Those whose delay is over.
    private var ready: OrderedSet<IPAddress> = []
    /// What was last told of withheld ones; nil when none are.
    private var told: Numbers?

    /// A backend is to be taken down; nothing new when it is here already.
    mutating func add(_ address: IPAddress, since: Instant) {
        guard waiting[address] == nil, !ready.contains(address) else { return }
        // Nearly always at the end: wishes come in the order of their times.
        var index = waiting.count
        while index > 0, waiting.values[index - 1] > since { index -= 1 }
        waiting.updateValue(since, forKey: address, insertingAt: index)
    }

    /// It is not to be taken down any more, or a command for it is out.
    mutating func remove(_ address: IPAddress) {
        waiting.removeValue(forKey: address)
        ready.remove(address)
    }

    /// When the next delay is over.
    func nextReady(_ rule: Reconciliation.DelayedDown) -> Instant {
        waiting.values.first.map { $0 + rule.delay } ?? .distantFuture
    }

    /// Time has passed; gives those whose delay is over since.
    mutating func passed(at now: Instant, _ rule: Reconciliation.DelayedDown) -> [IPAddress] {
        guard now >= nextReady(rule) else { return [] }
        let passed = waiting.values.prefix { $0 + rule.delay <= now }.count
        let addresses = Array(waiting.keys.prefix(passed))
        ready.append(contentsOf: addresses)
        waiting.removeFirst(passed)
        return addresses
    }

    /// Whether a backend's delay is over.
    func isReady(_ address: IPAddress) -> Bool { ready.contains(address) }

    /// How a backend's HOST-DOWN is put off; nil when it is not.
    func delay(
        of address: IPAddress, _ downs: (listed: Int, coming: Int), _ rule: Reconciliation.DelayedDown, at now: Instant
    ) -> DownDelay? {
        let isWithheld = !permits(downs, rule)
        if let since = waiting[address] {
            return DownDelay(remaining: max(.zero, since + rule.delay - now), isWithheld: isWithheld)
        }
        return isReady(address) && isWithheld ? DownDelay(remaining: .zero, isWithheld: true) : nil
    }

    /// Whether those whose delay is over may go down now, and not too many are down or about to be.
    func permits(_ downs: (listed: Int, coming: Int), _ rule: Reconciliation.DelayedDown) -> Bool {
        downs.listed + downs.coming <= rule.limit
    }

    /// Nothing is put off any more; gives what is to be told of that.
    mutating func ruleEnded() -> [DirectorEvent] {
        defer { told = nil }
        return told == nil ? [] : [.downsAllowed]
    }

    /// What is to be told of those that are withheld, if it is another thing than before.
    mutating func news(
        _ downs: (listed: Int, coming: Int), _ rule: Reconciliation.DelayedDown, host: (IPAddress) -> Host?
    ) -> [DirectorEvent] {
        let isWithholding = !ready.isEmpty && !permits(downs, rule)
        let numbers = isWithholding ? Numbers(waiting: downs.coming, down: downs.listed, limit: rule.limit) : nil
        guard numbers != told else { return [] }
        told = numbers
        guard let numbers else { return [.downsAllowed] }
        return [
            .downsWithheld(
                WithheldDowns(
                    hosts: ready.prefix(10).compactMap(host), waiting: numbers.waiting, down: numbers.down,
                    limit: numbers.limit))
        ]
    }
}
