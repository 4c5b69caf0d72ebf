/// Why a backend is left alone.
package enum MaintenanceKind: Hashable, Sendable {
    /// A person has ordered it here; `isKept` where a restart does not end it.
    case ordered(Maintenance, isKept: Bool)
    /// An administrator has set its vhosts to 0.
    case weight
}

/// A backend that gets its users step by step, after it has come back.
package struct SlowStartStatus: Hashable, Sendable {
    /// What is listed.
    package let vhosts: Int
    /// What it is to be in the end.
    package let target: Int

    /// Makes it.
    package init(vhosts: Int, target: Int) {
        self.vhosts = vhosts
        self.target = target
    }
}
