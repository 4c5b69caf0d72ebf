internal import CLinux
internal import Glibc
internal import NIOCore
internal import Site

/// A stream connection to a peer, confined to its reactor's thread. No call waits.
final class StreamSocket: ReadinessHandler {
    /// Whom it tells what happens.
    protocol Client: AnyObject {
        func connected()
        /// The bytes are there until it returns.
        func received(_ bytes: UnsafeRawBufferPointer)
        /// The peer has ended its side.
        func ended()
        /// The connection could not be made, or is lost.
        func failed(_ error: SystemError)
    }

    private enum State { case new, connecting, open, closed }

    private let reactor: Reactor
    private var descriptor: Int32 = -1
    private var state = State.new
    /// Kept until it is closed.
    private var client: (any Client)?
    /// What the system did not take at once.
    private var unsent: ArraySlice<UInt8> = []

    init(on reactor: Reactor, for client: any Client) {
        self.reactor = reactor
        self.client = client
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    /// Begins to connect; the client hears of the end of that, `connected` or `failed`, later.
    ///
    /// The process's last descriptors are not for backends: that fails as if there were none.
    func connect(to endpoint: Endpoint) throws(SystemError) {
        let code = try endpoint.withSocketAddress { address, size in
            let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
            descriptor = socket(Int32(address.pointee.sa_family), Int32(kind), 0)
            guard descriptor >= 0 else { return errno }
            if case .tcp = endpoint {
                guard descriptor < reactor.backendDescriptors else { return EMFILE }
                // A PROXY header and what comes behind it are two packets that need not wait for each other.
                var on: Int32 = 1
                setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
            }
            return Glibc.connect(descriptor, address, size) == 0 ? 0 : errno
        }
        guard code == 0 || code == EINPROGRESS || code == EINTR else { throw SystemError(code) }
        try reactor.register(descriptor, self)
        state = .connecting
    }

    /// Sends it all, the sooner the better. What cannot be sent any more is lost, and reading tells why.
    func send(_ bytes: UnsafeRawBufferPointer) {
        guard state == .open else { return }
        guard unsent.isEmpty else { return unsent.append(contentsOf: bytes) }
        let sent = max(0, write(bytes))
        if sent < bytes.count, state == .open { unsent = ArraySlice(bytes.dropFirst(sent)) }
    }

    /// Closes the connection; nothing is heard of it any more.
    ///
    /// - Parameter isReset: whether the peer knows already that all is said, and needs no orderly end: a reset leaves none of
    ///   both with a port that is in nobody's use for a minute.
    func close(isReset: Bool = false) {
        guard state != .closed else { return }
        state = .closed
        client = nil
        guard descriptor >= 0 else { return }
        if isReset {
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        }
        reactor.forget(descriptor)
        Glibc.close(descriptor)
        descriptor = -1
    }

    func ready(_ readiness: Readiness) {
        if state == .connecting {
            if readiness.isFailed, let error = pendingError { return fail(error) }
            guard readiness.isWritable else { return }
            state = .open
            client?.connected()
        }
        if readiness.isWritable, !unsent.isEmpty { flush() }
        if readiness.isReadable || readiness.isEnded { receive(toTheEnd: readiness.isEnded) }
    }

    /// Reads what there is. A read that is not filled was the last, but at the end: that comes behind all bytes. Behind one that
    /// is filled the others have their turn.
    private func receive(toTheEnd: Bool) {
        while state == .open {
            let count = recv(descriptor, reactor.space.baseAddress, reactor.space.count, 0)
            switch count {
            case 1...:
                client?.received(UnsafeRawBufferPointer(rebasing: reactor.space[..<count]))
                if count == reactor.space.count { return receiveLater(toTheEnd) }
                if !toTheEnd { return }
            case 0: return end()
            case _ where errno == EINTR: continue
            case _ where errno == EAGAIN: return
            default: return fail(SystemError(errno))
            }
        }
    }

    private func receiveLater(_ toTheEnd: Bool) {
        guard state == .open else { return }
        _ = reactor.timer(at: .now() + .nanoseconds(1)) { [weak self] in self?.receive(toTheEnd: toTheEnd) }
    }

    private func flush() {
        let sent = max(0, unsent.withUnsafeBytes { write($0) })
        unsent = unsent.dropFirst(sent)
        if unsent.isEmpty { unsent = [] }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        while true {
            let sent = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if sent >= 0 || errno != EINTR { return sent }
        }
    }

    private var pendingError: SystemError? {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        return code == 0 ? nil : SystemError(code)
    }

    private func end() {
        let client = client
        close()
        client?.ended()
    }

    private func fail(_ error: SystemError) {
        let client = client
        close()
        client?.failed(error)
    }
}
