import Monitor
import NIOCore
import NIOHTTP1
import NIOPosix
import Site
import Synchronization
import Testing

@testable import Web

/// A server at real sockets.
@Suite struct HTTPServerTests {
    private let group = MultiThreadedEventLoopGroup.singleton
    private let log = Lines()

    private func server(
        _ change: (inout HTTPLimits) -> Void = { _ in },
        answer: @escaping @Sendable (Request) -> Response = { _ in .text(.ok, "yes") }
    ) -> HTTPServer {
        var limits = HTTPLimits()
        change(&limits)
        let loop = group.next()
        return HTTPServer(on: loop, limits: limits, tell: log.add) { loop.makeSucceededFuture(answer($0)) }
    }

    private func local(_ port: Int) -> ListenAddress { ListenAddress(loopback, port: port) }

    @Test("it serves at all addresses that it is given, IPv6 among them, and at none without any")
    func addresses() async throws {
        let server = server()
        let six = try #require(IPAddress("::1"))
        await server.change(to: HTTPConfiguration(addresses: [local(0), ListenAddress(six, port: 0)]))
        let ports = await server.ports
        #expect(ports.count == 2)
        for (host, port) in zip(["127.0.0.1", "::1"], ports) {
            #expect(try await get(host: host, port: port).hasSuffix("yes\n"))
        }
        await server.stop()
        await #expect(throws: (any Error).self) { try await get(port: ports[0]) }
        #expect(log.texts.filter { $0.hasPrefix("http=listening") }.count == 2)
        #expect(log.texts.filter { $0.hasPrefix("http=closed") }.count == 2)
    }

