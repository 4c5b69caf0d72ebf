import Glibc
import RingLab

/// Half of the backends die at once: how long each command takes from its verdict.
struct MassFailure {
    let stage: Stage

    func measure() async throws -> Section {
        let backends = stage.isBrief ? 100 : 10_000
        let interval = stage.isBrief ? 0.5 : 10.0
        let retries = 3
        let contender = Dovemon(settings: [
            ("retry_count", "\(retries)"), ("retry_interval", "1"), ("log_format", "json"), ("loglevel", "1"),
        ])
        let running = try await contender.start(Work(backends: backends, interval: interval), stage, "mass")
        try await pause(2 * interval)
        let dying = backends / 2
        try await stage.peers.set(.crashed, count: dying)
        try await waitUntil("all HOST-DOWNs", within: .seconds(60), every: .milliseconds(50)) {
            try await stage.director.commands().count >= dying
        }
        let (commands, metrics) = (try await stage.director.commands(), try running.metrics())
        let most = try await stage.director.mostConnections()
        try await running.stop()
        try await stage.peers.set(.healthy, count: dying)
        let verdicts = Self.verdicts(running.process.output)
        let dead = Set(Peers.addresses(dying))
        let delays = commands.compactMap { command in
            verdicts[command.address].map { max(0, Double(command.time) - $0) / 1e6 }
        }
        guard delays.count == dying, Set(commands.map(\.address)) == dead, metrics.unhealthy == dead else {
            throw LabError.failed(
                "\(dying) died; \(metrics.unhealthy.count) are taken for faulty, \(delays.count) were commanded down with a "
                    + "verdict in the log; polls that failed: \(metrics.failuresText)")
        }
        let figures = Figures(delays)
        let quantiles = [0.5, 0.99, 1].map { text(figures.quantile($0), 1) }.joined(separator: ", ")
        say("mass failure: from verdict to command \(quantiles) ms, at most \(most) connections")
        return Section(
            text: """
                ### A mass failure

                \(dying) of \(backends) backends crash at once (`retry_count: \(retries)`, `retry_interval: 1`). From the
                verdict as dovemon logs it (`backend_faulty`, to the millisecond) to HOST-DOWN at the director:
                \(quantiles) ms (median, 99 %, worst). The director had at most \(most) connections at once.
                """,
            targets: [
                Target(
                    "mass failure, \(dying) of \(backends): from the verdict to its command, worst", atMost: 1_000,
                    figures.most, unit: " ms", digits: 0)
            ])
    }

    /// When each backend's verdict was logged, by CLOCK_MONOTONIC in nanoseconds.
    private static func verdicts(_ log: String) -> [String: Double] {
        var real = timespec()
        clock_gettime(CLOCK_REALTIME, &real)
        let offset = Double(real.tv_sec) * 1e9 + Double(real.tv_nsec) - Double(now())
        var verdicts: [String: Double] = [:]
        for line in log.split(separator: "\n") where line.contains(#""event":"backend_faulty""#) {
            guard let backend = value("backend", in: line), let time = value("time", in: line).flatMap(nanoseconds)
            else {
                continue
            }
            verdicts[String(backend)] = verdicts[String(backend)] ?? time - offset
        }
        return verdicts
    }

    /// A value without escapes, of a line of JSON whose values are strings.
    private static func value(_ key: String, in line: Substring) -> Substring? {
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.indices.dropLast(2).first { parts[$0] == key && parts[$0 + 1] == ":" }.map { parts[$0 + 2] }
    }

    /// Of `2026-11-21T13:20:00.123Z`, since 1970.
    private static func nanoseconds(_ time: Substring) -> Double? {
        let fields = time.split { !$0.isNumber }.compactMap { Int32($0) }
        guard fields.count == 7 else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (fields[0] - 1900, fields[1] - 1, fields[2])
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (fields[3], fields[4], fields[5])
        return Double(timegm(&parts)) * 1e9 + Double(fields[6]) * 1e6
    }
}
