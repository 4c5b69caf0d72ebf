package import NIOCore
package import NIOPosix

/// Answers lines on one connection. Everything here happens on one event loop.
package protocol LineService: AnyObject {
    func opened(_ channel: any Channel)
    func heard(_ line: String, _ channel: any Channel)
    /// The connection is over.
    func closed()
}

extension LineService {
    /// Few have anything to do then.
    package func closed() {}
}

/// Cuts what comes in into lines.
final class LineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let service: any LineService
    private var rest: [UInt8] = []

    init(_ service: any LineService) { self.service = service }

    func channelActive(context: ChannelHandlerContext) { service.opened(context.channel) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        rest += unwrapInboundIn(data).readableBytesView
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: rest[..<end], as: UTF8.self)
            rest.removeSubrange(...end)
            service.heard(line.last == "\r" ? String(line.dropLast()) : line, context.channel)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { service.closed() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// A listener whose connections all are on its own loop.
package func listener(
    on loop: any EventLoop, backlog: Int32, _ service: @escaping () -> any LineService
) -> ServerBootstrap {
    let service = NIOLoopBound(service, eventLoop: loop)
    return ServerBootstrap(group: loop)
        .serverChannelOption(.backlog, value: backlog)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(LineHandler(service.value()))
            }
        }
}

extension Channel {
    package func say(_ text: String) { writeAndFlush(ByteBuffer(string: text), promise: nil) }

    /// Closes with a reset instead of an orderly end.
    package func reset() {
        guard let options = self as? any SocketOptionProvider else { return close(promise: nil) }
        options.setSoLinger(.init(l_onoff: 1, l_linger: 0)).whenComplete { _ in self.close(promise: nil) }
    }
}
