import RingLab

/// Whether ten thousand backends are polled when it is their turn.
struct Punctuality {
    let stage: Stage
    private var backends: Int { stage.isBrief ? 100 : 10_000 }
    private var interval: Double { stage.isBrief ? 0.5 : 10 }
    private var timeout: Double { stage.isBrief ? 0.3 : 3 }
    /// In intervals.
    private let warmUp = 2.0
    private let length = 3.0

    private struct Row {
        let name: String
        let backends: Int
        var settings: [(String, String)] = []
        var silent = 0
        var ports = ["imap"]
        var hasSentinels = false
        /// Whether that may be more than the machine can: then polls may lack time, and the table says how many.
        var isTooMuch = false
    }

    private struct Result {
        let outcome: Plan.Outcome
        let own: OwnLateness
        let shares: Shares
        let downs: Int
        let failed: Int

        var worst99: Double { outcome.lateness.quantile(0.99) }
        var missed: Int { outcome.due - outcome.lateness.sorted.count }
        /// Both figures: what the backends see, and what dovemon says.
        var text99: String { "\(text(worst99, 1)) ms, by its own count at most \(text(own.bound(0.99), 0)) ms" }
        func isOnTime(_ limit: Double) -> Bool { missed == 0 && worst99 <= limit && own.bound(0.99) <= limit }
    }

    func measure() async throws -> Section {
        let encrypted = [
            ("imap_ssl", "yes"), ("poll_pop3", "yes"), ("pop3_ssl", "yes"), ("poll_lmtp", "yes"),
            ("lmtp_ssl", "starttls"), ("ssl_resume", "no"), ("ssl_verify", "yes"),
            ("ssl_ca_file", stage.certificate.authority), ("ssl_server_name", Certificate.name),
        ]
        let rows =
            [
                Row(name: "\(backends) × IMAP", backends: backends),
                Row(
                    name: "\(backends) × IMAP, half of them silent; the others' polls", backends: backends,
                    silent: backends / 2),
                // By default polls have half of the descriptors, which are 20,000 on many machines.
                Row(
                    name: "\(backends) × IMAP, `sentinel: yes`", backends: backends,
                    settings: [("sentinel", "yes"), ("max_polls", "1000")], hasSentinels: true),
            ]
            + [backends, backends / 4].map {
                Row(
                    name: "\($0) × (IMAP + POP3 + LMTP), TLS, full handshakes", backends: $0, settings: encrypted,
                    ports: ["imaps", "pop3s", "lmtp"], isTooMuch: true)
            }
        var table = Table(
            "backends × services", "polls", "lateness, ms: median, 99 %, 99.9 %, worst",
            "by dovemon's own count: mean, 99 %", "of one processor", "the peers", "failed polls", "HOST-DOWN")
        var results: [Result] = []
        for (number, row) in rows.enumerated() {
            let result = try await run(row, "punctual-\(number)")
            let late = result.outcome.lateness
            let cells = [
                row.name, "\(late.sorted.count) of \(result.outcome.due)",
                [0.5, 0.99, 0.999, 1].map { text(late.quantile($0), 1) }.joined(separator: ", "),
                "\(text(result.own.mean, 1)), ≤ \(text(result.own.bound(0.99), 0))",
                "\(text(result.shares.contender * 100, 1)) %", Shares.peersText(result.shares.peers),
                "\(result.failed)", "\(result.downs)",
            ]
            say(cells.joined(separator: " | "))
            table.add(cells)
            results.append(result)
        }
        return Section(
            text: """
                ### Punctuality

                Polls every \(text(interval, interval < 1 ? 1 : 0)) s; those that were due in \(text(length, 0)) intervals. The
                peers note when each connection is accepted. That is compared with the plan that dovemon's way to spread
                polls gives, reckoned from its first interval; so a lag that stays the same counts, too. A poll that
                came more than an interval late is missing. Dovemon's own count (`dovemon_schedule_lateness_seconds`) goes
                from the plan to when the poll begins, in buckets. Failed polls and HOST-DOWN are since the start; but for
                TLS, no poll of a backend that answers failed, and HOST-DOWN was said of the silent ones alone.

                \(table.markdown)
                """, targets: targets(results))
    }

