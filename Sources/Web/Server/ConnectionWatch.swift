internal import NIOCore
internal import NIOHTTP1
internal import Site

/// Stands between the socket and the HTTP codec: bounds what a client may send and how long it may take, and sends it away.
///
/// What it says to a client that it sends away does not pass the codec, which has an order of its own to keep.
final class ConnectionWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// A request is to come, or is coming.
        case reading
        /// A request is being answered.
        case answering
        /// An answer has been sent.
        case idle
        /// Has been told that it is over; whatever still comes is dropped.
        case leaving
        case ended
    }

    private let visitors: Visitors
    private let limits: HTTPLimits
    /// The address by which it came in; nil where that is none of the server's, as in a test.
    let door: ListenAddress?
    private var context: ChannelHandlerContext?
    private var phase = Phase.reading
    private var timer: Scheduled<Void>?
    /// Since the last request's end.
    private var received = 0
    private var answerBy = NIODeadline.distantFuture
    /// When it began to wait for a request.
    private(set) var waitingSince = NIODeadline.now()

    /// Whether it is to end with the answer that is being made.
    private(set) var isDismissed = false

    init(_ visitors: Visitors, _ limits: HTTPLimits, at door: ListenAddress?) {
        self.visitors = visitors
        self.limits = limits
        self.door = door
    }

    /// How easily it is given up for another: the more, the easier; nil while it is being answered.
    var patience: Int? {
        switch phase {
        case .idle: 2
        case .reading: 1
        case .answering, .leaving, .ended: nil
        }
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        waitingSince = context.eventLoop.now
        switch visitors.admit(self, from: context.remoteAddress, at: context.localAddress) {
        case .welcome: expectRequest()
        case .told(let status, let text): farewell(status, text)
        case .closed: close()
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .leaving, phase != .ended else { return }
        if phase == .idle { expectRequest() }
        if phase == .reading {
            received += unwrapInboundIn(data).readableBytes
            guard received <= limits.requestBytes else {
                return farewell(
                    .requestHeaderFieldsTooLarge, "a request has at most \(limits.requestBytes) bytes here")
            }
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // The codec does not read on before an answer is sent, and none will be.
        if phase == .leaving { context.read() }
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if phase == .leaving, case ChannelEvent.inputClosed = event { return close() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .ended
        timer?.cancel()
        visitors.left(self)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close() }
}

extension ConnectionWatch {
    private func expectRequest() {
        phase = .reading
        received = 0
        set(limits.requestTime) { [self] in
            if received == 0 { close() } else { farewell(.requestTimeout, "the request did not end in time") }
        }
    }

    /// A request has come, and is being answered.
    func requestArrived() {
        guard phase != .leaving, phase != .ended, let context else { return }
        phase = .answering
        answerBy = context.eventLoop.now + limits.responseTime
        set(limits.responseTime) { [self] in close() }
    }

    /// A part of the answer has been handed to the socket, which is to take it soon.
    func chunkBegun() {
        guard phase == .answering, let context else { return }
        set(min(limits.chunkTime, answerBy - context.eventLoop.now)) { [self] in close() }
    }

    /// The answer has been sent, and another request may come.
    func answered() {
        guard phase == .answering, let context else { return }
        phase = .idle
        waitingSince = context.eventLoop.now
        set(limits.idleTime) { [self] in close() }
    }

    /// Whether nothing more is to be said here.
    var isOver: Bool { phase == .leaving || phase == .ended }

    /// Is not served any more: closes, at once unless it is being answered.
    func dismiss() {
        isDismissed = true
        if patience != nil { close() }
    }

    /// Says why, and closes. Not while an answer is being sent: its rest would not be told from this.
    func farewell(
        _ status: HTTPResponseStatus, _ text: String, headers further: [(name: String, value: String)] = []
    ) {
        guard let context, !isOver else { return }
        let body = text + "\n"
        let headers =
            ([
                ("content-type", "text/plain; charset=utf-8"), ("content-length", "\(body.utf8.count)"),
                ("connection", "close"), ("date", HTTPDate.now()),
            ] + further + Response.common).map { "\($0): \($1)\r\n" }.joined()
        let answer = "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n\(headers)\r\n\(body)"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        leave()
    }

    /// Closes once the client has read what was sent: to close with something unread would take it from the client.
    func leave() {
        guard let context, !isOver else { return }
        phase = .leaving
        set(limits.farewellTime) { [self] in close() }
        context.close(mode: .output, promise: nil)
        context.read()
    }

    /// Closes at once.
    func close() {
        phase = .ended
        timer?.cancel()
        context?.close(promise: nil)
    }

    private func set(_ time: TimeAmount, _ action: @escaping () -> Void) {
        timer?.cancel()
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: time, action)
    }
}
