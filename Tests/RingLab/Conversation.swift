import Glibc

/// A line conversation over a blocking socket, with one deadline for all of it.
final class Conversation {
    private let socket: Int32
    private let name: String
    private let deadline: ContinuousClock.Instant
    private var received: [UInt8] = []

    /// Connects over TCP.
    convenience init(address: String, port: Int, within limit: Duration) throws {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = in_port_t(port).bigEndian
        guard inet_pton(AF_INET, address, &place.sin_addr) == 1 else { throw LabError.failed("\(address)?") }
        try self.init(family: AF_INET, place, name: "\(address):\(port)", within: limit)
    }

    /// Connects to a UNIX stream socket.
    convenience init(path: String, within limit: Duration) throws {
        var place = sockaddr_un()
        place.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: place.sun_path) else {
            throw LabError.failed("\(path): too long for a socket")
        }
        withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: path.utf8) }
        try self.init(family: AF_UNIX, place, name: path, within: limit)
    }

    private init<Address>(family: Int32, _ place: Address, name: String, within limit: Duration) throws {
        deadline = .now + limit
        self.name = name
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        socket = Glibc.socket(family, type, 0)
        guard socket >= 0 else { throw LabError.failed("\(name): no socket") }
        let code = withUnsafeBytes(of: place) { bytes in
            let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return connect(socket, pointer, socklen_t(bytes.count))
        }
        guard code != 0 else { return }
        // A UNIX socket whose queue is full says EAGAIN, and cannot be waited for.
        guard errno == EINPROGRESS else { throw Self.failure(of: name, errno) }
        try wait(for: POLLOUT)
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size)
        guard error == 0 else { throw Self.failure(of: name, error) }
    }

    deinit { close(socket) }

    /// The next line, without its end.
    func readLine() throws -> String {
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                var line = received[..<end]
                if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
                received.removeSubrange(...end)
                return String(decoding: line, as: UTF8.self)
            }
            try wait(for: POLLIN)
            var chunk = [UInt8](repeating: 0, count: 8192)
            let count = read(socket, &chunk, chunk.count)
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count > 0 else { throw LabError.closed(name) }
            received += chunk[..<count]
        }
    }

    func send(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            try wait(for: POLLOUT)
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count > 0 else { throw LabError.closed(name) }
            rest = rest.dropFirst(count)
        }
    }

    private func wait(for event: Int32) throws {
        while true {
            let left = deadline - .now
            guard left > .zero else { throw LabError.timedOut(name) }
            var query = pollfd(fd: socket, events: Int16(event), revents: 0)
            if poll(&query, 1, Int32(left / .milliseconds(1)) + 1) > 0 { return }
        }
    }

    private static func failure(of name: String, _ code: Int32) -> LabError {
        code == ECONNREFUSED ? .refused(name) : .failed("\(name): \(String(cString: strerror(code)))")
    }
}
