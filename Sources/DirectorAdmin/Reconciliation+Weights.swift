package import Site

/// What is known of weights.
extension Reconciliation {
    /// What is listed of a backend that gets its users step by step, or waits for that after a drain, and what it is to be in
    /// the end; nil when it does not.
    package func slowStart(of address: IPAddress) -> (vhosts: Int, target: Int)? {
        guard let record = table[address], let memory = record.weight.memory else { return nil }
        let isOnTheWay = !memory.isDrained || (record.order == .none && record.host.vhosts != memory.target)
        return isOnTheWay ? (record.host.vhosts, memory.target) : nil
    }

    /// Whether an administrator has set a listed backend's weight to 0, and not this monitor.
    package func isOutByWeight(_ address: IPAddress) -> Bool { table[address]?.isOutByWeight == true }

    /// Whether a backend's weight is not what it is to be in the end, for all that this monitor has to do with it.
    package func hasWeightPlan(for address: IPAddress) -> Bool { table.weights[address] != nil }

    /// The weight of a listed backend that cannot be set to 0 and back; nil where it can.
    package func undrainableWeight(of address: IPAddress) -> Int? {
        guard let record = table[address], record.weight.memory == nil, !record.host.canBeDrained else { return nil }
        return record.host.vhosts
    }
}
