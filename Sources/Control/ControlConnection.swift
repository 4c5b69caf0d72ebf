internal import Glibc
internal import NIOCore
internal import Site

/// Cuts what comes in into lines.
struct RequestDecoder: ByteToMessageDecoder {
    typealias InboundOut = ByteBuffer

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) -> DecodingState {
        let view = buffer.readableBytesView
        guard let end = view.firstIndex(of: UInt8(ascii: "\n")),
            let line = buffer.readSlice(length: end - view.startIndex)
        else { return .needMoreData }
        buffer.moveReaderIndex(forwardBy: 1)
        context.fireChannelRead(wrapInboundOut(line))
        return .continue
    }

    mutating func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) -> DecodingState {
        guard decode(context: context, buffer: &buffer) == .needMoreData else { return .continue }
        // The last line of a text need not end in a newline. Of a connection that has broken nobody knows what it would say.
        if seenEOF, context.channel.isActive, buffer.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(buffer.readSlice(length: buffer.readableBytes) ?? ByteBuffer()))
        }
        return .needMoreData
    }
}

/// Answers one line after the other; some of what comes meanwhile waits.
final class ControlConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let waitingLimit = 16

    private let handler: ControlHandler
    private var waiting: [ByteBuffer] = []
    private var isAnswering = false
    private var hasEnded = false

    init(_ handler: ControlHandler) { self.handler = handler }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard waiting.count < Self.waitingLimit else { return context.close(promise: nil) }
        waiting.append(unwrapInboundIn(data))
        answerNext(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is IdleStateHandler.IdleStateEvent: context.close(promise: nil)
        case ChannelEvent.inputClosed:
            hasEnded = true
            if !isAnswering { context.close(promise: nil) }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answerNext(_ context: ChannelHandlerContext) {
        guard !isAnswering, !waiting.isEmpty else { return }
        isAnswering = true
        let line = Array(waiting.removeFirst().readableBytesView)
        let peer = Self.peer(of: context.channel)
        let answer = context.eventLoop.makePromise(of: String.self)
        answer.completeWithTask { [handler] in await handler.answer(line, from: try await peer.get()) }
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        answer.futureResult.whenComplete { result in
            let (handler, context) = bound.value
            // Without a name nobody orders anything.
            guard case .success(let text) = result else { return context.close(promise: nil) }
            context.writeAndFlush(handler.wrapOutboundOut(ByteBuffer(string: text + "\n"))).whenComplete { _ in
                bound.value.handler.answered(bound.value.context)
            }
        }
    }

    private func answered(_ context: ChannelHandlerContext) {
        isAnswering = false
        guard !waiting.isEmpty else { return hasEnded ? context.close(promise: nil) : () }
        answerNext(context)
    }

    /// Who is at the other end, by the kernel's word (unix(7), SO_PEERCRED).
    private static func peer(of channel: any Channel) -> EventLoopFuture<uid_t> {
        guard let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(Refusal("no socket"))
        }
        let credentials: EventLoopFuture<Credentials> = options.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        return credentials.map(\.uid)
    }
}

/// glibc's `struct ucred`, which it shows to GNU's sources alone.
private struct Credentials {
    var process: pid_t = 0
    var uid: uid_t = 0
    var gid: gid_t = 0
}
