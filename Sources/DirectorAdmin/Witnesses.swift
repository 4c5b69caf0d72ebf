internal import HeapModule
internal import Site

/// Since when as many backends as are needed have been seen healthy, where each counts by its latest good round.
///
/// Rounds have to come in the order of their ends.
struct Witnesses {
    private struct Sighting: Comparable {
        let start: Instant
        let address: IPAddress

        static func < (left: Sighting, right: Sighting) -> Bool {
            (left.start, left.address) < (right.start, right.address)
        }
    }

    private let needed: Int
    /// The backends that were seen latest, as many as are needed, and the start of each one's latest round.
    private var starts: [IPAddress: Instant] = [:]
    /// Their rounds, with outdated ones among them, but never at the head.
    private var sightings = Heap<Sighting>()

    /// Needs so many, at least one.
    init(needed: Int) { self.needed = needed }

    /// A round that was started then has succeeded.
    mutating func saw(_ address: IPAddress, from start: Instant) {
        starts[address] = start
        sightings.insert(Sighting(start: start, address: address))
        while let first = sightings.min {
            let isOutdated = starts[first.address] != first.start
            guard isOutdated || starts.count > needed else { break }
            sightings.removeMin()
            if !isOutdated { starts[first.address] = nil }
        }
    }

    /// The earliest start among as many as are needed; nil while there are fewer.
    var since: Instant? { starts.count == needed ? sightings.min?.start : nil }
}
