import Glibc

/// A service manager's end of sd_notify(3): the datagram socket that `NOTIFY_SOCKET` names.
package final class NotifySocket: Sendable {
    private let descriptor: Int32

    /// Listens at a path, or at an abstract name when it begins with `@`.
    package init(_ name: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { space in
            space.copyBytes(from: name.utf8)
            if name.hasPrefix("@") { space[0] = 0 }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
        let descriptor = descriptor
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(descriptor, $0, length) }
        }
        guard result == 0 else { throw LabError.failed("\(name): \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// The next message that is there, by lines; none when there is no message.
    package func message() -> [String] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Waits for a message that has this line; those before it are passed over.
    package func waitForLine(_ isIt: (String) -> Bool, within limit: Duration = .seconds(10)) async throws {
        try await waitUntil("a notification", within: limit, every: .milliseconds(5)) {
            while case let message = message(), !message.isEmpty {
                if message.contains(where: isIt) { return true }
            }
            return false
        }
    }
}
