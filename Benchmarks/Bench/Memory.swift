import RingLab

/// What the programs have of the machine's memory with few and with many healthy backends.
struct Memory {
    let stage: Stage

    /// Backends of one kind, in several numbers.
    private struct Series {
        let name: String
        let contender: any Contender
        var encryption = Work.Encryption.none
        var hasSentinels = false
        /// Whether the metrics are asked for ten times in the interval in which the memory is looked at.
        var isAsked = false
        /// So many backends, polled so many times each at this interval.
        let steps: [(backends: Int, polls: Int, interval: Double)]
    }

    private var all: [Series] {
        let most = (backends: 10_000, polls: 3, interval: 10.0)
        let brief = [(backends: 10, polls: 2, interval: 0.5), (backends: 100, polls: 2, interval: 0.5)]
        let ends = stage.isBrief ? brief : [(backends: 10, polls: 3, interval: 2), most]
        // By then a backend has all that it ever has.
        let long =
            stage.isBrief ? brief : [(backends: 10, polls: 30, interval: 1), (1_000, 30, 1), (10_000, 26, 10)]
        // Begun with full handshakes, a thousand a second are more than one processor has on many machines.
        let slow = stage.isBrief ? brief : [(backends: 10, polls: 3, interval: 2), (10_000, 3, 20)]
        let haproxy = [Series(name: "plain", contender: HAProxy(), steps: ends)]
        return [Series(name: "plain", contender: Dovemon(servesMetrics: false), steps: long)]
            + (HAProxy.isInstalled ? haproxy : []) + [
                Series(name: "plain, metrics asked for", contender: Dovemon(), isAsked: true, steps: ends),
                Series(
                    name: "TLS, sessions kept", contender: Dovemon(servesMetrics: false), encryption: .resumed,
                    steps: slow),
                Series(
                    name: "plain, `sentinel: yes`",
                    contender: Dovemon(settings: [("sentinel", "yes"), ("max_polls", "1000")], servesMetrics: false),
                    hasSentinels: true,
                    steps: ends),
            ]
    }

    func measure() async throws -> Section {
        var table = Table(
            "backends", "", "", "polls of each before", "resident memory, MiB", "each further backend, KiB")
        var (least, slopes): (Double?, [Double]) = (nil, [])
        for (index, series) in all.enumerated() {
            var few: (count: Int, memory: Int)?
            for step in series.steps {
                let label = "memory-\(index)-\(step.backends)"
                let memory = try await resident(series, step.backends, step.polls, step.interval, label)
                let slope = few.map { Double(memory - $0.memory) / Double(step.backends - $0.count) }
                table.add(
                    "\(step.backends)", series.contender.name, series.name, "\(step.polls)",
                    text(Double(memory) / 1024, 1), slope.map { text($0, 2) } ?? "")
                say("memory, \(series.contender.name), \(series.name), \(step.backends) backends: \(memory) KiB")
                few = few ?? (step.backends, memory)
                if index == 0 {
                    least = least ?? Double(memory) * 1024 / 1e6
                    slopes += [slope].compactMap(\.self)
                }
            }
        }
        let history = try await Histories.measure(stage.isBrief ? 500 : 10_000, in: stage.workshop)
        let slope = slopes.last ?? .nan
        say("memory: a day's history \(text(history, 2)) KiB")
        return Section(
            text: """
                ### Memory

                IMAP, all healthy; the most that was seen in the interval behind so many polls of each backend. Each
                backend's history (docs/control.md) has its place from the first poll on; what 24 hours add to it is
                \(text(history, 2)) KiB, measured in a program that fills 10,000 of them.

                \(table.markdown)
                """,
            targets: [
                Target("memory with 10 backends", atMost: 25, least ?? .nan, unit: " MB", digits: 1),
                Target("memory, each further backend, healthy, plain", atMost: 6, slope, unit: " KiB"),
                Target("the same with a day's history", atMost: 6, slope + history, unit: " KiB"),
            ])
    }

    /// In KiB.
    private func resident(
        _ series: Series, _ count: Int, _ polls: Int, _ interval: Double, _ label: String
    ) async throws -> Int {
        let work = Work(backends: count, interval: interval, encryption: series.encryption)
        let peers = stage.peers(work)
        try await peers.ask("reset")
        let running = try await series.contender.start(work, stage, label)
        try await waitUntil("\(running.name) to poll all \(polls) times", within: .seconds(400)) {
            _ = try running.processorTime()
            return try await peers.counts().finished >= polls * count
        }
        if series.hasSentinels { try await peers.waitForSentinels(count) }
        var most = 0
        for _ in 0..<10 {
            try await pause(interval / 10)
            if series.isAsked { _ = try running.metrics() }
            most = max(most, residentMemory(of: running.process.pid) ?? 0)
        }
        try await running.endUnfailing()
        return most
    }
}
