import RingLab

/// When dovemon's polls are due, reckoned from how it spreads them, and not from when they come: each backend's place within
/// the interval is given by the golden ratio, in hundredths of a second, in the order of the director's list.
struct Plan {
    /// All in nanoseconds.
    private let interval: Double
    private let origin: Double

    private static let grain = 1e7

    /// What became of the polls that were due in a while.
    struct Outcome {
        /// In milliseconds.
        let lateness: Figures
        let due: Int
    }

    /// - Parameters:
    ///   - interval: in seconds.
    ///   - visits: all since dovemon was started. No poll comes before its turn, so in the first interval the earliest of all
    ///     backends tells when that began.
    init(interval: Double, from visits: [Peers.Visit]) throws {
        let period = interval * 1e9
        self.interval = period
        guard let start = visits.first?.time else { throw LabError.failed("nothing was polled") }
        origin =
            visits.lazy.prefix { Double($0.time - start) < period }
            .map { Double($0.time) - Self.offset(of: $0.address, in: period) }.min() ?? Double(start)
    }

    private static func offset(of address: UInt32, in period: Double) -> Double {
        let number = Double(address - IPv4(Peers.firstAddress).number)
        let place = (number * 0.618_033_988_749_894_9).truncatingRemainder(dividingBy: 1) * period
        return place - place.truncatingRemainder(dividingBy: grain)
    }

    /// How late the polls were that were due in `window`: those of the first so many backends, at each of these ports. A poll
    /// that came more than an interval late is none.
    func outcome(of visits: [Peers.Visit], backends: Int, ports: [UInt16], dueIn window: Range<UInt64>) -> Outcome {
        struct Turn: Hashable {
            let address: UInt32
            let port: UInt16
            let number: Int
        }
        let first = IPv4(Peers.firstAddress).number
        let (start, end) = (Double(window.lowerBound) - origin, Double(window.upperBound) - origin)
        func turns(_ offset: Double) -> Range<Int> {
            Int(((start - offset) / interval).rounded(.up))..<Int(((end - offset) / interval).rounded(.up))
        }
        var lateness: [Turn: Double] = [:]
        for visit in visits where visit.address - first < UInt32(backends) && ports.contains(visit.port) {
            let offset = Self.offset(of: visit.address, in: interval)
            let elapsed = Double(visit.time) - origin - offset
            // The origin may be reckoned somewhat too late.
            let number = Int((elapsed / interval + 0.05).rounded(.down))
            guard turns(offset).contains(number) else { continue }
            let turn = Turn(address: visit.address, port: visit.port, number: number)
            lateness[turn] = min(lateness[turn] ?? .infinity, max(0, elapsed - Double(number) * interval))
        }
        let due = (0..<UInt32(backends)).reduce(0) {
            $0 + turns(Self.offset(of: first + $1, in: interval)).count * ports.count
        }
        return Outcome(lateness: Figures(lateness.values.map { $0 / 1e6 }), due: due)
    }
}

/// An address as a number, in the host's order.
struct IPv4 {
    let number: UInt32

    init(_ text: String) { number = text.split(separator: ".").reduce(0) { $0 << 8 | (UInt32($1) ?? 0) } }
}
