import Dispatch
import Glibc
import Synchronization

/// Sits between dovemon and a director's admin socket, hears every line, and can keep one back: so a test knows what was
/// commanded, and can let something happen at an exact moment of a change.
package final class AdminTap: Sendable {
    /// A line on one of the connections, without its end.
    package struct Line: Hashable, Sendable {
        package let text: String
        /// The director said it, in answer to `command`.
        package let isReply: Bool
        /// What dovemon has said last on this connection.
        package let command: String
    }

    /// What becomes of a line.
    package enum Fate: Sendable {
        case passOn
        /// It is kept for good, with all that comes behind it on its connection in this direction.
        case keep
    }

    /// What a test does with a line before it is passed on. Runs on the tap's own thread, and everything waits for it.
    package typealias Judge = @Sendable (Line) -> Fate

    private struct Record {
        var passed: [Line] = []
        var kept: [Line] = []
        var judge: Judge = { _ in .passOn }
    }

    /// What the tap's thread shares with the test.
    private final class Shared: Sendable {
        let record = Mutex(Record())
    }

    /// Where dovemon finds the director.
    package let path: String
    private let target: String
    private let listener: Int32
    private let shared = Shared()

    /// Listens before a director of the ring.
    package init(_ ring: Ring, director: Int = 0) throws {
        path = "\(try ring.newDirectory("tap"))/admin"
        target = ring.directors[director].adminSocket
        listener = try unixSocket(path) { Glibc.bind($0, $1, $2) }
        guard listen(listener, 64) == 0 else { throw LabError.failed("\(path): cannot listen") }
        DispatchQueue(label: path).async { [listener, shared, target] in
            Self.relay(listener, to: target, shared)
        }
    }

    /// Its thread ends.
    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Has each line judged from now on.
    package func judge(by judge: @escaping Judge) { shared.record.withLock { $0.judge = judge } }

    /// Keeps the lines that are meant, from the first one on that `isBefore` is true of; `keepNothing` ends that.
    package func keep(
        after isBefore: (@Sendable (Line) -> Bool)? = nil, _ isMeant: @escaping @Sendable (Line) -> Bool
    ) {
        shared.record.withLock { $0.kept = [] }
        let hasBegun = Atomic(isBefore == nil)
        judge { line in
            if hasBegun.load(ordering: .relaxed), isMeant(line) { return .keep }
            if let isBefore, isBefore(line) { hasBegun.store(true, ordering: .relaxed) }
            return .passOn
        }
    }

    package func keepNothing() { judge { _ in .passOn } }

    /// Waits until a line has been kept.
    package func waitUntilKept(within limit: Duration) async throws {
        try await waitUntil("the line to be kept", within: limit, every: .milliseconds(1)) {
            shared.record.withLock { !$0.kept.isEmpty }
        }
    }

    /// What was passed on.
    package var lines: [Line] { shared.record.withLock { $0.passed } }

    /// The commands that have reached the director so far: verb and address.
    package var commands: [(verb: String, address: String)] {
        lines.compactMap { line in
            let fields = line.text.split(separator: "\t").map(String.init)
            guard !line.isReply, fields.count > 1, fields[0].hasPrefix("HOST-") else { return nil }
            return (fields[0], fields[1])
        }
    }

    /// How often a command has reached the director.
    package func count(_ verb: String, _ address: String) -> Int {
        commands.count { $0.verb == verb && $0.address == address }
    }

    /// One connection of dovemon's, and the one to the director that goes with it.
    private struct Pair {
        let ends: [Int32]
        var rests: [[UInt8]] = [[], []]
        var isKept = [false, false]
        var command = ""

        /// Takes what one end (0 dovemon, 1 the director) has said; false when the connection is over.
        mutating func take(from end: Int, _ shared: Shared) -> Bool {
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = read(ends[end], &chunk, chunk.count)
            guard count > 0 else { return count < 0 && errno == EINTR }
            rests[end] += chunk[..<count]
            while let stop = rests[end].firstIndex(of: UInt8(ascii: "\n")) {
                let bytes = Array(rests[end][...stop])
                rests[end].removeSubrange(...stop)
                let text = String(decoding: bytes.dropLast(), as: UTF8.self)
                if end == 0 { command = text }
                guard !isKept[end] else { continue }
                let line = Line(text: text, isReply: end == 1, command: command)
                let judge = shared.record.withLock { $0.judge }
                let fate = judge(line)
                shared.record.withLock { record in
                    if fate == .keep { record.kept.append(line) } else { record.passed.append(line) }
                }
                isKept[end] = fate == .keep
                guard !isKept[end] else { continue }
                guard send(ends[1 - end], bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return false }
            }
            return true
        }
    }

    private static func relay(_ listener: Int32, to target: String, _ shared: Shared) {
        var pairs: [Pair] = []
        while true {
            var queries = ([listener] + pairs.flatMap(\.ends)).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&queries, nfds_t(queries.count), -1) >= 0 || errno == EINTR else { break }
            var over: Set<Int> = []
            for (number, query) in queries.dropFirst().enumerated() where query.revents != 0 {
                guard !over.contains(number / 2), !pairs[number / 2].take(from: number % 2, shared) else { continue }
                over.insert(number / 2)
                for end in pairs[number / 2].ends { close(end) }
            }
            pairs = pairs.indices.filter { !over.contains($0) }.map { pairs[$0] }
            guard queries[0].revents != 0 else { continue }
            let client = accept(listener, nil, nil)
            guard client >= 0 else { break }
            if let director = try? unixSocket(target, { connect($0, $1, $2) }) {
                pairs.append(Pair(ends: [client, director]))
            } else {
                close(client)
            }
        }
        for end in pairs.flatMap(\.ends) + [listener] { close(end) }
    }
}

/// A UNIX stream socket that was bound or connected to a path.
private func unixSocket(
    _ path: String, _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
) throws -> Int32 {
    var place = sockaddr_un()
    place.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: place.sun_path) else {
        throw LabError.failed("\(path): too long for a socket")
    }
    withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: path.utf8) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let result = withUnsafePointer(to: &place) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            use(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    guard descriptor >= 0, result == 0 else {
        let code = errno
        close(descriptor)
        throw LabError.failed("\(path): \(String(cString: strerror(code)))")
    }
    return descriptor
}
