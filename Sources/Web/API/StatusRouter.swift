internal import Monitor
package import NIOCore
internal import NIOHTTP1

/// What is served, and where: the page, the status as JSON, the metrics, and whether all is well.
package struct StatusRouter: Sendable {
    private let source: any StatusSource
    private let loop: any EventLoop
    private let page: Response

    /// So many backends' histories are told at once.
    package static let historyLimit = 100
    /// So many events are told without a limit in the request, and at most.
    package static let eventLimit = 200
    /// The monitor has so long to answer for `/healthz`.
    private static let patience = TimeAmount.seconds(2)

    /// A router that answers on `loop`.
    package init(_ source: any StatusSource, on loop: any EventLoop) {
        self.source = source
        self.loop = loop
        page = Page.response
    }

    /// Answers a request.
    package func answer(_ request: Request) -> EventLoopFuture<Response> {
        switch request.path {
        case []: return done(page)
        case ["healthz"]: return health()
        case ["metrics"]:
            let format = MetricsFormat(accept: request.accept)
            return source.metrics(in: format).hop(to: loop).map { MetricsDocument.response($0, in: format) }
        case ["api", "v1", "status"]:
            return told(
                source.status(of: request.values(of: "backend"), unless: EntityTags(request.ifNoneMatch)))
        case ["api", "v1", "history"]:
            let backends = request.values(of: "backend")
            guard (1...Self.historyLimit).contains(backends.count) else {
                return done(.text(.badRequest, "name 1 to \(Self.historyLimit) backends: ?backend=ADDRESS&backend=…"))
            }
            return told(source.history(of: backends))
        case ["api", "v1", "events"]:
            guard let limit = limit(request) else {
                return done(.text(.badRequest, "limit: a whole number from 1 on"))
            }
            return told(source.events(limit: limit))
        default:
            if request.path.count == 4, request.path.starts(with: ["api", "v1", "backends"]) {
                return told(source.backend(request.path[3]))
            }
            return done(
                .text(
                    .notFound, "not found: there are /, /metrics, /healthz and what docs/monitoring.md has of /api/v1"))
        }
    }

    private func limit(_ request: Request) -> Int? {
        guard let text = request.values(of: "limit").last else { return Self.eventLimit }
        guard let limit = Int(text), limit > 0 else { return nil }
        return min(limit, Self.eventLimit)
    }

    private func done(_ response: Response) -> EventLoopFuture<Response> { loop.makeSucceededFuture(response) }

    private func told(_ answer: EventLoopFuture<StatusAnswer>) -> EventLoopFuture<Response> {
        answer.hop(to: loop).map { answer in
            switch answer {
            case .document(let body, let tag): .json(body, tag: tag.map(weak))
            case .unchanged(let tag): .notModified(tag: weak(tag))
            case .notFound(let text): .text(.notFound, text)
            }
        }
    }

    /// RFC 9110, section 8.8.1: times, users and latencies in the document are others while its tag is the same.
    private func weak(_ tag: String) -> String { "W/\"\(tag)\"" }

    /// A loop that does not answer is what this is for: it must not keep the answer waiting.
    private func health() -> EventLoopFuture<Response> {
        let promise = loop.makePromise(of: Response.self)
        let isAnswered = NIOLoopBoundBox.makeBoxSendingValue(false, eventLoop: loop)
        func answer(_ response: Response) {
            guard !isAnswered.value else { return }
            isAnswered.value = true
            promise.succeed(response)
        }
        let bound = NIOLoopBound(answer, eventLoop: loop)
        let timer = loop.scheduleTask(in: Self.patience) {
            bound.value(.text(.serviceUnavailable, "the monitor does not answer"))
        }
        source.vitals().hop(to: loop).whenComplete { result in
            timer.cancel()
            let trouble: String? =
                switch result {
                case .success(let vitals): vitals.trouble
                case .failure: "the monitor has stopped"
                }
            bound.value(trouble.map { .text(.serviceUnavailable, $0) } ?? .text(.ok, "ok"))
        }
        return promise.futureResult
    }
}
