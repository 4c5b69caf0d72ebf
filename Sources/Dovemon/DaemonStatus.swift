internal import Monitor
internal import NIOCore
internal import Web

/// What the daemon's parts tell of themselves by HTTP.
struct DaemonStatus: StatusSource {
    let daemon: Daemon

    func status(of backends: [String], unless known: EntityTags) -> EventLoopFuture<StatusAnswer> { nothing() }
    func backend(_ address: String) -> EventLoopFuture<StatusAnswer> { nothing() }
    func history(of backends: [String]) -> EventLoopFuture<StatusAnswer> { nothing() }
    func events(limit: Int) -> EventLoopFuture<StatusAnswer> { nothing() }
    func metrics() -> EventLoopFuture<Metrics> { daemon.asked { $0.metrics } }
    func vitals() -> EventLoopFuture<Vitals> { daemon.asked { $0.vitals } }

    private func nothing() -> EventLoopFuture<StatusAnswer> { daemon.asked { _ in .notFound } }
}
