import Glibc

/// A real Prometheus that scrapes one dovemon each second, and goes by this repository's alerts. It dies with the ring.
package final class PrometheusProcess: Sendable {
    private let port: Int
    private let child: Child
    private let reaper: Reaper
    private let log: String

    /// `PROMETHEUS` names it, or it is Debian's; nil where it is not.
    package static let binary: String? = [
        getenv("PROMETHEUS").map { String(cString: $0) }, "/usr/bin/prometheus",
    ].compactMap { $0 }.first { access($0, X_OK) == 0 }

    /// Starts it; `target` is the port where dovemon serves HTTP.
    package init(ring: Ring, scraping target: Int, rules: String) throws {
        guard let binary = Self.binary else { throw LabError.failed("Prometheus is not installed") }
        let directory = try ring.newDirectory("prometheus")
        port = try freePort()
        log = "\(directory)/log"
        try writeFile(
            "\(directory)/prometheus.yml",
            """
            global:
              scrape_interval: 1s
              evaluation_interval: 1s
            rule_files: ['\(rules)']
            scrape_configs:
              - job_name: dovemon
                static_configs:
                  - targets: ['127.0.0.1:\(target)']
            """)
        let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer { close(output) }
        reaper = ring.reaper
        child = try reaper.start(
            [
                binary, "--config.file=\(directory)/prometheus.yml", "--storage.tsdb.path=\(directory)/data",
                "--web.listen-address=127.0.0.1:\(port)",
            ], streams: .init(output: output, error: output))
    }

    /// What it answers to a query of its API, as JSON.
    package func api(_ target: String) async throws -> String {
        try await httpGet(port: port, "/api/v1/\(target)").body
    }

    /// Waits until a query of its API is answered with all of these.
    package func waitFor(_ parts: String..., at target: String, within limit: Duration = .seconds(20)) async throws {
        nonisolated(unsafe) var last = ""
        do {
            try await waitUntil("Prometheus to have \(parts)", within: limit, every: .milliseconds(100)) {
                last = try await api(target)
                return parts.allSatisfy { last.contains($0) }
            }
        } catch {
            throw LabError.timedOut("\(error): \(last.prefix(2_000)); its log: \((readFile(log) ?? "").suffix(1_000))")
        }
    }
}
