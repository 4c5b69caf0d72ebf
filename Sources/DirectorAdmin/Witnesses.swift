internal import HeapModule
internal import Site

/// Since when as many backends as are needed have been seen healthy, where each counts by its latest good round.
///
/// Rounds have to come in the order of their ends.
struct Witnesses {
    private let needed: Int
    /// The backends that were seen latest, as many as are needed, and the start of each one's latest round.
    private var starts: [IPAddress: Instant] = [:]
    /// Their rounds, with outdated ones among them, but never at the head.
    private var sightings = Heap<Dated<IPAddress>>()

    /// Needs so many, at least one.
    init(needed: Int) { self.needed = needed }

    /// A round that was started then has succeeded.
    mutating func saw(_ address: IPAddress, from start: Instant) {
        starts[address] = start
        sightings.insert(Dated(time: start, value: address))
        while let first = sightings.min {
            let isOutdated = starts[first.value] != first.time
            guard isOutdated || starts.count > needed else { break }
            sightings.removeMin()
            if !isOutdated { starts[first.value] = nil }
        }
    }

    /// The earliest start among as many as are needed; nil while there are fewer.
    var since: Instant? { starts.count == needed ? sightings.min?.time : nil }
}
