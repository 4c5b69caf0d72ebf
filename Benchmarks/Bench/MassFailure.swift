import RingLab

/// Half of the backends die at once: how long each command takes from its verdict.
struct MassFailure {
    let stage: Stage

    func measure() async throws -> String {
        let backends = stage.isBrief ? 100 : 10_000
        let interval = stage.isBrief ? 0.5 : 10.0
        let retries = 3
        let contender = Dovemon(settings: [("retry_count", "\(retries)"), ("retry_interval", "1")])
        let process = try await contender.start(Work(backends: backends, interval: interval), stage, "mass")
        try await pause(2 * interval)
        let dying = backends / 2
        let visits = try await stage.peers.visits(in: stage.workshop) {
            try await stage.peers.set(.crashed, count: dying)
            try await waitUntil("all HOST-DOWNs", within: .seconds(60), every: .milliseconds(50)) {
                try await stage.director.commands().count >= dying
            }
        }
        let commands = try await stage.director.commands()
        let most = try await stage.director.mostConnections()
        try await stage.peers.set(.healthy, count: dying)
        try await stop(process)
        // The verdict comes with the last poll before the command.
        let polls = Dictionary(grouping: visits, by: \.address)
        let delays = commands.compactMap { command -> Double? in
            let before = polls[IPv4(command.address).number]?.map(\.time).filter { $0 <= command.time }
            return before?.max().map { Double(command.time - $0) }
        }
        guard delays.count == dying else { throw LabError.failed("\(delays.count) of \(dying) were commanded down") }
        let figures = Figures(delays)
        let quantiles = [0.5, 0.99, 1].map { text(figures.quantile($0) / 1e6, 1) }.joined(separator: ", ")
        say("mass failure: from verdict to command \(quantiles) ms, at most \(most) connections")
        return """
            ### A mass failure

            \(dying) of \(backends) backends crash at once (`retry_count: \(retries)`, `retry_interval: 1`). From the
            poll that decides to HOST-DOWN at the director: \(quantiles) ms (median, 99 %, worst). The director had at
            most \(most) connections at once.
            """
    }
}
