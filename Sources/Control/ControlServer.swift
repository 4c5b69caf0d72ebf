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
    private let file: FileIdentity?

    private init(path: String, listener: any Channel, file: FileIdentity?) {
        self.path = path
        self.listener = listener
        self.file = file
    }

    /// Whether its path still leads to it: a socket that somebody has removed is heard by nobody.
    package var isInPlace: Bool { file != nil && FileIdentity(path: path) == file }

    /// Opens the socket, mode 0660; one that nobody answers on any more is replaced.
    package static func open(path: String, desk: StatusDesk, on group: MultiThreadedEventLoopGroup)
        async throws(Failure)
        -> ControlServer
    {
        let beginning = await DirectoryLock(of: path)
        defer { beginning.release() }
        let descriptor = try bind(path)
        let file = FileIdentity(path: path)
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
            return ControlServer(path: path, listener: listener, file: file)
        } catch {
            throw Failure(description: "\(path): cannot be listened on: \(error)")
        }
    }

    /// Closes the socket and removes it, unless it is another's by now.
    package func close() async {
        try? await listener.close()
        if isInPlace { unlink(path) }
    }

    /// A socket that listens since it has its mode.
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
        // Whatever lies there by now, what a link leads to is not touched.
        guard fchmodat(AT_FDCWD, path, 0o660, AT_SYMLINK_NOFOLLOW) == 0, listen(descriptor, 128) == 0 else {
            let failure = failure(path, "cannot be made")
            Glibc.close(descriptor)
            throw failure
        }
        return descriptor
    }

    private static func failure(_ path: String, _ what: String) -> Failure {
        Failure(
            description:
                "\(path): \(what): \(String(cString: strerror(errno))); name another one by control_socket, or "
                + "leave it empty for none")
    }
}

/// What tells a file from another one that has its place.
private struct FileIdentity: Hashable {
    private let device: dev_t
    private let inode: ino_t

    /// The file at a path, which may be a link; nil where there is none.
    init?(path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        device = status.st_dev
        inode = status.st_ino
    }
}

/// Keeps two dovemons that begin at once from each other's sockets: one that is bound, and does not listen yet, would seem to
/// be left over.
private struct DirectoryLock {
    private static let attempts = 100
    private let descriptor: CInt

    /// Waits for a second at most: whoever else has a lock there is not to keep the monitor from anything.
    init(of path: String) async {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        for _ in 0..<Self.attempts where descriptor >= 0 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    func release() { if descriptor >= 0 { Glibc.close(descriptor) } }
}
