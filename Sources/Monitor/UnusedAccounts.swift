internal import DirectorAdmin
internal import Site

/// The accounts of backends that the director does not list: most likely somebody mistyped an address. Each is told once.
struct UnusedAccounts: Sendable {
    private var told: Set<IPAddress> = []

    /// The director has listed its backends; gives the accounts that have none and are not told yet.
    ///
    /// Only a list of a synced ring is believed: in another one backends may be missing that are only late.
    mutating func listed(_ listing: Listing, accounts: [IPAddress: Account]) -> [MonitorEvent] {
        guard listing.isWhole else { return [] }
        let unused = Set(accounts.keys).subtracting(listing.hosts.map(\.address))
        defer { told = unused }
        return unused.subtracting(told).sorted().map { .accountWithoutBackend($0) }
    }
}
