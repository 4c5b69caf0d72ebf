import Glibc
import ScriptedPeers

/// A syslog of the tests' own: a UNIX datagram or stream socket that reads only when it is told to, and never waits.
final class SyslogReceiver {
    let path: String
    private var descriptor: CInt
    private var connection: CInt = -1
    private var rest: [UInt8] = []
    private let isStream: Bool

    /// Takes its place at `path`, in place of what is there.
    init(path: String, isStream: Bool = false) throws {
        self.path = path
        self.isStream = isStream
        unlink(path)
        let type = isStream ? SOCK_STREAM : SOCK_DGRAM
        descriptor = socket(AF_UNIX, CInt(type.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = descriptor
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0, !isStream || listen(descriptor, 8) == 0 else { throw PeerError("syslog: errno \(errno)") }
    }

    deinit { stop() }

    /// Goes away, as a syslog that is being restarted.
    func stop() {
        guard descriptor >= 0 else { return }
        if connection >= 0 { close(connection) }
        close(descriptor)
        connection = -1
        descriptor = -1
        unlink(path)
    }

    /// All messages that are there now.
    func messages() -> [String] {
        isStream ? streamMessages() : datagrams(atMost: .max)
    }

    /// At most so many datagrams of those that are there now.
    func datagrams(atMost limit: Int) -> [String] {
        var messages: [String] = []
        var space = [UInt8](repeating: 0, count: 65_536)
        while messages.count < limit {
            let count = recv(descriptor, &space, space.count, 0)
            guard count >= 0 else { break }
            messages.append(String(decoding: space.prefix(count), as: UTF8.self))
        }
        return messages
    }

    private func streamMessages() -> [String] {
        if connection < 0 { connection = accept(descriptor, nil, nil) }
        var space = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(connection, &space, space.count, CInt(MSG_DONTWAIT))
            guard count > 0 else { break }
            rest += space.prefix(count)
        }
        // Messages end with NUL; what is behind the last one is not whole.
        var parts = rest.split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
        rest = parts.popLast() ?? []
        return parts.map { String(decoding: $0, as: UTF8.self) }
    }
}
