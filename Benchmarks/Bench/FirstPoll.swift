import RingLab

/// How long it takes from the start of the program to its first poll, with a hundred backends.
struct FirstPoll {
    let stage: Stage

    func measure() async throws -> Section {
        var times: [Double] = []
        for round in 1...(stage.isBrief ? 1 : 11) {
            var start: UInt64 = 0
            let visits = try await stage.peers.visits(in: stage.workshop) {
                try await stage.peers.ask("reset")
                try await stage.director.list(100)
                start = now()
                let running = try await Dovemon().start(Work(backends: 100, interval: 10), stage, "first-\(round)")
                try await waitUntil("the first poll", within: .seconds(15)) {
                    try await stage.peers.counts().finished > 0
                }
                try await running.endUnfailing()
            }
            guard let first = visits.map(\.time).min() else { throw LabError.failed("no poll") }
            times.append(Double(first - start) / 1e6)
        }
        say("start to first poll: \(spread(times, digits: 0)) ms")
        return Section(
            text: """
                ### Start to first poll

                With 100 backends, \(times.count) starts: \(spread(times, digits: 0)) ms.
                """,
            targets: [
                Target(
                    "start to first poll, 100 backends", atMost: 100, Figures(times).median, unit: " ms", digits: 0)
            ])
    }
}
