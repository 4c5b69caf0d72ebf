import Glibc

/// Runs a program to its end and returns what it printed on both streams.
func run(
    _ arguments: [String], by reaper: Reaper, within limit: Duration
) async throws -> (output: String, status: ExitStatus) {
    // A file without a name takes any amount of output, and nobody has to read while the program runs.
    let path = "\(reaper.directory)/output.\(UInt32.random(in: 0 ... .max))"
    let output = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard output >= 0 else { throw LabError.failed("\(path): cannot make it") }
    unlink(path)
    defer { close(output) }
    let child = try reaper.start(arguments, streams: .init(output: output, error: output))
    defer { reaper.forget(child) }
    do {
        try await waitUntil(arguments.joined(separator: " "), within: limit, every: .milliseconds(5)) {
            child.exitStatus() != nil
        }
    } catch {
        child.signalGroup(SIGKILL)
        while child.exitStatus() == nil { usleep(1_000) }
        throw error
    }
    let text = readFile("/proc/self/fd/\(output)") ?? ""
    return (text, child.exitStatus() ?? .exited(-1))
}
