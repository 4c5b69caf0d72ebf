import NIOCore
import NIOEmbedded
import NIOHTTP1
import Site
import Testing

@testable import Web

/// The time of one or several connections, which the test moves.
///
/// A task that is still to come holds its loop, and much else: with the last connection the loop ends.
final class RigLoop {
    let embedded = EmbeddedEventLoop()

    deinit { try? embedded.syncShutdownGracefully() }

    func advanceTime(by time: TimeAmount) { embedded.advanceTime(by: time) }
}

/// One connection of a server, with a clock that the test moves.
final class Rig {
    private let clock: RigLoop
    var loop: EmbeddedEventLoop { clock.embedded }
    let channel: EmbeddedChannel
    let visitors: Visitors
    /// While it holds, the socket takes nothing.
    let plug = Plug()

    /// The requests that came to the router, and what is to be answered.
    final class Answers: @unchecked Sendable {
        var requests: [Request] = []
        var promises: [EventLoopPromise<Response>] = []
        var answer: ((Request) -> Response?)?
    }
    let answers = Answers()

    init(
        limits: HTTPLimits = HTTPLimits(), visitors: Visitors? = nil, loop clock: RigLoop = RigLoop(),
        from peer: String? = nil, to local: String? = nil, door: ListenAddress? = nil,
        answer: ((Request) -> Response?)? = { .text(.ok, "/" + $0.path.joined(separator: "/")) }
    ) throws {
        self.clock = clock
        let loop = clock.embedded
        channel = EmbeddedChannel(loop: loop)
        self.visitors = visitors ?? Visitors(limits)
        let answers = answers
        answers.answer = answer
        let router: Router = { request in
            answers.requests.append(request)
            let promise = loop.makePromise(of: Response.self)
            if let response = answers.answer?(request) {
                promise.succeed(response)
            } else {
                answers.promises.append(promise)
            }
            return promise.futureResult
        }
        try channel.pipeline.syncOperations.addHandler(plug)
        try channel.pipeline.syncOperations.addHTTP(self.visitors, limits, at: door, router)
        channel.localAddress = try local.map { try SocketAddress(ipAddress: $0, port: 9_393) }
        let address =
            if let peer { try SocketAddress(ipAddress: peer, port: 1_234) } else {
                try SocketAddress(unixDomainSocketPath: "/client")
            }
        try channel.connect(to: address).wait()
    }

    deinit {
        _ = try? channel.finish(acceptAlreadyClosed: true)
        for promise in answers.promises { promise.fail(CancellationError()) }
    }

    var isOpen: Bool { channel.isActive }

    func send(_ text: String) throws {
        try channel.writeInbound(ByteBuffer(string: text))
        loop.run()
    }

    func get(_ path: String = "/", headers: String = "") throws {
        try send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n")
    }

    func wait(_ time: TimeAmount) {
        loop.advanceTime(by: time)
        loop.run()
    }

    /// All that was sent since it was last asked for.
    func sent() throws -> String {
        var text = ""
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
        return text
    }

    /// The statuses of what was sent.
    func statuses() throws -> [String] {
        let text = try sent()
        return text.ranges(of: "HTTP/1.1 ").map { String(text[$0.upperBound...].prefix(3)) }
    }
}

/// Stands for a socket whose buffer is full.
final class Plug: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    var isTight = false
    private var held: [(NIOAny, EventLoopPromise<Void>?)] = []
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isTight else { return context.write(data, promise: promise) }
        held.append((data, promise))
    }

    /// Lets through what is held, and no more.
    func open() {
        let all = held
        held = []
        for (data, promise) in all { context?.writeAndFlush(data, promise: promise) }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        for (_, promise) in held { promise?.fail(ChannelError.ioOnClosedChannel) }
        held = []
        context.close(mode: mode, promise: promise)
    }
}
