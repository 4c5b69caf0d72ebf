internal import FoundationEssentials
internal import Glibc

/// Asks a daemon over its control socket; waits for it, for people and scripts.
package struct ControlClient: Sendable {
    /// Why there is no answer.
    package enum Failure: Error, Hashable, CustomStringConvertible {
        /// No daemon answers at this path, for this reason.
        case noDaemon(path: String, reason: String)
        /// It has refused.
        case refused(String)
        /// What it answered is not understood.
        case notUnderstood(path: String)
        /// A key was pressed, or a signal came, before it answered.
        case interrupted

        /// In one line, with what to do.
        package var description: String {
            switch self {
            case .noDaemon(let path, let reason):
                "\(path): no dovemon answers: \(reason); is it running, with this control_socket, and may you ask it?"
            case .refused(let text): text
            case .interrupted: "interrupted"
            case .notUnderstood(let path):
                "\(path): the answer is not understood: the dovemon that runs may be of another version; restart it"
            }
        }
    }

    private static let patience = 10
    private let path: String

    /// A client for the socket at this path.
    package init(path: String) { self.path = path }

    /// Sends a request, and gives what is answered.
    ///
    /// With `keys` a signal, or something to be read from that descriptor, ends the waiting; -1 stands for none.
    package func ask<Answer: Codable & Sendable>(
        _ request: ControlRequest, for: Answer.Type, until keys: CInt? = nil
    ) throws(Failure) -> Answer {
        let line = try exchange(jsonText(request) + "\n", until: keys)
        guard let reply = try? JSONDecoder().decode(ControlReply<Answer>.self, from: Data(line)) else {
            throw .notUnderstood(path: path)
        }
        if let result = reply.result, reply.ok { return result }
        throw reply.error.map { .refused($0) } ?? .notUnderstood(path: path)
    }

    private func exchange(_ text: String, until keys: CInt?) throws(Failure) -> [UInt8] {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw trouble() }
        defer { close(descriptor) }
        var time = timeval(tv_sec: Self.patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .noDaemon(path: path, reason: "a socket's path has 1 to 107 bytes")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { throw trouble() }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else { throw trouble() }
            rest = rest.dropFirst(sent)
        }
        return try line(from: descriptor, until: keys)
    }

    private func line(from descriptor: CInt, until keys: CInt?) throws(Failure) -> [UInt8] {
        var line: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 65_536)
        while line.last != UInt8(ascii: "\n") {
            if let keys { try wait(for: descriptor, until: keys) }
            let count = recv(descriptor, &space, space.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw trouble() }
            guard count > 0 else { throw .noDaemon(path: path, reason: "it has closed the connection") }
            line += space.prefix(count)
        }
        return line
    }

    /// Waits for an answer, but no longer than for a key or a signal.
    private func wait(for descriptor: CInt, until keys: CInt) throws(Failure) {
        var waiting = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: keys, events: Int16(POLLIN), revents: 0),
        ]
        let count = poll(&waiting, nfds_t(waiting.count), CInt(Self.patience) * 1_000)
        if count < 0, errno == EINTR { throw .interrupted }
        guard count != 0 else {
            errno = EAGAIN
            throw trouble()
        }
        // What has been answered is taken first.
        if waiting[0].revents == 0, waiting[1].revents != 0 { throw .interrupted }
    }

    private func trouble() -> Failure {
        let reason = errno == EAGAIN ? "it is silent for \(Self.patience) seconds" : String(cString: strerror(errno))
        return .noDaemon(path: path, reason: reason)
    }
}
