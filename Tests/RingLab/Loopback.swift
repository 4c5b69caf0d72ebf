import Glibc

/// A loopback network of 256 addresses, and ports that are free on the ones a ring will use.
///
/// It is chosen by chance, so that several rings can run side by side. Another process may still take a port between
/// the look and the start; who starts a ring then tries again.
struct Loopback: Sendable {
    private let prefix: String
    let ports: Ports

    /// The addresses of directors begin here, those of backends here.
    private static let firstDirector = 11
    private static let firstBackend = 101

    /// - Throws: when twenty tries found nothing free.
    static func choose(directors: Int, backends: Int) throws -> Loopback {
        for _ in 0..<20 {
            let prefix = "127.\(Int.random(in: 1...254)).\(Int.random(in: 0...254))"
            // Below the ports that the kernel gives to outgoing connections.
            let first = Int.random(in: 2_000..<3_200) * 10
            let ports = Ports(ring: first, imap: first + 1, pop3: first + 2, lmtp: first + 3)
            let network = Loopback(prefix: prefix, ports: ports)
            let places =
                (0..<directors).flatMap { [(network.director($0), ports.ring), (network.director($0), ports.imap)] }
                + (0..<backends).flatMap { index in
                    [ports.imap, ports.pop3, ports.lmtp].map { (network.backend(index), $0) }
                }
            if places.allSatisfy({ isFree($0.0, $0.1) }) { return network }
        }
        throw LabError.failed("no free loopback addresses and ports found")
    }

    func director(_ index: Int) -> String { "\(prefix).\(Self.firstDirector + index)" }

    func backend(_ index: Int) -> String { "\(prefix).\(Self.firstBackend + index)" }

    private static func isFree(_ address: String, _ port: Int) -> Bool {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { return false }
        defer { close(probe) }
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = in_port_t(port).bigEndian
        guard inet_pton(AF_INET, address, &place.sin_addr) == 1 else { return false }
        return withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
