internal import Site

/// Since when backends of which something is remembered have not been listed.
///
/// One that is away for a repair comes back as it was. What is remembered of those that are gone for good must not pile up:
/// addresses are taken from pools, and state files live for years.
struct Absences: Sendable {
    /// Longer than a repair takes.
    static let limit = Duration.seconds(7 * 86_400)

    private(set) var since: [IPAddress: Instant]

    /// Those that an earlier run knew of, and since the start of this one all others of which it has left something.
    init(_ earlier: [IPAddress: Instant], ofAll remembered: some Sequence<IPAddress>, at now: Instant) {
        since = Dictionary(remembered.map { ($0, earlier[$0] ?? now) }) { first, _ in first }
    }

    mutating func began(_ address: IPAddress, at now: Instant) { since[address] = now }

    /// The backend is listed again; gives whether it was known to be absent.
    mutating func ended(_ address: IPAddress) -> Bool { since.removeValue(forKey: address) != nil }

    /// Takes those that have lasted too long, in a settled order.
    mutating func removeLong(at now: Instant) -> [IPAddress] {
        let over = since.filter { now - $0.value >= Self.limit }.keys.sorted()
        for address in over { since[address] = nil }
        return over
    }
}