    private func targets(_ results: [Result]) -> [Target] {
        let (alone, half, sentinels) = (results[0], results[1], results[2])
        func share(_ result: Result) -> String { "\(text(result.shares.contender * 100, 0)) %" }
        return [
            Target(
                "\(backends) × IMAP: lateness, 99 %", "at most 50 ms", reached: alone.text99, isMet: alone.isOnTime(50)),
            Target(
                "\(backends) × IMAP: of one processor", "at most 50 %", reached: share(alone),
                isMet: alone.shares.contender <= 0.5),
            Target(
                "half of them silent: the others' lateness, 99 %, and verdicts", "at most 50 ms, none wrong",
                reached: "\(half.text99); none wrong", isMet: half.isOnTime(50)),
            Target(
                "`sentinel: yes`: lateness, 99 %", "at most 50 ms", reached: "\(sentinels.text99); \(share(sentinels))",
                isMet: sentinels.isOnTime(50)),
        ]
            + results.dropFirst(3).prefix(1).map { result in
                Target(
                    "\(backends) × three protocols, TLS", "all in time, or the honest figure",
                    reached:
                        "\(result.missed) of \(result.outcome.due) missing, \(result.failed) failed; \(result.text99)",
                    isMet: result.isOnTime(50) && result.missed == 0 && result.failed == 0)
            }
    }

    private func run(_ row: Row, _ label: String) async throws -> Result {
        let peers = stage.peers
        let (backends, healthy) = (row.backends, row.backends - row.silent)
        var (before, window, silence): (OwnLateness?, Range<UInt64>, UInt64) = (nil, 0..<0, .max)
        var shares: Shares?
        var running: Running?
        let visits = try await peers.visits(in: stage.workshop) {
            let started = try await Dovemon(settings: row.settings + [("timeout", "\(timeout)")]).start(
                Work(backends: backends, interval: interval), stage, label)
            running = started
            if row.silent > 0 {
                try await pause(interval)
                silence = now()
                try await peers.set(.silent, from: healthy + 1, count: row.silent)
                // Until the dead ones are down.
                try await pause(2 * interval)
            }
            if row.hasSentinels { try await peers.waitForSentinels(backends) }
            try await pause(interval * warmUp)
            before = try started.metrics().lateness
            let start = now()
            window = start..<(start + UInt64(interval * length * 1e9))
            (shares, _) = try await Shares.during(started, peers) { try await pause(interval * length) }
            // For those that come late.
            try await pause(interval)
        }
        guard let running, let before, let shares else { throw LabError.failed("nothing was measured") }
        let metrics = try running.metrics()
        let downs = try await stage.director.commands().filter { !$0.isUp }.map(\.address)
        try await running.stop()
        try await peers.set(.healthy, count: backends)
        try check(metrics, downs, visits, row, silence: silence)
        let ports = row.ports.map { UInt16(peers.port($0)) }
        let first = IPv4(Peers.firstAddress).number
        let plan = try Plan(
            interval: interval,
            from: visits.filter { ports.contains($0.port) && $0.address - first < UInt32(healthy) })
        return Result(
            outcome: plan.outcome(of: visits, backends: healthy, ports: ports, dueIn: window),
            own: metrics.lateness.since(before), shares: shares, downs: downs.count, failed: metrics.failed)
    }

    /// Throws unless the polls of the silent backends, and none else, have failed.
    private func check(
        _ metrics: Metrics, _ downs: [String], _ visits: [Peers.Visit], _ row: Row, silence: UInt64
    ) throws {
        // A kind of poll that fails as such is none of them.
        if row.isTooMuch, metrics.lacksOnlyTime { return }
        let (backends, healthy) = (row.backends, row.backends - row.silent)
        let silent = Set((healthy + 1..<backends + 1).map(Peers.address))
        guard metrics.unhealthy == silent, Set(downs) == silent else {
            throw LabError.failed(
                "\(row.name): \(metrics.unhealthy.count) are taken for faulty and \(downs.count) were commanded down, where "
                    + "\(silent.count) are silent: \(metrics.failuresText)")
        }
        // A poll that was under way at that moment hears no more, either.
        let first = IPv4(Peers.firstAddress).number
        let lost = visits.count {
            $0.address - first >= UInt32(healthy) && Double($0.time) + timeout * 1e9 >= Double(silence)
        }
        guard metrics.failed <= (row.silent > 0 ? lost : 0) else {
            throw LabError.failed("\(row.name): more polls failed than the silent ones': \(metrics.failuresText)")
        }
        // So many may be under way.
        guard row.hasSentinels || metrics.succeeded >= visits.count - lost - max(100, visits.count / 50) else {
            throw LabError.failed("\(row.name): \(metrics.succeeded) polls went well of \(visits.count - lost)")
        }
    }
}
