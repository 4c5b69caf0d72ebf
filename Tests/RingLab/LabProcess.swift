import Glibc

/// Any program that runs in a lab, beside a ring or alone, and dies with it at the latest.
package final class LabProcess: Sendable {
    /// Holds what it prints, in the file `output`.
    package let directory: String
    private let child: Child

    /// Starts `arguments[0]`, an absolute path, beside a ring.
    package convenience init(ring: Ring, _ arguments: [String]) throws {
        try self.init(arguments, in: try ring.newDirectory("process"), reaper: ring.reaper)
    }

    init(_ arguments: [String], in directory: String, reaper: Reaper, input: Int32? = nil) throws {
        self.directory = directory
        let file = open("\(directory)/output", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer { close(file) }
        child = try reaper.start(arguments, streams: .init(input: input, output: file, error: file))
    }

    package var pid: Int32 { child.pid }

    /// What it has printed so far on both streams.
    package var output: String { readFile("\(directory)/output") ?? "" }

    /// How it ended; nil while it runs.
    package var exitStatus: ExitStatus? { child.exitStatus() }

    /// Signals it alone, not what it started.
    package func signal(_ number: Int32) { child.signal(number) }

    /// Waits until it has ended.
    @discardableResult
    package func end(within limit: Duration) async throws -> ExitStatus {
        try await waitUntil("process \(pid) to end", within: limit, every: .milliseconds(2)) { exitStatus != nil }
        return exitStatus ?? .exited(-1)
    }
}

extension Ring {
    /// Runs a program to its end, `dovemon check` for example, and returns what it printed on both streams.
    package func run(
        _ arguments: [String], within limit: Duration
    ) async throws -> (output: String, status: ExitStatus) {
        try await RingLab.run(arguments, by: reaper, within: limit)
    }
}
