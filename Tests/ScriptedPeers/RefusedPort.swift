internal import Glibc

/// A TCP port of 127.0.0.1 at which nothing listens, and nothing will while this exists: connections are refused.
package final class RefusedPort: Sendable {
    /// The port.
    package let number: Int
    private let descriptor: Int32

    /// Takes a free port.
    package init() throws {
        // Bound but not listening: the kernel refuses, and gives the port to nobody else.
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutableBytes(of: &address) { bytes in
            guard let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
            return bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0
        }
        number = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else { throw PeerError("no port: errno \(errno)") }
    }

    deinit { Glibc.close(descriptor) }
}
