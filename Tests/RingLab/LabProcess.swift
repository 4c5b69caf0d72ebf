import Glibc

/// Any program that runs beside a ring and dies with it at the latest.
package final class LabProcess: Sendable {
    /// Holds what it prints, in the file `output`.
    package let directory: String
    private let child: Child

    /// Starts `arguments[0]`, an absolute path.
    package init(ring: Ring, _ arguments: [String]) throws {
        directory = try ring.newDirectory("process")
        let file = open("\(directory)/output", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer { close(file) }
        child = try ring.reaper.start(arguments, streams: .init(output: file, error: file))
    }

    package var pid: Int32 { child.pid }

    /// What it has printed so far on both streams.
    package var output: String { readFile("\(directory)/output") ?? "" }

    /// How it ended; nil while it runs.
    package var exitStatus: ExitStatus? { child.exitStatus() }

    /// Signals it alone, not what it started.
    package func signal(_ number: Int32) { child.signal(number) }
}

extension Ring {
    /// Runs a program to its end, `dovemon check` for example, and returns what it printed on both streams.
    package func run(
        _ arguments: [String], within limit: Duration
    ) async throws -> (output: String, status: ExitStatus) {
        try await RingLab.run(arguments, by: reaper, within: limit)
    }
}
