internal import NIOCore
package import Site

/// Where a conversation is held.
package enum Endpoint: Hashable, Sendable {
    /// A TCP port of an address.
    case tcp(IPAddress, port: Int)
    /// A UNIX stream socket; at most 107 bytes of path.
    case unix(path: String)

    var socketAddress: SocketAddress {
        get throws {
            switch self {
            case .tcp(let address, let port): try SocketAddress(ipAddress: address.description, port: port)
            case .unix(let path): try SocketAddress(unixDomainSocketPath: path)
            }
        }
    }
}
