internal import Browser
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// An HTTP server that serves the page and the JSON of a site that the test changes as it goes.
final class MockDaemon: Sendable {
    private static let proxied = "/behind"

    private struct State {
        var site: MockSite
        var requests: [String] = []
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let state: Mutex<State>
    private let page: PageSource
    private let listener: Mutex<(any Channel)?>
    /// The port it listens at, also after a restart.
    let port: Int

    var url: String { "http://127.0.0.1:\(port)/" }
    /// The targets that were asked for so far.
    var requests: [String] { state.withLock { $0.requests } }

    private init(_ site: MockSite, _ page: PageSource, _ listener: any Channel, _ relay: Relay) {
        state = Mutex(State(site: site))
        self.page = page
        self.listener = Mutex(listener)
        port = listener.localAddress?.port ?? 0
        relay.daemon.withLock { $0 = self }
    }

    deinit { listener.withLock { $0?.close(promise: nil) } }

    /// Listens at a port that is free.
    static func start(_ site: MockSite) async throws -> MockDaemon {
        let relay = Relay()
        return MockDaemon(site, try PageSource(), try await bind(relay, port: 0), relay)
    }

    /// Changes the site: the next status is another one.
    func change(_ body: @Sendable (inout MockSite) -> Void) {
        state.withLock { state in
            body(&state.site)
            state.site.revision += 1
        }
    }

    /// Stops listening and closes all connections.
    func stop() async throws {
        try await listener.withLock { $0 }?.close()
        for channel in state.withLock({ Array($0.channels.values) }) { try? await channel.close() }
    }

    /// Listens again, at the same port.
    func restart() async throws {
        let relay = Relay()
        relay.daemon.withLock { $0 = self }
        let channel = try await Self.bind(relay, port: port)
        listener.withLock { $0 = channel }
    }

    private static func bind(_ relay: Relay, port: Int) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(MockConnection(relay))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
    }

    fileprivate func opened(_ channel: any Channel) {
        state.withLock { $0.channels[ObjectIdentifier(channel)] = channel }
        channel.closeFuture.whenComplete { [weak self] _ in
            self?.state.withLock { _ = $0.channels.removeValue(forKey: ObjectIdentifier(channel)) }
        }
    }

    /// The answer to a request.
    fileprivate func answer(_ request: HTTPRequestHead) -> (
        status: HTTPResponseStatus, headers: HTTPHeaders, body: [UInt8]
    ) {
        // As a proxy passes it on.
        let target =
            request.uri.hasPrefix(Self.proxied) ? String(request.uri.dropFirst(Self.proxied.count)) : request.uri
        if target == "/" {
            let headers: HTTPHeaders = [
                "content-type": "text/html; charset=utf-8", "content-security-policy": page.policy,
            ]
            return (.ok, headers, Array(page.html.utf8))
        }
        let site = state.withLock { state in
            state.requests.append(request.uri)
            return state.site
        }
        var headers: HTTPHeaders = ["content-type": "application/json"]
        if target == "/api/v1/status" {
            headers.add(name: "etag", value: "W/\"\(site.revision)\"")
            if request.headers["if-none-match"] == ["W/\"\(site.revision)\""] { return (.notModified, headers, []) }
        }
        guard let answer = site.answer(target), let body = try? JSONEncoder().encode(answer) else {
            return (.notFound, headers, Array(#"{"error":"not found"}"#.utf8))
        }
        return (.ok, headers, Array(body))
    }
}

/// What connects the connections with the daemon, which is made when it listens already.
private final class Relay: Sendable {
    let daemon = Mutex<MockDaemon?>(nil)
}

/// One connection: each request is answered when it is complete.
private final class MockConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let relay: Relay
    private var request: HTTPRequestHead?

    init(_ relay: Relay) { self.relay = relay }

    func channelActive(context: ChannelHandlerContext) {
        relay.daemon.withLock { $0 }?.opened(context.channel)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): request = head
        case .body: break
        case .end:
            guard let request, let daemon = relay.daemon.withLock({ $0 }) else { return context.close(promise: nil) }
            var (status, headers, body) = daemon.answer(request)
            if status != .notModified { headers.add(name: "content-length", value: "\(body.count)") }
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if !body.isEmpty {
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
            }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
