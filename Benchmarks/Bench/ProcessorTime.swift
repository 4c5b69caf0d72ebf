import RingLab

/// What a poll costs: seconds of processor time, user and system, by the polls that came to their end.
struct ProcessorTime {
    let stage: Stage
    private var rounds: Int { stage.isBrief ? 1 : 5 }
    private var warmUp: Double { stage.isBrief ? 0.3 : 2.5 }
    private var length: Double { stage.isBrief ? 0.5 : 5 }

    func measure() async throws -> String {
        let haproxy: [any Contender] = HAProxy.isInstalled ? [HAProxy()] : []
        let (plain, plainRate) = stage.isBrief ? (50, 1.0) : (2_000, 2.0)
        let encrypted = stage.isBrief ? 50 : 1_000
        let works: [(String, Work, [any Contender])] = [
            ("plain", Work(backends: plain, interval: plainRate), haproxy),
            ("TLS 1.3, full handshakes", Work(backends: encrypted, interval: plainRate, encryption: .full), []),
            ("TLS 1.3, resumed", Work(backends: encrypted, interval: plainRate, encryption: .resumed), []),
        ]
        var table = Table("IMAP poll", "rate", "", "CPU a poll, µs", "dovemon in relation to it")
        for (name, work, others) in works {
            let contenders: [any Contender] = [Dovemon()] + others + [Floor()]
            var costs: [[Double]] = contenders.map { _ in [] }
            for round in 1...rounds {
                for (number, contender) in contenders.enumerated() {
                    costs[number].append(try await cost(contender, work, "cpu-\(work.encryption)-\(round)-\(number)"))
                }
                let latest = zip(contenders, costs).map { "\($0.name) \(text($1.last ?? .nan, 1)) µs" }
                say("\(name), round \(round): \(latest.joined(separator: ", "))")
            }
            for (number, contender) in contenders.enumerated() {
                table.add(
                    name, "\(text(work.pollsPerSecond, 0))/s", contender.name, spread(costs[number], digits: 1),
                    number == 0 ? "" : spread(zip(costs[0], costs[number]).map { $0 / $1 }, digits: 2))
            }
        }
        return """
            ### CPU for one poll

            Greeting, LOGIN, LIST, LOGOUT, each contender in turn with the same peers, \(rounds) rounds. Medians, and in
            parentheses the least and the most; the relations are those of the rounds, pair by pair.

            \(table.markdown)
            """
    }

    /// Microseconds a poll.
    private func cost(_ contender: any Contender, _ work: Work, _ label: String) async throws -> Double {
        let peers = stage.peers(work)
        try await peers.ask("reset")
        let process = try await contender.start(work, stage, label)
        func polls() async throws -> (time: Double, count: Int, resumed: Int, handshakes: Int) {
            guard let time = processorTime(of: process.pid) else {
                throw LabError.failed("\(contender.name) has ended: \(process.output.suffix(500))")
            }
            let counts = try await peers.counts()
            return (time, counts.finished, counts.resumed, counts.handshakes)
        }
        try await waitUntil("\(contender.name) to poll", within: .seconds(20)) { try await polls().count > 0 }
        // Where sessions are resumed, each backend has to have been polled once.
        try await pause(warmUp + (work.encryption == .resumed ? 2 * work.interval : 0))
        let before = try await polls()
        try await pause(length)
        let after = try await polls()
        try await stop(process)
        let (count, expected) = (after.count - before.count, work.pollsPerSecond * length)
        guard Double(count) > expected * 0.8, Double(count) < expected * 1.2 else {
            throw LabError.failed("\(contender.name) made \(count) polls where \(expected) were due")
        }
        if work.encryption == .resumed, after.resumed - before.resumed < count * 9 / 10 {
            throw LabError.failed("\(contender.name) resumed \(after.resumed - before.resumed) sessions of \(count)")
        }
        return (after.time - before.time) / Double(count) * 1e6
    }
}
