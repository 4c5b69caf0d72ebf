import Glibc
import RingLab

/// The fake backends: the program `bench-peers`, and how one talks to it.
final class Peers: Sendable {
    /// What it listens on, by the name of its option.
    let ports: [String: Int]
    private let process: LabProcess
    private let input: Int32

    /// The backends' addresses are the first so many from here on.
    static let firstAddress = "127.16.0.1"

    static func addresses(_ count: Int) -> [String] { (1...count).map(address) }

    /// The address of a number, from 1 on.
    static func address(_ number: Int) -> String { "127.16.\(number >> 8).\(number & 255)" }

    /// What a backend does.
    enum State: String, Sendable { case healthy, silent, crashed }

    /// What was counted at the connections that are closed.
    struct Counts {
        let finished: Int
        /// How many times the backends said something.
        let turns: Int
        /// Connections that are open now.
        let open: Int
        let accepted: Int
        let handshakes: Int
        let resumed: Int
        let bytes: (received: Int, sent: Int)
        let packets: (received: Int, sent: Int)

        fileprivate init(_ line: String) {
            let words = line.split(separator: " ").dropFirst().map { $0.split(separator: "=").map(String.init) }
            let counts = Dictionary(
                words.compactMap { $0.count == 2 ? ($0[0], Int($0[1]) ?? 0) : nil }, uniquingKeysWith: { $1 })
            finished = counts["finished"] ?? 0
            turns = counts["turns"] ?? 0
            open = counts["open"] ?? 0
            accepted = counts["accepted"] ?? 0
            handshakes = counts["handshakes"] ?? 0
            resumed = counts["resumed"] ?? 0
            bytes = (counts["bytes_in"] ?? 0, counts["bytes_out"] ?? 0)
            packets = (counts["segments_in"] ?? 0, counts["segments_out"] ?? 0)
        }
    }

    /// A connection that a backend has accepted.
    struct Visit {
        let address: UInt32
        let port: UInt16
        let time: UInt64
    }

    /// - Parameter tickets: how many sessions a TLS client is given to resume.
    init(_ workshop: Workshop, _ name: String, certificate: Certificate, tickets: Int) async throws {
        var ends: [Int32] = [0, 0]
        // Closed on exec from its first moment on, so that no other child holds it open.
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw LabError.failed("no socket pair: \(String(cString: strerror(errno)))")
        }
        defer { close(ends[0]) }
        input = ends[1]
        let protocols = ["imap", "imaps", "pop3", "pop3s", "lmtp"]
        process = try workshop.start(
            name,
            [builtProgram("bench-peers")] + protocols.flatMap { ["--\($0)", "0"] } + [
                "--certificate", certificate.chain, "--key", certificate.key, "--tickets", "\(tickets)",
            ], input: ends[0])
        var ready = ""
        let process = process
        try await waitUntil("bench-peers to listen", within: .seconds(10), every: .milliseconds(2)) {
            if process.exitStatus != nil { throw LabError.failed(process.output) }
            ready = process.output.split(separator: "\n").first.map(String.init) ?? ""
            return ready.hasPrefix("ready")
        }
        ports = Dictionary(
            ready.split(separator: " ").dropFirst().compactMap { word in
                let parts = word.split(separator: "=")
                return parts.count == 2 ? Int(parts[1]).map { (String(parts[0]), $0) } : nil
            }, uniquingKeysWith: { $1 })
    }

    deinit { close(input) }

    func port(_ name: String) -> Int { ports[name] ?? 0 }

    /// Says one line, and gives the answer to it.
    @discardableResult
    func ask(_ line: String) async throws -> String {
        let before = process.output.utf8.count
        let bytes = Array((line + "\n").utf8)
        guard write(input, bytes, bytes.count) == bytes.count else { throw LabError.failed("bench-peers is gone") }
        var answer = ""
        try await waitUntil("bench-peers to answer \(line)", within: .seconds(30), every: .milliseconds(1)) {
            let text = String(decoding: process.output.utf8.dropFirst(before), as: UTF8.self)
            answer = text
            return text.hasSuffix("\n")
        }
        answer.removeLast()
        guard !answer.hasPrefix("error") else { throw LabError.failed("\(line): \(answer)") }
        return answer
    }

    /// Seconds of processor time that they have used.
    func processorTime() throws -> Double {
        guard let time = processorSeconds(of: process.pid) else { throw LabError.failed("bench-peers is gone") }
        return time
    }

    func counts() async throws -> Counts { Counts(try await ask("stats")) }

    /// Waits until so many connections stand between the polls.
    func waitForSentinels(_ count: Int) async throws {
        try await waitUntil("\(count) sentinels to stand", within: .seconds(60), every: .milliseconds(100)) {
            try await counts().open >= count
        }
    }

    /// Has some backends do something else from now on, or in a while.
    func set(_ state: State, from number: Int = 1, count: Int, after milliseconds: Int? = nil) async throws {
        let delay = milliseconds.map { "after \($0) " } ?? ""
        try await ask("\(delay)state \(state.rawValue) \(Self.address(number)) \(count)")
    }

    /// When which backend changed its state, of the changes that were asked for ahead.
    func carriedOut() async throws -> [(address: String, time: UInt64)] {
        try await ask("carried").split(separator: " ").dropFirst().compactMap { word in
            let parts = word.split(separator: ":")
            return parts.count == 3 ? UInt64(parts[2]).map { (String(parts[0]), $0) } : nil
        }
    }

    /// The connections that come in the meantime.
    func visits(in workshop: Workshop, during run: () async throws -> Void) async throws -> [Visit] {
        let file = "\(workshop.directory)/visits"
        try await ask("record \(file)")
        try await run()
        try await ask("record off")
        return try readVisits(file)
    }
}

private func readVisits(_ path: String) throws -> [Peers.Visit] {
    guard let bytes = readBytes(path, from: 0) else { throw LabError.failed("\(path): cannot be read") }
    return bytes.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count - 15, by: 16).map { offset in
            Peers.Visit(
                address: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self),
                port: bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt16.self),
                time: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
        }
    }
}

/// A certificate for the backends, and who issued it.
struct Certificate: Sendable {
    let chain: String
    let key: String
    let authority: String

    static let name = "backend.example"

    /// Has them made, with keys on P-256 as most sites have them.
    init(in workshop: Workshop) async throws {
        let directory = workshop.directory
        let key = "ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        try await Self.openssl(
            workshop,
            "req -x509 -newkey \(key) -days 30 -subj /CN=bench -keyout \(directory)/ca.key -out \(directory)/ca.pem")
        try await Self.openssl(
            workshop,
            "req -x509 -newkey \(key) -days 30 -subj /CN=\(Self.name) -addext subjectAltName=DNS:\(Self.name) "
                + "-addext basicConstraints=critical,CA:FALSE -CA \(directory)/ca.pem -CAkey \(directory)/ca.key "
                + "-keyout \(directory)/backend.key -out \(directory)/backend.pem")
        chain = "\(directory)/backend.pem"
        self.key = "\(directory)/backend.key"
        authority = "\(directory)/ca.pem"
    }

    private static func openssl(_ workshop: Workshop, _ arguments: String) async throws {
        let (output, status) = try await workshop.run(
            ["/usr/bin/openssl"] + arguments.split(separator: " ").map(String.init))
        guard status == .exited(0) else { throw LabError.failed("openssl: \(output)") }
    }
}
