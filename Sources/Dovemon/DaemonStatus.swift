internal import Control
internal import Monitor
internal import NIOCore
internal import Site
internal import Web

extension Daemon: MonitorAccess {}

/// What the daemon's parts tell of themselves by HTTP.
struct DaemonStatus: StatusSource {
    let daemon: Daemon
    let desk: StatusDesk

    /// A snapshot that many share may be older than the tag that is asked for first: what is told bears its own.
    func status(of backends: [String], unless known: EntityTags) -> EventLoopFuture<StatusAnswer> {
        told {
            guard backends.isEmpty else {
                return .document(ByteBuffer(string: jsonText(try await desk.status(of: backends))))
            }
            let current = try await desk.tag()
            if known.contains(current) { return .unchanged(tag: current) }
            let (text, tag) = try await desk.statusText()
            return .document(text, tag: tag)
        }
    }

    func backend(_ address: String) -> EventLoopFuture<StatusAnswer> {
        told { .document(ByteBuffer(string: jsonText(try await desk.detail(of: address)))) }
    }

    func history(of backends: [String]) -> EventLoopFuture<StatusAnswer> {
        told { .document(ByteBuffer(string: jsonText(try await desk.histories(of: backends)))) }
    }

    func events(limit: Int) -> EventLoopFuture<StatusAnswer> {
        told { .document(ByteBuffer(string: jsonText(try await desk.events(limit: limit)))) }
    }

    func metrics(in format: MetricsFormat) -> EventLoopFuture<ByteBuffer> {
        let promise = daemon.loop.makePromise(of: ByteBuffer.self)
        promise.completeWithTask {
            try await desk.text("metrics \(format)") { snapshot in
                var metrics = try await daemon.asked(\.metrics).get()
                metrics.backends = snapshot.backends.map(\.metrics)
                metrics.withheld = Dictionary(snapshot.status.withheldPools.map { ($0.tag, $0.withheld) }) { $0 + $1 }
                metrics.logLinesLost = daemon.writer.lostLines
                return MetricsDocument.text(metrics, ProcessFigures.now(), in: format)
            }.text
        }
        return promise.futureResult
    }

    func vitals() -> EventLoopFuture<Vitals> { daemon.asked(\.vitals) }

    /// Only a backend that is not there is refused here.
    private func told(_ answer: @escaping @Sendable () async throws -> StatusAnswer) -> EventLoopFuture<StatusAnswer> {
        let promise = daemon.loop.makePromise(of: StatusAnswer.self)
        promise.completeWithTask {
            do {
                return try await answer()
            } catch let refusal as Refusal {
                return .notFound(refusal.description)
            }
        }
        return promise.futureResult
    }
}

extension Snapshot.Backend {
    /// What the metrics tell of it.
    fileprivate var metrics: Metrics.Backend {
        let host = status.host
        return Metrics.Backend(
            address: host.spelling, tag: host.tag, vhosts: host.vhosts, users: host.users,
            isUp: host.state.map { $0 == .up }, isHealthy: status.isHealthy,
            isInMaintenance: status.maintenance != nil,
            certificates: (record?.polls ?? [:]).compactMap { service, poll in
                poll.report.certificateExpiry.map { Metrics.Certificate(service, expiry: $0) }
            }.sorted { $0.service.port < $1.service.port })
    }
}
