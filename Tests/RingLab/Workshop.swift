import Glibc

/// A directory of its own for programs that need no ring. Like a ring it is away completely when `stop()` returns, and when
/// the process that made it ends in any other way.
package final class Workshop: Sendable {
    /// Everything lies here; its path is short enough for sockets.
    package let directory: String
    private let reaper: Reaper

    package init() throws {
        directory = try temporaryDirectory()
        reaper = try Reaper(directory: directory)
    }

    /// Kills everything and removes the directory.
    package func stop() { reaper.reap() }

    /// Runs a program to its end and returns what it printed on both streams.
    package func run(
        _ arguments: [String], within limit: Duration = .seconds(20)
    ) async throws -> (output: String, status: ExitStatus) {
        try await RingLab.run(arguments, by: reaper, within: limit)
    }

    /// Starts a program; `name` is that of a directory for what it prints, and no other's. It reads from `input`.
    package func start(_ name: String, _ arguments: [String], input: Int32? = nil) throws -> LabProcess {
        try makeDirectory("\(directory)/\(name)")
        return try LabProcess(arguments, in: "\(directory)/\(name)", reaper: reaper, input: input)
    }

    /// Writes a file, in place of one that is there, and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        try writeFile("\(directory)/\(name)", text, mode: 0o600)
        return "\(directory)/\(name)"
    }
}
