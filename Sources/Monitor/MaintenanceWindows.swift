internal import Site

/// The maintenance windows that go on, of backends that are listed or not.
struct MaintenanceWindows: Sendable {
    private(set) var all: [IPAddress: Maintenance]
    /// When the first of them ends.
    private(set) var nextEnd = Instant.distantFuture

    init(_ windows: [IPAddress: Maintenance]) {
        all = windows
        findNextEnd()
    }

    subscript(address: IPAddress) -> Maintenance? { all[address] }

    /// A window begins, or takes the place of another.
    mutating func begin(_ window: Maintenance, for address: IPAddress) {
        all[address] = window
        findNextEnd()
    }

    /// A window ends; nil when there is none.
    mutating func end(_ address: IPAddress) -> Maintenance? {
        guard let window = all.removeValue(forKey: address) else { return nil }
        findNextEnd()
        return window
    }

    /// The backends whose window is over, in a settled order.
    func over(at now: Instant) -> [IPAddress] {
        now < nextEnd ? [] : all.filter { $0.value.until <= now }.keys.sorted()
    }

    // Somebody asks for it with each event.
    private mutating func findNextEnd() { nextEnd = all.values.reduce(.distantFuture) { min($0, $1.until) } }
}
