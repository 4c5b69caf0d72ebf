internal import Glibc
internal import NIOConcurrencyHelpers
internal import NIOCore
package import NIOPosix
internal import Site

/// The control socket: a UNIX socket on which each line is a request, and is answered by a line.
///
/// Bounded: 32 connections, a request of 64 KiB, a minute for each, one answer at a time.
package final class ControlServer: Sendable {
    /// Why there is no socket: in one line, with what to do.
    package struct Failure: Error, CustomStringConvertible {
        /// The line.
        package let description: String
    }

    private static let connectionLimit = 32
    private static let requestLimit = 65_536
    private static let idleTime = TimeAmount.seconds(60)

    /// Where it is.
    package let path: String
    private let listener: any Channel
    private let inode: ino_t

    private init(path: String, listener: any Channel, inode: ino_t) {
        self.path = path
        self.listener = listener
        self.inode = inode
    }

    /// Opens the socket, mode 0660; one that nobody answers on any more is replaced.
    package static func open(path: String, desk: StatusDesk, on group: MultiThreadedEventLoopGroup)
        async throws(Failure)
        -> ControlServer
    {
        let descriptor = try bind(path)
        var status = stat()
        lstat(path, &status)
        let handler = ControlHandler(desk: desk, users: .system, loop: group.any())
        let connections = NIOLockedValueBox(0)
        do {
            let listener = try await ServerBootstrap(group: group)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let count = connections.withLockedValue {
                            $0 += 1; return $0
                        }
                        channel.closeFuture.whenComplete { _ in connections.withLockedValue { $0 -= 1 } }
                        guard count <= connectionLimit else { throw Failure(description: "too many connections") }
                        try channel.pipeline.syncOperations.addHandlers([
                            IdleStateHandler(allTimeout: idleTime),
                            ByteToMessageHandler(RequestDecoder(), maximumBufferSize: requestLimit),
                            ControlConnection(handler),
                        ])
                    }
                }
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .withBoundSocket(descriptor).get()
            return ControlServer(path: path, listener: listener, inode: status.st_ino)
        } catch {
            throw Failure(description: "\(path): cannot be listened on: \(error)")
        }
    }

    /// Closes the socket and removes it, unless it is another's by now.
    package func close() async {
        try? await listener.close()
        var status = stat()
        if lstat(path, &status) == 0, status.st_ino == inode { unlink(path) }
    }

    /// A bound socket that nobody can connect to yet, so that its mode can be set before.
    private static func bind(_ path: String) throws(Failure) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure(description: "\(path): a socket's path has 1 to 107 bytes")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        func with(_ body: (UnsafePointer<sockaddr>) -> CInt) -> CInt {
            withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
        }
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw failure(path, "cannot be made") }
        let isAnswered = with { connect(descriptor, $0, length) } == 0 || errno == EAGAIN
        let isLeftOver = !isAnswered && errno == ECONNREFUSED
        if isAnswered {
            Glibc.close(descriptor)
            throw Failure(
                description: "\(path): another process answers there; name another one by control_socket")
        }
        // Nobody listens: it is left over. Any other file is not touched, and has bind fail.
        var status = stat()
        if isLeftOver, lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
        guard with({ Glibc.bind(descriptor, $0, length) }) == 0 else {
            let failure = failure(path, "cannot be made")
            Glibc.close(descriptor)
            throw failure
        }
        chmod(path, 0o660)
        return descriptor
    }

    private static func failure(_ path: String, _ what: String) -> Failure {
        Failure(
            description:
                "\(path): \(what): \(String(cString: strerror(errno))); name another one by control_socket, or "
                + "leave it empty for none")
    }
}
