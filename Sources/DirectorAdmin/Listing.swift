/// What one look at the director shows: the ring's state, and the backends.
package struct Listing: Hashable, Sendable {
    /// The state of the ring; nil from a director that does not tell it.
    package var ring: RingState?
    /// The backends, in the director's order.
    package var hosts: [Host]
    /// Lines of HOST-LIST that are no rows, as text for people; at most ten are kept.
    package var unreadable: [String]

    /// Whether a backend that is not in it is no backend of the ring, as far as anybody can know.
    package var isWhole: Bool { (ring == .synced || ring == nil) && unreadable.isEmpty }

    /// Makes a listing.
    package init(ring: RingState?, hosts: [Host], unreadable: [String] = []) {
        self.ring = ring
        self.hosts = hosts
        self.unreadable = unreadable
    }
}

/// How far the directors of the ring agree, by the `self` line of DIRECTOR-LIST.
package enum RingState: Hashable, Sendable {
    /// All directors have the same state: changes go through at once.
    case synced
    /// A director does not answer the others: changes are held back.
    case syncing
    /// This director is new in the ring: what it lists is not yet true.
    case handshaking

    /// By the words of the status field: `ring synced`, `ring syncing - last sync 30 secs ago`, `ring handshaking`.
    /// Words of a later version count as not synced, so that commands wait.
    init(status: String) {
        if status.hasPrefix("ring synced") {
            self = .synced
        } else if status.hasPrefix("ring handshaking") {
            self = .handshaking
        } else {
            self = .syncing
        }
    }
}

/// Why the director could not be asked.
package struct DirectorFailure: Error, Hashable, Sendable {
    /// What happened, in one line: foreign text in it has been through `printable`.
    package let text: String

    /// Makes a failure.
    package init(_ text: String) { self.text = text }
}
