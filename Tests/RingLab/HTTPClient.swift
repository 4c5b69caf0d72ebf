import Glibc

/// Asks this machine for something by HTTP: one request, one connection.
package func httpGet(
    port: Int, _ target: String, headers: [String] = [], within limit: Int = 5
) async throws -> (status: Int, body: String) {
    try await offPool {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard client >= 0 else { throw LabError.failed("no socket") }
        defer { close(client) }
        var patience = timeval(tv_sec: limit, tv_usec: 0)
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = in_port_t(port).bigEndian
        inet_pton(AF_INET, "127.0.0.1", &place.sin_addr)
        let result = withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw LabError.failed("port \(port): \(String(cString: strerror(errno)))") }
        let lines = ["GET \(target) HTTP/1.1", "Host: 127.0.0.1", "Connection: close"] + headers + ["", ""]
        let request = Array(lines.joined(separator: "\r\n").utf8)
        guard send(client, request, request.count, Int32(MSG_NOSIGNAL.rawValue)) == request.count else {
            throw LabError.failed("port \(port): cannot send")
        }
        var bytes: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(client, &space, space.count, 0), count > 0 { bytes += space.prefix(count) }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n"), let status = Int(text.dropFirst(9).prefix(3)) else {
            throw LabError.failed("port \(port): no answer to \(target)")
        }
        return (status, String(text[end.upperBound...]))
    }
}

/// A port of this machine that nobody has at the moment.
package func freePort() throws -> Int {
    let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(probe) }
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    inet_pton(AF_INET, "127.0.0.1", &place.sin_addr)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &place) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(probe, address, size) == 0 && getsockname(probe, address, &size) == 0
        }
    }
    guard result else { throw LabError.failed("no free port") }
    return Int(in_port_t(bigEndian: place.sin_port))
}
