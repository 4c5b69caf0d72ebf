import Glibc
import RingLab

/// What a dovemon tells of its own polls, at its `http_listen`.
struct Metrics {
    /// Polls that went well, of all protocols.
    private(set) var succeeded = 0
    /// How many failed, by protocol and kind.
    private(set) var failures: [String: Int] = [:]
    /// The backends that do not poll well.
    private(set) var unhealthy: Set<String> = []
    /// How late polls began by dovemon's own plan.
    private(set) var lateness = OwnLateness()

    init(port: Int) throws {
        for line in try page("/metrics", port: port).split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            let labels = line.split(separator: "\"", omittingEmptySubsequences: false)
            let value = Double(line[line.index(after: space)...]) ?? 0
            if line.hasPrefix("dovemon_backend_healthy{"), labels.count > 1 {
                if value == 0 { unhealthy.insert(String(labels[1])) }
            } else if line.hasPrefix("dovemon_polls_total{"), labels.count > 3 {
                let (mailProtocol, result) = (labels[1], labels[3])
                if result == "ok" {
                    succeeded += Int(value)
                } else if value > 0 {
                    failures["\(mailProtocol) \(result)"] = Int(value)
                }
            } else if line.hasPrefix("dovemon_schedule_lateness_seconds_bucket{"), labels.count > 1 {
                lateness.buckets.append((Double(labels[1]) ?? .infinity, Int(value)))
            } else if line.hasPrefix("dovemon_schedule_lateness_seconds_sum ") {
                lateness.sum = value
            }
        }
        guard !lateness.buckets.isEmpty else { throw LabError.failed("dovemon's metrics hold no lateness") }
    }

    var failed: Int { failures.values.reduce(0, +) }

    /// Whether none failed but for want of time: the process's own, or a peer's that shares the machine with it.
    var lacksOnlyTime: Bool { failures.keys.allSatisfy { $0.hasSuffix(" local") || $0.hasSuffix(" timeout") } }

    /// All failures in words.
    var failuresText: String {
        failures.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
    }
}

/// How late polls began, as dovemon counts it: from the moment for which each round was booked.
struct OwnLateness {
    /// Upper bounds in seconds, and how many polls were no later.
    fileprivate(set) var buckets: [(bound: Double, count: Int)] = []
    /// Seconds.
    fileprivate(set) var sum = 0.0

    var count: Int { buckets.last?.count ?? 0 }
    /// Milliseconds.
    var mean: Double { sum / Double(count) * 1000 }

    /// What has come since then.
    func since(_ earlier: OwnLateness) -> OwnLateness {
        var difference = self
        for number in buckets.indices { difference.buckets[number].count -= earlier.buckets[number].count }
        difference.sum -= earlier.sum
        return difference
    }

    /// The bound of the bucket in which so large a share of all lies, in milliseconds.
    func bound(_ share: Double) -> Double {
        (buckets.first { Double($0.count) >= share * Double(count) }?.bound ?? .infinity) * 1000
    }
}

/// A port that nobody listens on.
func freePort() throws -> Int {
    let (descriptor, address) = try bound()
    close(descriptor)
    return Int(UInt16(bigEndian: address.sin_port))
}

private func bound() throws -> (Int32, sockaddr_in) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = loopback(port: 0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withSocketAddress(&address) {
        bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
    }
    guard isBound else { throw LabError.failed("no free port: \(String(cString: strerror(errno)))") }
    return (descriptor, address)
}

private func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}

private func withSocketAddress<Result>(
    _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Result
) -> Result {
    withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
}

/// What is served there by HTTP, header and all; waits for it.
private func page(_ path: String, port: Int) throws -> String {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = loopback(port: port)
    let request = Array("GET \(path) HTTP/1.0\r\n\r\n".utf8)
    guard withSocketAddress(&address, { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }) == 0,
        write(descriptor, request, request.count) == request.count
    else { throw LabError.failed("dovemon's metrics: \(String(cString: strerror(errno)))") }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 262_144)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        guard count >= 0 else { throw LabError.failed("dovemon's metrics: \(String(cString: strerror(errno)))") }
        if count == 0 { break }
        bytes += chunk[..<count]
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.hasPrefix("HTTP/1.1 200") || text.hasPrefix("HTTP/1.0 200") else {
        throw LabError.failed("dovemon's metrics: \(text.prefix(200))")
    }
    return text
}
