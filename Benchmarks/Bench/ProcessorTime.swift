import RingLab

/// What a poll costs: seconds of processor time, user and system, by the polls that came to their end.
struct ProcessorTime {
    let stage: Stage
    private var rounds: Int { stage.isBrief ? 1 : 5 }
    private var warmUp: Double { stage.isBrief ? 0.2 : 2 }

    /// A row for each of the contenders.
    private struct Series {
        let name: String
        let work: Work
        let contenders: [any Contender]
        /// What dovemon may cost, as a multiple of the contender with this name.
        let limits: [(name: String, most: Double)]
    }

    /// Of one run.
    private struct Cost {
        /// Microseconds a poll.
        let time: Double
        let peersShare: Double
    }

    private var all: [Series] {
        let haproxy: [any Contender] = HAProxy.isInstalled ? [HAProxy()] : []
        let plain = [Dovemon()] + haproxy + [Floor()]
        func work(_ backends: Int, _ interval: Double, _ encryption: Work.Encryption = .none) -> Work {
            stage.isBrief
                ? Work(backends: 50, interval: 0.5, encryption: encryption)
                : Work(backends: backends, interval: interval, encryption: encryption)
        }
        let limits = [("HAProxy", 1.0), ("floor", 2)]
        return [
            Series(name: "plain", work: work(2_000, 2), contenders: plain, limits: limits),
            Series(name: "plain", work: work(1_000, 10), contenders: plain, limits: limits),
            Series(
                name: "TLS 1.3, full handshakes", work: work(1_000, 2, .full), contenders: [Dovemon(), Floor()],
                limits: [("floor", 1.5)]),
            Series(
                name: "TLS 1.3, resumed", work: work(1_000, 2, .resumed), contenders: [Dovemon(), Floor()],
                limits: [("floor", 1.5)]),
        ]
    }

    func measure() async throws -> Section {
        var table = Table(
            "IMAP poll", "rate", "", "CPU a poll, µs", "dovemon in relation to it", "the peers, of one processor")
        var targets: [Target] = []
        for (index, series) in all.enumerated() {
            let rate = "\(text(series.work.pollsPerSecond, 0))/s"
            var costs: [[Cost]] = series.contenders.map { _ in [] }
            for round in 1...rounds {
                for (number, contender) in series.contenders.enumerated() {
                    costs[number].append(try await cost(contender, series.work, "cpu-\(index)-\(round)-\(number)"))
                }
                let latest = zip(series.contenders, costs).map { "\($0.name) \(text($1.last?.time ?? .nan, 1)) µs" }
                say("\(series.name), \(rate), round \(round): \(latest.joined(separator: ", "))")
            }
            for (number, contender) in series.contenders.enumerated() {
                let relations = Figures(zip(costs[0], costs[number]).map { $0.time / $1.time })
                table.add(
                    series.name, rate, contender.name, spread(costs[number].map(\.time), digits: 1),
                    number == 0 ? "" : spread(relations.sorted, digits: 2),
                    Shares.peersText(Figures(costs[number].map(\.peersShare)).most))
                if let limit = series.limits.first(where: { $0.name == contender.name }) {
                    targets.append(
                        Target(
                            "CPU for one IMAP poll, \(series.name), \(rate): × \(contender.name)",
                            atMost: limit.most, relations.median))
                }
            }
        }
        return Section(
            text: """
                ### CPU for one poll

                Greeting, LOGIN, LIST, LOGOUT, each contender in turn with the same peers, \(rounds) rounds, in which no poll
                failed. Medians, and in parentheses the least and the most; the relations are those of the rounds, pair by
                pair.

                \(table.markdown)
                """, targets: targets)
    }

    private func cost(_ contender: any Contender, _ work: Work, _ label: String) async throws -> Cost {
        let peers = stage.peers(work)
        try await peers.ask("reset")
        let running = try await contender.start(work, stage, label)
        try await waitUntil("\(contender.name) to poll", within: .seconds(20)) {
            try await peers.counts().finished > 0
        }
        // Where sessions are resumed, each backend has to have been polled once.
        try await pause(warmUp + (work.encryption == .resumed ? work.interval : 0))
        // Whole intervals: the director's list is read in each.
        let length = stage.isBrief ? 0.5 : max(work.interval, 4)
        let (before, start) = (try await peers.counts(), try running.processorTime())
        let (shares, _) = try await Shares.during(running, peers) { try await pause(length) }
        let (after, end) = (try await peers.counts(), try running.processorTime())
        try await running.endUnfailing()
        let (count, expected) = (after.finished - before.finished, work.pollsPerSecond * length)
        guard Double(count) > expected * 0.8, Double(count) < expected * (stage.isBrief ? 2 : 1.2) else {
            throw LabError.failed("\(contender.name) made \(count) polls where \(expected) were due")
        }
        if work.encryption == .resumed, after.resumed - before.resumed < count * 9 / 10 {
            throw LabError.failed("\(contender.name) resumed \(after.resumed - before.resumed) sessions of \(count)")
        }
        return Cost(time: (end - start) / Double(count) * 1e6, peersShare: shares.peers)
    }
}
