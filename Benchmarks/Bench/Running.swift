import Glibc
import RingLab

/// A contender at work.
struct Running: Sendable {
    let name: String
    let process: LabProcess
    /// Where it tells its metrics; nil of all but dovemon.
    var metricsPort: Int?
    /// Has it begin to serve them, where it does not yet.
    var serveMetrics: (@Sendable () throws -> Void)?

    func metrics() throws -> Metrics {
        guard let metricsPort else { throw LabError.failed("\(name) has no metrics") }
        return try Metrics(port: metricsPort)
    }

    /// Seconds of processor time that it has used.
    func processorTime() throws -> Double {
        guard let time = processorSeconds(of: process.pid) else {
            throw LabError.failed("\(name) has ended: \(process.output.suffix(500))")
        }
        return time
    }

    /// Ends it. Throws when one of its polls has failed, as the figures are of other polls then.
    func endUnfailing() async throws {
        var metrics: Metrics?
        if let metricsPort {
            try serveMetrics?()
            try await waitUntil("\(name)'s metrics", within: .seconds(30)) {
                metrics = try Metrics(port: metricsPort)
                return true
            }
        }
        try await stop()
        let text = metrics?.failuresText ?? Self.failures(process.output)
        guard text.isEmpty else { throw LabError.failed("\(name): polls have failed: \(text)") }
        guard metrics?.succeeded != 0 else { throw LabError.failed("\(name): no poll went well") }
    }

    /// Ends it, however long it takes to see it.
    func stop() async throws {
        process.signal(SIGTERM)
        try await process.end(within: .seconds(20))
    }

    /// What HAProxy and the floor say of polls that failed.
    private static func failures(_ output: String) -> String {
        output.split(separator: "\n")
            .first { $0.contains(" is DOWN") || $0.contains("failed=") && !$0.contains(" failed=0 ") }
            .map(String.init) ?? ""
    }
}

/// How much of one processor contenders and peers use, over a while.
struct Shares {
    let contender: Double
    let peers: Double

    /// - Returns: the shares, and what `body` gives.
    static func during<Result>(
        _ running: Running, _ peers: Peers, _ body: () async throws -> Result
    ) async throws -> (Shares, Result) {
        let (start, own, others) = (now(), try running.processorTime(), try peers.processorTime())
        let result = try await body()
        let seconds = Double(now() - start) / 1e9
        let shares = Shares(
            contender: (try running.processorTime() - own) / seconds,
            peers: (try peers.processorTime() - others) / seconds)
        return (shares, result)
    }

    /// Whether it is the peers that can do no more.
    static func arePeersTheLimit(_ share: Double) -> Bool { share > 0.9 }

    static func peersText(_ share: Double) -> String {
        "\(text(share * 100, 0)) %" + (arePeersTheLimit(share) ? ": **the peers are the limit here**" : "")
    }
}
