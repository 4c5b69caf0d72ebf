import RingLab

/// Whether ten thousand backends are polled when it is their turn.
struct Punctuality {
    let stage: Stage
    private var backends: Int { stage.isBrief ? 100 : 10_000 }
    private var interval: Double { stage.isBrief ? 0.5 : 10 }
    /// In intervals.
    private let warmUp = 2.0
    private let length = 4.0

    func measure() async throws -> String {
        var table = Table(
            "backends × services", "", "polls", "lateness, ms: median, 99 %, 99.9 %, worst", "of one processor",
            "HOST-DOWN")
        func add(_ name: String, _ contender: Dovemon, silent: Int = 0, ports: [String]) async throws {
            let result = try await run(contender, silent: silent, ports: ports, "punctual-\(table.rows.count)")
            let late = result.lateness
            let quantiles = [0.5, 0.99, 0.999, 1].map { text(late.quantile($0) / 1e6, 1) }
            say("\(name): lateness \(quantiles.joined(separator: ", ")) ms, \(text(result.share * 100, 1)) %")
            table.add(
                name, "dovemon", "\(late.sorted.count) of \(result.due)", quantiles.joined(separator: ", "),
                "\(text(result.share * 100, 1)) %", "\(result.downs)")
        }
        try await add("\(backends) × IMAP", Dovemon(), ports: ["imap"])
        try await add(
            "\(backends) × IMAP, half of them silent; the others' polls", Dovemon(), silent: backends / 2,
            ports: ["imap"])
        let all = [
            ("imap_ssl", "yes"), ("poll_pop3", "yes"), ("pop3_ssl", "yes"), ("poll_lmtp", "yes"),
            ("lmtp_ssl", "starttls"),
        ]
        try await add(
            "\(backends) × (IMAP + POP3 + LMTP), TLS, full handshakes",
            Dovemon(settings: all + [("ssl_resume", "no")]), ports: ["imaps", "pop3s", "lmtp"])
        return """
            ### Punctuality

            Polls every \(text(interval, interval < 1 ? 1 : 0)) s, watched for \(text(length, 0)) intervals. The peers note when
            each connection is accepted. A backend's polls are due an interval apart; how late one is, is counted from
            the earliest that its others allow.

            \(table.markdown)
            """
    }

    private func run(
        _ contender: Dovemon, silent: Int, ports: [String], _ label: String
    ) async throws -> (lateness: Figures, due: Int, share: Double, downs: Int) {
        let peers = stage.peers
        let work = Work(backends: backends, interval: interval)
        let process = try await contender.start(work, stage, label)
        let healthy = backends - silent
        if silent > 0 {
            try await pause(interval)
            try await peers.set(.silent, from: healthy + 1, count: silent)
            // Until the dead ones are down.
            try await pause(2 * interval)
        }
        try await pause(interval * warmUp)
        var share = 0.0
        let visits = try await peers.visits(in: stage.workshop) {
            guard let before = processorTime(of: process.pid) else { throw LabError.failed(process.output) }
            let start = now()
            try await pause(interval * length)
            share = ((processorTime(of: process.pid) ?? before) - before) / (Double(now() - start) / 1e9)
        }
        let downs = try await stage.director.commands().filter { !$0.isUp }
        try await peers.set(.healthy, count: backends)
        try await stop(process)
        let first = IPv4(Peers.firstAddress).number
        let watched = Set(ports.map { UInt16(peers.port($0)) })
        let lateness = lateness(
            visits.filter { watched.contains($0.port) && $0.address < first + UInt32(healthy) })
        return (lateness, Int(Double(healthy * ports.count) * length), share, downs.count)
    }

    /// In nanoseconds. Among a backend's polls of a protocol none is before its turn, so the one that is earliest within
    /// its interval tells when that is.
    private func lateness(_ visits: [Peers.Visit]) -> Figures {
        let period = UInt64(interval * 1e9)
        let byService = Dictionary(grouping: visits) { UInt64($0.address) << 16 | UInt64($0.port) }
        return Figures(
            byService.values.lazy.flatMap { visits -> [Double] in
                let start = visits[0].time
                // Around the first poll, so that one that came a little before its turn is no interval late.
                let offsets = visits.map { visit -> Double in
                    let elapsed = Double(visit.time) - Double(start)
                    let turns = (elapsed / Double(period)).rounded()
                    return elapsed - turns * Double(period)
                }
                let earliest = offsets.min() ?? 0
                return offsets.map { $0 - earliest }
            })
    }
}

/// An address as a number, in the host's order.
struct IPv4 {
    let number: UInt32

    init(_ text: String) { number = text.split(separator: ".").reduce(0) { $0 << 8 | (UInt32($1) ?? 0) } }
}
