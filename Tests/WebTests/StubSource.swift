import Monitor
import NIOCore
import NIOEmbedded
import Site

@testable import Web

/// A monitor that knows what the test has it know.
final class StubSource: StatusSource, @unchecked Sendable {
    let loop = EmbeddedEventLoop()
    var asked: [String] = []
    var health = Vitals(now: .origin, interval: .seconds(10), nextRound: nil, pollWaitsSince: nil, listedAt: .origin)
    var hangs = false
    private var promises: [EventLoopPromise<Vitals>] = []

    func status(of backends: [String], unless known: EntityTags) -> EventLoopFuture<StatusAnswer> {
        if known.contains("7") { return told("status", .unchanged(tag: "7")) }
        return told("status \(backends.joined(separator: ","))", .document(ByteBuffer(string: "{}"), tag: "7"))
    }
    func backend(_ address: String) -> EventLoopFuture<StatusAnswer> {
        told(
            "backend \(address)",
            address == "10.0.0.1" ? .document(ByteBuffer(string: "{}")) : .notFound("\(address): none"))
    }
    func history(of backends: [String]) -> EventLoopFuture<StatusAnswer> {
        told("history \(backends.count)", .document(ByteBuffer(string: "{}")))
    }
    func events(limit: Int) -> EventLoopFuture<StatusAnswer> {
        told("events \(limit)", .document(ByteBuffer(string: "{}")))
    }
    func metrics(in format: MetricsFormat) -> EventLoopFuture<ByteBuffer> {
        loop.makeSucceededFuture(MetricsDocument.text(Metrics(), nil, in: format))
    }
    func vitals() -> EventLoopFuture<Vitals> {
        guard hangs else { return loop.makeSucceededFuture(health) }
        promises.append(loop.makePromise())
        return promises[promises.count - 1].futureResult
    }

    func end() { for promise in promises { promise.fail(CancellationError()) } }

    private func told(_ what: String, _ answer: StatusAnswer) -> EventLoopFuture<StatusAnswer> {
        asked.append(what)
        return loop.makeSucceededFuture(answer)
    }
}
