package import NIOCore
internal import NIOHTTP1

/// What answers a request: on any loop, at any time.
package typealias Router = @Sendable (Request) -> EventLoopFuture<Response>

/// Answers one request after the other of a connection.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// What is to be answered when the request has come to its end.
    private struct Pending {
        let isHead: Bool
        let keepsAlive: Bool
        let answer: Answer

        enum Answer {
            case route(Request)
            case response(Response)
        }
    }

    private static let methods = "only GET and HEAD are served"
    private static let allow = (name: "allow", value: "GET, HEAD")

    private let watch: ConnectionWatch
    private let visitors: Visitors
    private let limits: HTTPLimits
    private let router: Router
    private var pending: Pending?
    /// The request that is being answered, so that an answer that comes too late is told.
    private var number = 0
    private var isAnswering = false
    private var timer: Scheduled<Void>?
    /// Of the answer that is being sent.
    private var reserved = 0
    private var hasEnded = false

    init(_ watch: ConnectionWatch, _ visitors: Visitors, _ limits: HTTPLimits, _ router: @escaping Router) {
        self.watch = watch
        self.visitors = visitors
        self.limits = limits
        self.router = router
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !watch.isOver else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            watch.requestArrived()
            guard !head.hasBody else {
                guard head.isServed else {
                    return watch.farewell(.methodNotAllowed, Self.methods, headers: [Self.allow])
                }
                return watch.farewell(.payloadTooLarge, "a request has no body here")
            }
            pending = take(head, from: context.remoteAddress, at: context.localAddress)
        case .body: break
        case .end:
            guard let pending else { return }
            self.pending = nil
            begin(pending, context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        hasEnded = true
        if !isAnswering { watch.close() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        release()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, !isAnswering else { return watch.close() }
        if error == .headerOverflow {
            watch.farewell(.requestHeaderFieldsTooLarge, "a request has at most \(HTTPLimits.headers) headers here")
        } else {
            watch.farewell(.badRequest, "this is no HTTP request")
        }
    }
}

extension RequestHandler {
    /// Judges a request by its head.
    private func take(
        _ head: HTTPRequestHead, from peer: SocketAddress?, at local: SocketAddress?
    ) -> Pending {
        // Nothing is switched to, and the codec reads nothing behind a request that asks for it.
        let keepsAlive = head.isKeepAlive && !head.headers.contains(name: "upgrade") && head.method != .CONNECT
        func pending(_ answer: Pending.Answer) -> Pending {
            Pending(isHead: head.method == .HEAD, keepsAlive: keepsAlive, answer: answer)
        }
        guard head.isServed else {
            return pending(.response(.text(.methodNotAllowed, Self.methods, headers: [Self.allow])))
        }
        let target: RequestTarget
        do throws(RequestTarget.Mistake) {
            target = try RequestTarget(head.uri)
        } catch {
            return pending(.response(.text(.badRequest, "no address that could be on this server")))
        }
        let hosts = head.headers["host"]
        // RFC 9112, section 3.2.
        guard hosts.count <= 1, hosts.count == 1 || head.version == .http1_0 else {
            return pending(.response(.text(.badRequest, "a request has one Host header")))
        }
        // A connection may outlive the settings that let it in.
        guard visitors.configuration.admits(peer, at: local) else {
            return pending(.response(.text(.forbidden, "you are not in http_allow")))
        }
        if let host = target.authority ?? hosts.first, !visitors.configuration.answers(to: host) {
            return pending(
                .response(
                    .text(.misdirectedRequest, "this server is not asked by this name: http_names has those it is")))
        }
        return pending(
            .route(
                Request(
                    target, accept: head.headers["accept"], ifNoneMatch: head.headers["if-none-match"])))
    }

    private func begin(_ pending: Pending, _ context: ChannelHandlerContext) {
        number += 1
        isAnswering = true
        let number = number
        let loop = context.eventLoop
        func answer(_ response: Response) {
            guard self.number == number, timer != nil else { return }
            timer?.cancel()
            timer = nil
            send(response, pending, context)
        }
        timer = loop.assumeIsolated().scheduleTask(in: limits.answerTime) {
            answer(.text(.serviceUnavailable, "there is no answer in time"))
        }
        switch pending.answer {
        case .response(let response): answer(response)
        case .route(let request):
            let late = NIOLoopBound(answer, eventLoop: loop)
            router(request).hop(to: loop).whenComplete { result in
                late.value((try? result.get()) ?? .text(.internalServerError, "the answer could not be made"))
            }
        }
    }

    private func send(_ response: Response, _ pending: Pending, _ context: ChannelHandlerContext) {
        guard !watch.isOver else { return }
        var response = response
        if !pending.isHead {
            if visitors.reserve(response.body.readableBytes) {
                reserved = response.body.readableBytes
            } else {
                response = .text(
                    .serviceUnavailable, "too much is being sent: try again", headers: [("retry-after", "1")])
            }
        }
        let keepsAlive = pending.keepsAlive && !hasEnded && !watch.isDismissed
        var head = HTTPResponseHead(version: .http1_1, status: response.status)
        for header in response.headers { head.headers.add(name: header.name, value: header.value) }
        for header in Response.common where !head.headers.contains(name: header.name) {
            head.headers.add(name: header.name, value: header.value)
        }
        head.headers.add(name: "date", value: HTTPDate.now())
        if response.status.mayHaveResponseBody {
            head.headers.add(name: "content-length", value: "\(response.body.readableBytes)")
        }
        head.headers.add(name: "connection", value: keepsAlive ? "keep-alive" : "close")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        sendChunk(of: pending.isHead ? ByteBuffer() : response.body, keepsAlive: keepsAlive, context)
    }

    /// Sends a part, and the next one when it was taken: so one that does not read is noticed, and costs nothing more.
    private func sendChunk(of body: ByteBuffer, keepsAlive: Bool, _ context: ChannelHandlerContext) {
        var rest = body
        watch.chunkBegun()
        let promise = context.eventLoop.makePromise(of: Void.self)
        let chunk = rest.readSlice(length: min(rest.readableBytes, limits.chunkBytes)) ?? ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(chunk))), promise: promise)
        promise.futureResult.assumeIsolated().whenComplete { [self, rest] result in
            guard case .success = result, !watch.isOver else { return watch.close() }
            if rest.readableBytes > 0 { return sendChunk(of: rest, keepsAlive: keepsAlive, context) }
            // Not within this call: hundreds of requests that came together would be answered one inside the other.
            context.eventLoop.assumeIsolated().execute { [self] in end(keepsAlive: keepsAlive, context) }
        }
    }

    private func end(keepsAlive: Bool, _ context: ChannelHandlerContext) {
        guard !watch.isOver else { return }
        release()
        isAnswering = false
        guard keepsAlive, !watch.isDismissed else {
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            return watch.leave()
        }
        watch.answered()
        // What waits behind it is handed on within this call.
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        if hasEnded, !isAnswering { watch.leave() }
    }

    private func release() {
        visitors.release(reserved)
        reserved = 0
    }
}

extension HTTPRequestHead {
    /// Whether its method is one of those that are.
    fileprivate var isServed: Bool { method == .GET || method == .HEAD }

    /// Whether something comes behind the headers (RFC 9112, section 6.3).
    fileprivate var hasBody: Bool {
        headers.contains(name: "transfer-encoding")
            || headers["content-length"].contains { $0.utf8.contains { $0 != UInt8(ascii: "0") } }
    }
}
