package import Site

/// What is written down of a HOST-DOWN of this monitor, so that neither a restart nor a kill forgets whose it was.
package struct DownIntent: Hashable, Sendable {
    /// When it was decided; in an earlier run, perhaps.
    package let at: Instant
    /// HOST-LIST's time of last change that showed it, in seconds since 1970; nil until a list has.
    package let change: Int?

    /// Makes an intent.
    package init(at: Instant, change: Int? = nil) {
        self.at = at
        self.change = change
    }
}

/// What an earlier run had written down.
package struct RestoredIntents: Hashable, Sendable {
    /// By backend.
    package private(set) var intents: [IPAddress: DownIntent]
    /// Those whose earlier run has ended; of the others, this run itself has lost sight.
    private var ofEarlierRun: Set<IPAddress>
    /// Backends that were listed up while their HOST-DOWN may still be held in the director, and until when that may be.
    private var open: [IPAddress: Instant] = [:]
    /// `Instant.origin` in seconds since 1970, by the clock of now.
    private let unixOrigin: Int

    /// How much earlier than decided, or later, a change may be dated that is the earlier run's: the director waits 30 s for
    /// the ring before it runs a command, and holds it as long again; the rest is for clocks.
    private static let tolerance = -5...125

    /// Makes the memory; by itself, an empty one.
    package init(_ intents: [IPAddress: DownIntent] = [:], unixOrigin: Int = 0) {
        self.intents = intents
        ofEarlierRun = Set(intents.keys)
        self.unixOrigin = unixOrigin
    }

    /// The backend is not listed any more: it may come back as it was.
    mutating func keep(_ intent: DownIntent?, of address: IPAddress) {
        guard let intent else { return }
        intents[address] = intent
        ofEarlierRun.remove(address)
    }

    /// Another run has written this down later than what is known.
    mutating func add(_ intent: DownIntent, of address: IPAddress) {
        if let known = intents[address], known.at >= intent.at { return }
        intents[address] = intent
        ofEarlierRun.insert(address)
    }

    /// The backend will not come back.
    mutating func forget(_ address: IPAddress) {
        intents[address] = nil
        open[address] = nil
        ofEarlierRun.remove(address)
    }

    /// Whether it is not known how far this monitor has come with this backend.
    func isOfEarlierRun(_ address: IPAddress) -> Bool { ofEarlierRun.contains(address) }

    /// Whether it is not known yet what became of a backend's HOST-DOWN.
    func awaits(_ address: IPAddress) -> Bool {
        (!intents.isEmpty && intents[address] != nil) || isOpen(address)
    }

    /// Whether the director may still run a HOST-DOWN of an earlier run, although it lists the backend up.
    func isOpen(_ address: IPAddress) -> Bool { !open.isEmpty && open[address] != nil }

    /// The backend is listed for the first time in this run, or again: gives the HOST-DOWN that the list shows. Up on a ring
    /// that is not synced shows nothing: the director may hold the HOST-DOWN still.
    ///
    /// In between anybody may have changed it: what the list shows is the earlier run's when it bears the very time that
    /// the earlier run had seen, or, where that had seen none, a time soon after its decision.
    mutating func claim(_ row: Host, isSettled: Bool, at now: Instant) -> DownIntent? {
        if let end = open[row.address], row.state == .down || now >= end { open[row.address] = nil }
        guard row.state == .down || isSettled, let intent = intents.removeValue(forKey: row.address) else { return nil }
        guard row.state == .down else {
            // A clock that was ahead when it was decided makes it no longer.
            let end = min(intent.at, now) + .seconds(Self.tolerance.upperBound)
            if intent.change == nil, now < end { open[row.address] = end }
            return nil
        }
        if let change = intent.change { return change == row.lastChange ? intent : nil }
        // Both times are foreign, and may be anything.
        let age = row.lastChange &- unixOrigin &- Int(intent.at.nanoseconds / 1_000_000_000)
        return Self.tolerance.contains(age) ? DownIntent(at: intent.at, change: row.lastChange) : nil
    }
}
