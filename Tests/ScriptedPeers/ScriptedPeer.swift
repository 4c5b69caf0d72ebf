internal import NIOCore
internal import NIOPosix

/// A server on this machine that does what a script says with each connection, at the same time and over real sockets.
///
/// A script that returns has its connection closed in order; one that throws has it closed at once.
package final class ScriptedPeer: Sendable {
    /// What is done with a connection.
    package typealias Script = @Sendable (PeerConnection) async throws -> Void

    /// The TCP port it listens at; 0 for a UNIX socket.
    package let port: Int

    private let record: PeerRecord
    private let listener: any Channel

    private init(listener: any Channel, record: PeerRecord) {
        port = listener.localAddress?.port ?? 0
        self.record = record
        self.listener = listener
    }

    deinit {
        listener.close(promise: nil)
        record.stop()
    }

    /// Listens at `host`, at a port that is free unless one is given. With `tls`, the handshake comes before the script.
    package static func start(
        on host: String = "127.0.0.1", port: Int = 0, tls: PeerTLS? = nil, _ script: @escaping Script
    ) async throws -> ScriptedPeer {
        let record = PeerRecord()
        let listener = try await bootstrap(record, tls, script)
            .childChannelOption(ChannelOptions.tcpOption(.tcp_nodelay), value: 1)
            .bind(host: host, port: port).get()
        return ScriptedPeer(listener: listener, record: record)
    }

    /// Listens at a UNIX socket, in the place of one that is there already.
    package static func start(
        unixPath: String, tls: PeerTLS? = nil, _ script: @escaping Script
    ) async throws -> ScriptedPeer {
        let record = PeerRecord()
        let listener = try await bootstrap(record, tls, script)
            .bind(unixDomainSocketPath: unixPath, cleanupExistingSocketFile: true).get()
        return ScriptedPeer(listener: listener, record: record)
    }

    /// Stops listening and closes all connections; returns when that is done.
    package func stop() async {
        try? await listener.close()
        for conversation in record.stop() { await conversation.value }
    }

    /// How many connections it has accepted so far.
    package var connections: Int { record.accepted }
    /// What each connection's client has sent so far, decrypted where TLS is on.
    package var received: [[UInt8]] { record.received }
    /// The same as texts.
    package var transcripts: [String] { received.map { String(decoding: $0, as: UTF8.self) } }
    /// What clients said that `expect` did not expect.
    package var complaints: [String] { record.complaints }
    /// Waits until so many connections have come and ended.
    package func waitUntilEnded(_ connections: Int) async { await record.waitUntilEnded(connections) }
}

extension ScriptedPeer {
    private static func bootstrap(
        _ record: PeerRecord, _ tls: PeerTLS?, _ script: @escaping Script
    ) -> ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(ChannelOptions.backlog, value: 1_024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ConversationStarter(record: record, tls: tls, script: script))
                }
            }
    }
}

/// Begins a connection's conversation when it is open.
///
/// Not before, and not by NIO's stream of accepted connections: one that is dropped there when the peer is stopped traps.
private final class ConversationStarter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private let record: PeerRecord
    private let tls: PeerTLS?
    private let script: ScriptedPeer.Script

    init(record: PeerRecord, tls: PeerTLS?, script: @escaping ScriptedPeer.Script) {
        self.record = record
        self.tls = tls
        self.script = script
    }

    func channelActive(context: ChannelHandlerContext) {
        guard
            let connection = try? Connection(
                wrappingChannelSynchronously: context.channel,
                configuration: .init(isOutboundHalfClosureEnabled: true))
        else { return context.close(promise: nil) }
        let (record, tls, script) = (record, tls, script)
        let isBegun = record.begin { number in
            // Errors are the connection's end.
            try? await Self.converse(connection, number, record, tls, script)
        }
        // It has to be used once, or it traps.
        if !isBegun { Task { try? await connection.executeThenClose { _, _ in } } }
        context.fireChannelActive()
    }

    private static func converse(
        _ connection: Connection, _ number: Int, _ record: PeerRecord, _ tls: PeerTLS?, _ script: ScriptedPeer.Script
    ) async throws {
        try await connection.executeThenClose { inbound, outbound in
            let peer = PeerConnection(
                number: number, channel: connection.channel, inbound: inbound, outbound: outbound, record: record)
            if let tls {
                try await peer.startTLS(tls)
                // A handshake that was not meant to succeed is the whole conversation.
                guard peer.tlsSession != nil else { return try await peer.close() }
            }
            try await script(peer)
            try await peer.close()
        }
    }
}
