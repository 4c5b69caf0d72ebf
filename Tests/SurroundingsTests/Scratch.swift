import Glibc
import TemporaryFiles
import Testing

/// A directory of one test's own, for scripts, FIFOs and sockets.
final class Scratch: Sendable {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    var path: String { directory.path }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ text: String, to name: String, mode: mode_t = 0o644) throws -> String {
        try directory.write(text, to: name, mode: mode)
    }

    /// A shell script that knows the directory as `$here`.
    func script(_ lines: String) throws -> String {
        try write("#!/bin/sh\nhere=\(path)\n\(lines)\n", to: "script", mode: 0o755)
    }

    /// A FIFO that scripts wait at, or tell something through.
    func fifo(_ name: String) throws -> Fifo { try Fifo("\(path)/\(name)") }

    /// A file's lines; none when it is not there.
    func lines(of name: String) -> [String] {
        guard let file = fopen("\(path)/\(name)", "r") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

/// A FIFO that is held open for reading and writing, so that nobody's opening of it waits.
final class Fifo: Sendable {
    private let descriptor: CInt

    init(_ path: String) throws {
        try #require(mkfifo(path, 0o600) == 0)
        descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        try #require(descriptor >= 0)
    }

    deinit { close(descriptor) }

    /// Lets as many readers of one line go on as there are lines.
    func write(_ text: String = "go") throws {
        try #require(Glibc.write(descriptor, text + "\n", text.utf8.count + 1) == text.utf8.count + 1)
    }

    /// What is in it now.
    func text() -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}

/// Looks again and again until `condition` holds; a test that waits longer than ten seconds has failed.
func eventually(_ condition: () async throws -> Bool) async throws {
    let start = ContinuousClock.now
    while try await !condition() {
        try #require(start.duration(to: .now) < .seconds(10), "it does not come")
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// Whether a process lives; one that has ended and was not waited for does not.
func lives(_ pid: Int32) -> Bool {
    guard let file = fopen("/proc/\(pid)/stat", "r") else { return false }
    defer { fclose(file) }
    var text = [CChar](repeating: 0, count: 512)
    guard fgets(&text, CInt(text.count), file) != nil else { return false }
    let line = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return line[(line.lastIndex(of: ")") ?? line.startIndex)...].dropFirst(2).first != "Z"
}
