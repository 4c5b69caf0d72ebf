internal import Glibc

/// A TCP port of 127.0.0.1 or ::1 at which nothing listens, and nothing will while this exists: connections are refused.
package final class RefusedPort: Sendable {
    /// The port.
    package let number: Int
    private let descriptor: Int32

    /// Takes a free port.
    package init(isIPv6: Bool = false) throws {
        // Bound but not listening: the kernel refuses, and gives the port to nobody else.
        descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var v4 = sockaddr_in()
        v4.sin_family = sa_family_t(AF_INET)
        v4.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var v6 = sockaddr_in6()
        v6.sin6_family = sa_family_t(AF_INET6)
        v6.sin6_addr = in6addr_loopback
        let isBound = isIPv6 ? Self.bind(descriptor, to: &v6) : Self.bind(descriptor, to: &v4)
        number = Int(UInt16(bigEndian: isIPv6 ? v6.sin6_port : v4.sin_port))
        guard isBound else { throw PeerError("no port: errno \(errno)") }
    }

    deinit { Glibc.close(descriptor) }

    /// Binds to a free port, which is put into the address.
    private static func bind(_ descriptor: Int32, to address: inout some Any) -> Bool {
        withUnsafeMutableBytes(of: &address) { bytes in
            guard let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
            var size = socklen_t(bytes.count)
            return Glibc.bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0
        }
    }
}
