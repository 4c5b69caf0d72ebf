package import Glibc
package import Site

/// Where a conversation is held.
package enum Endpoint: Hashable, Sendable {
    /// A TCP port of an address.
    case tcp(IPAddress, port: Int)
    /// A UNIX stream socket; at most 107 bytes of path.
    case unix(path: String)

    /// Lends it as the system's calls take it; it tells its family itself. Fails where the system has no such endpoint.
    package func withSocketAddress<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) throws(SystemError) -> Result {
        switch self {
        case .tcp(let address, let port):
            guard let port = UInt16(exactly: port) else { throw SystemError(EINVAL) }
            return address.withSocketAddress(port: port, body)
        case .unix(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let fits = withUnsafeMutableBytes(of: &address.sun_path) { space in
                guard path.utf8.count < space.count else { return false }
                space.copyBytes(from: path.utf8)
                return true
            }
            guard fits else { throw SystemError(ENAMETOOLONG) }
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
    }
}