    @Test("a client that closes its side once it has asked gets its answer")
    func halfClosed() async throws {
        let server = server()
        await server.change(to: HTTPConfiguration(addresses: [local(0)]))
        let answer = try await converse(
            port: await server.ports[0], sending: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", closing: true)
        #expect(answer.hasSuffix("yes\n"))
        await server.stop()
    }

    @Test("a client that sends without end is told why it is left, although it goes on")
    func endless() async throws {
        let server = server()
        await server.change(to: HTTPConfiguration(addresses: [local(0)]))
        let port = await server.ports[0]
        let flood = String(repeating: "x", count: 200_000)
        let headers = try await converse(port: port, sending: "GET / HTTP/1.1\r\nX: \(flood)")
        #expect(headers.hasPrefix("HTTP/1.1 431 "))
        let body = try await converse(
            port: port, sending: "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n\(flood)")
        #expect(body.hasPrefix("HTTP/1.1 413 "))
        #expect(try await get(port: port).hasSuffix("yes\n"))
        await server.stop()
    }

    @Test("a client that reads nothing is left, and others are served meanwhile")
    func neverReads() async throws {
        let server = server(
            { $0.chunkTime = .milliseconds(300) },
            answer: {
                $0.path == ["large"]
                    ? Response(type: "x", body: ByteBuffer(repeating: 65, count: 30 << 20)) : .text(.ok, "yes")
            })
        await server.change(to: HTTPConfiguration(addresses: [local(0)]))
        let port = await server.ports[0]
        let sleeper = try await ClientBootstrap(group: group).channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: port).get()
        try await sleeper.writeAndFlush(ByteBuffer(string: "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        while await server.connectionCount == 0 { await Task.yield() }
        #expect(try await get(port: port).hasSuffix("yes\n"))
        while await server.connectionCount > 0 { await Task.yield() }
        try? await sleeper.close()
        await server.stop()
    }

    @Test("more clients than there are places shut nobody out")
    func crowded() async throws {
        let server = server { $0.connections = 4 }
        await server.change(to: HTTPConfiguration(addresses: [local(0)]))
        let port = await server.ports[0]
        var crowd: [any Channel] = []
        for _ in 1...12 {
            let client = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get()
            try? await client.writeAndFlush(ByteBuffer(string: "GET /"))
            crowd.append(client)
        }
        #expect(try await get(port: port).hasSuffix("yes\n"))
        #expect(await server.connectionCount <= 4)
        for client in crowd { try? await client.close() }
        await server.stop()
    }

    @Test("an address that is taken is told once, tried again, and served when it is free")
    func portInUse() async throws {
        let rival = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let address = local(try #require(rival.localAddress?.port))
        let server = server { $0.retryTime = .milliseconds(20) }
        await server.change(to: HTTPConfiguration(addresses: [address, local(0)]))
        // What can be served is.
        #expect(await server.ports.count == 1)
        #expect(
            log.texts.last == """
                http=failed address=\(address) text="Address already in use" note="backends are monitored all the same; it is \
                tried again every 30 seconds"
                """)
        try await rival.close()
        while await server.ports.count < 2 { await Task.yield() }
        #expect(try await get(port: address.port).hasSuffix("yes\n"))
        #expect(log.texts.filter { $0.hasPrefix("http=failed") }.count == 1)
        #expect(log.events.prefix(2) == ["notice http_listening", "error http_failed"])
        await server.stop()
    }

    @Test("the old address is served until the new one can be")
    func moving() async throws {
        let rival = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let taken = local(try #require(rival.localAddress?.port))
        let server = server { $0.retryTime = .milliseconds(20) }
        await server.change(to: HTTPConfiguration(addresses: [local(0)]))
        let old = await server.ports[0]
        await server.change(to: HTTPConfiguration(addresses: [taken]))
        #expect(try await get(port: old).hasSuffix("yes\n"))
        try await rival.close()
        while await server.ports != [taken.port] { await Task.yield() }
        while (try? await get(port: old)) != nil { await Task.yield() }
        #expect(try await get(port: taken.port).hasSuffix("yes\n"))
        await server.stop()
    }

    @Test("an old address is closed once one of the new ones is served, although another cannot be")
    func movingInPart() async throws {
        let rival = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let taken = local(try #require(rival.localAddress?.port))
        let server = server { $0.retryTime = .hours(1) }
        let six = ListenAddress(try #require(IPAddress("::1")), port: 0)
        await server.change(to: HTTPConfiguration(addresses: [local(0)]))
        let old = await server.ports[0]
        await server.change(to: HTTPConfiguration(addresses: [taken, six]))
        #expect(await server.ports.count == 1)
        await #expect(throws: (any Error).self) { try await get(port: old) }
        #expect(log.texts.last?.contains("until then") == false)
        try await rival.close()
        await server.stop()
    }

    @Test("with no address left, or with its own, a connection goes that has been served for long")
    func switchedOff() async throws {
        let server = server()
        let six = ListenAddress(try #require(IPAddress("::1")), port: 0)
        await server.change(to: HTTPConfiguration(addresses: [local(0), six]))
        let ports = await server.ports
        let clients = try await [LastingClient("127.0.0.1", ports[0]), LastingClient("::1", ports[1])]
        for client in clients { #expect(try await client.get().contains("connection: keep-alive")) }
        await server.change(to: HTTPConfiguration(addresses: [six]))
        try await clients[0].waitForEnd()
        #expect(try await clients[1].get().contains("connection: keep-alive"))
        await server.change(to: HTTPConfiguration())
        try await clients[1].waitForEnd()
        #expect(await server.connectionCount == 0)
    }

    @Test("a port moves from one address of the machine to all of them, and back")
    func widening() async throws {
        let server = server()
        let rival = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(rival.localAddress?.port)
        try await rival.close()
        await server.change(to: HTTPConfiguration(addresses: [local(port)]))
        let all = try #require(IPAddress("0.0.0.0"))
        await server.change(to: HTTPConfiguration(addresses: [ListenAddress(all, port: port)]))
        #expect(await server.ports == [port])
        #expect(try await get(host: "127.0.0.2", port: port).hasSuffix("yes\n"))
        await server.change(to: HTTPConfiguration(addresses: [local(port)]))
        #expect(await server.ports == [port])
        await #expect(throws: (any Error).self) { try await get(host: "127.0.0.2", port: port) }
        #expect(log.texts.filter { $0.hasPrefix("http=failed") } == [])
        await server.stop()
    }
}

/// A client that asks again and again over one connection.
private final class LastingClient: Sendable {
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var text = ""
        var promise: EventLoopPromise<String>?

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            guard text.hasSuffix("yes\n") else { return }
            promise?.succeed(text)
            (text, promise) = ("", nil)
        }

        func channelInactive(context: ChannelHandlerContext) { promise?.fail(ChannelError.eof) }
    }

    private let channel: any Channel
    private let collector: NIOLoopBound<Collector>

    init(_ host: String, _ port: Int) async throws {
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(
            host: host, port: port
        )
        .get()
        collector = try await channel.eventLoop.submit { [channel] in
            let collector = Collector()
            try channel.pipeline.syncOperations.addHandler(collector)
            return NIOLoopBound(collector, eventLoop: channel.eventLoop)
        }.get()
    }

    /// Asks once more, and gives the answer.
    func get() async throws -> String {
        let promise = channel.eventLoop.makePromise(of: String.self)
        try await channel.eventLoop.submit { [collector] in collector.value.promise = promise }.get()
        try await channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        return try await promise.futureResult.get()
    }

    /// Returns when the server has closed.
    func waitForEnd() async throws { try await channel.closeFuture.get() }
}

private let loopback: IPAddress = IPAddress("127.0.0.1") ?? { preconditionFailure() }()

/// Asks for `/` and gives the whole answer.
private func get(host: String = "127.0.0.1", port: Int) async throws -> String {
    try await converse(
        host: host, port: port, sending: "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

/// Sends a text, ends its side where it is to, and gives all that comes until the server ends its own.
private func converse(host: String = "127.0.0.1", port: Int, sending text: String, closing: Bool = false) async throws
    -> String
{
    let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .connect(host: host, port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
    return try await client.executeThenClose { inbound, outbound in
        // The server may close before it has taken all.
        try? await outbound.write(ByteBuffer(string: text))
        if closing { outbound.finish() }
        var all = ByteBuffer()
        do { for try await bytes in inbound { all.writeImmutableBuffer(bytes) } } catch is IOError {}
        return String(buffer: all)
    }
}

/// What was logged.
private final class Lines: Sendable {
    private let lines = Mutex<[LogLine]>([])

    var texts: [String] { lines.withLock { $0.map(\.text) } }
    var events: [String] { lines.withLock { $0.map { "\($0.level) \($0.event)" } } }

    @Sendable func add(_ line: LogLine) { lines.withLock { $0.append(line) } }
}
