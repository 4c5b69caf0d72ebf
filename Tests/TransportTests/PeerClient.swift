import NIOCore
import NIOPosix
import ScriptedPeers
import Transport

typealias ClientChannel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

@Sendable func wrap(_ channel: any Channel) -> EventLoopFuture<ClientChannel> {
    channel.eventLoop.makeCompletedFuture { try ClientChannel(wrappingChannelSynchronously: channel) }
}

/// Reading to the peer's end must not close the channel under what is still to be written.
var client: ClientBootstrap {
    ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
}

func connect(port: Int) async throws -> ClientChannel {
    try await client.connect(host: "127.0.0.1", port: port, channelInitializer: wrap)
}

/// Sends a text and gives all that comes until the peer ends its side.
func converse(_ client: ClientChannel, sending text: String) async throws -> String {
    try await client.executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: text))
        var all = ByteBuffer()
        for try await bytes in inbound { all.writeImmutableBuffer(bytes) }
        return String(buffer: all)
    }
}

@discardableResult
func exchange(port: Int, sending text: String) async throws -> String {
    try await converse(connect(port: port), sending: text)
}

/// The same over TLS, with a text in clear before the handshake.
func exchangeTLS(port: Int, clear: String = "", sending text: String) async throws -> (
    text: String, end: TLSProgress.End?
) {
    let context = try TLSContext()
    return try await connect(port: port).executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: clear))
        let session = try TLSSession(context: context)
        var plaintext = ByteBuffer()
        var progress = session.startHandshake()
        func flush() async throws {
            var ciphertext = ByteBuffer()
            if session.drainCiphertext(into: &ciphertext) { try await outbound.write(ciphertext) }
        }
        try await flush()
        for try await bytes in inbound {
            progress = bytes.withUnsafeReadableBytes { session.receive($0, plaintext: &plaintext) }
            if progress.established, progress.end == nil {
                try Array(text.utf8).withUnsafeBytes { try session.send($0) }
            }
            try await flush()
            if progress.end != nil { return (String(buffer: plaintext), progress.end) }
        }
        return (String(buffer: plaintext), session.inputClosed().end)
    }
}
