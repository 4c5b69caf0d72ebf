import RingLab

/// How long a failure goes unseen: from a backend's crash, or the moment from which it says nothing, to HOST-DOWN's
/// confirmation by the director.
struct Detection {
    let stage: Stage

    /// Settings that are compared, on top of the defaults.
    struct Manner {
        let settings: [(String, String)]
        var name: String {
            settings.isEmpty ? "the defaults" : settings.map { "`\($0.0): \($0.1)`" }.joined(separator: ", ")
        }
    }

    /// Seconds from the failure to the confirmation.
    struct Delays {
        var crashes: [Double] = []
        var hangs: [Double] = []
    }

    private static let sentinel = Manner(settings: [("sentinel", "yes"), ("retry_interval", "0.2")])
    private static let manners = [
        Manner(settings: []), Manner(settings: [("retry_interval", "1")]),
        Manner(settings: [("retry_count", "1"), ("rapid_rounds", "10")]), sentinel,
    ]

    private var interval: Double { stage.isBrief ? 0.5 : 10 }
    private var timeout: Double { stage.isBrief ? 0.3 : 3 }
    private var common: [(String, String)] { [("timeout", "\(timeout)"), ("min_healthy", "0")] }

    func measure() async throws -> Section {
        var targets: [Target] = []
        var table = Table(
            "monitor", "backends", "crash: median", "99 %", "worst", "hang: median", "99 %", "worst")
        for algorithm in Algorithm.all {
            table.add([algorithm.name, "on paper"] + algorithm.crash.cells + algorithm.hang.cells)
        }
        for (number, manner) in Self.manners.enumerated() {
            let count = stage.isBrief ? 3 : 100
            add(try await fakes(manner, count, "fakes-\(number)"), manner, "\(count) fakes", to: &table)
        }
        if !stage.isBrief {
            let delays = try await fakes(Self.sentinel, 1_000, "fakes-many")
            add(delays, Self.sentinel, "1,000 fakes", to: &table)
            targets.append(Self.target("99 %, 1,000 fakes", Figures(delays.crashes).quantile(0.99)))
        }
        guard Ring.unavailableReason == nil else {
            return section(table, " No ring: \(Ring.unavailableReason ?? "").", targets)
        }
        for manner in stage.isBrief ? [Self.sentinel] : Self.manners {
            let count = stage.isBrief ? 1 : 5
            let delays = try await RingDetection(settings: common, interval: interval, count: count)
                .measure(manner)
            add(delays, manner, "\(count) on a real ring", to: &table)
            if manner.name == Self.sentinel.name {
                targets.append(Self.target("worst, \(count) on the real ring", Figures(delays.crashes).most))
            }
        }
        return section(table, "", targets)
    }

    private static func target(_ which: String, _ delay: Double) -> Target {
        Target("from a crash to HOST-DOWN confirmed, \(sentinel.name): \(which)", atMost: 1, delay, unit: " s")
    }

    private func add(_ delays: Delays, _ manner: Manner, _ backends: String, to table: inout Table) {
        let figures = [Figures(delays.crashes), Figures(delays.hangs)].flatMap(\.cells)
        say("detection, \(manner.name), \(backends): \(figures.joined(separator: " "))")
        table.add(["dovemon, \(manner.name)", backends] + figures)
    }

    /// So many fakes crash, and as many fall silent, each at a random moment of one interval; half as many stay well.
    private func fakes(_ manner: Manner, _ count: Int, _ label: String) async throws -> Delays {
        let backends = 2 * count + max(1, count / 2)
        let contender = Dovemon(settings: common + manner.settings)
        let running = try await contender.start(Work(backends: backends, interval: interval), stage, label)
        // All have been polled once, and those that get a sentinel have one.
        try await pause(interval + (stage.isBrief ? 0.5 : 2))
        for number in 1...(2 * count) {
            try await stage.peers.set(
                number <= count ? .crashed : .silent, from: number, count: 1,
                after: Int.random(in: 100..<Int(interval * 1000)))
        }
        try await waitUntil("all HOST-DOWNs", within: .seconds(120), every: .milliseconds(50)) {
            try await stage.director.commands().count >= 2 * count
        }
        let (commands, failures) = (try await stage.director.commands(), try await stage.peers.carriedOut())
        try await stage.peers.set(.healthy, count: 2 * count)
        try await running.stop()
        let crashing = Set(Peers.addresses(count))
        let times = Dictionary(failures.map { ($0.address, $0.time) }, uniquingKeysWith: { $1 })
        var delays = Delays()
        for command in commands {
            guard let failure = times[command.address], !command.isUp, command.time >= failure else {
                throw LabError.failed("\(command.address) was commanded before it failed")
            }
            let delay = Double(command.time - failure) / 1e9
            if crashing.contains(command.address) { delays.crashes.append(delay) } else { delays.hangs.append(delay) }
        }
        guard delays.crashes.count == count, delays.hangs.count == count else {
            throw LabError.failed("\(commands.count) of \(2 * count) were commanded down")
        }
        return delays
    }

    private func section(_ table: Table, _ remark: String, _ targets: [Target]) -> Section {
        Section(
            text: """
                ### How long a failure goes unseen

                Seconds from a backend's crash, or from the moment from which it accepts connections and says nothing, to the
                director's confirmation of HOST-DOWN: OK by the fake director, listed down by the real one. A fake that crashes
                resets its connections, and each new one as soon as it is accepted; on the real ring all processes of a backend
                are killed (SIGKILL), and new connections are refused. Each backend fails at a random moment of one interval.
                `interval: \(text(interval, 1))`, `timeout: \(text(timeout, 1))`, `retry_count: 3` where nothing else is said.
                Five have no 99th percentile. The others' algorithms by their documents: poolmon scans every 30 s with a
                timeout of 5 s, and looks four times more after 3 s; the original polls every 10 s, and its later manual adds
                rapid polls and timeouts that grow.\(remark)

                \(table.markdown)
                """, targets: targets)
    }
}

/// What a monitor's algorithm gives on paper.
private struct Algorithm {
    /// A failure waits for the next look, up to `period`, and then takes so long until it is sure.
    struct Delay {
        let period: Double
        let certainty: Double

        var cells: [String] { [0.5, 0.99, 1].map { text($0 * period + certainty, 1) } }
    }

    let name: String
    let crash: Delay
    let hang: Delay

    static let all = [
        Algorithm(
            name: "poolmon", crash: Delay(period: 30, certainty: 4.6), hang: Delay(period: 30, certainty: 29.6)),
        Algorithm(
            name: "the original, first manual", crash: Delay(period: 10, certainty: 20),
            hang: Delay(period: 10, certainty: 23)),
        // Its third poll may take 9 s, and the first rapid one 2 s.
        Algorithm(
            name: "the original, later manual", crash: Delay(period: 10, certainty: 20),
            hang: Delay(period: 10, certainty: 31)),
    ]
}

extension Figures {
    fileprivate var cells: [String] {
        [text(median, 2), sorted.count < 100 ? "–" : text(quantile(0.99), 2), text(most, 2)]
    }
}
