import Glibc
import Synchronization

/// A `dovemon` that runs beside a ring's first director and dies with the ring at the latest.
///
/// Its log, on standard error, goes to a file in the ring's directory and is read from there, so that it can go on
/// logging when the ring is let go of.
package final class DovemonProcess: Sendable {
    /// A line of the log, and when it was there.
    package struct Line: Sendable, CustomStringConvertible {
        package let text: String
        package let arrival: ContinuousClock.Instant
        package var description: String { text }
    }

    private struct Log {
        var lines: [Line] = []
        /// How much of the file has been read, and what of it is not yet a whole line.
        var offset = 0
        var rest: [UInt8] = []
    }

    /// Holds `config.yml`, `test.accounts.yml` and `log`.
    package let directory: String
    private let ring: Ring
    private let child: Child
    private let log = Mutex(Log())
    private let defaults: [(String, String)]

    /// The `dovemon` that was built: `DOVEMON_BINARY` names it, or it lies beside this program.
    package static var binary: String {
        getenv("DOVEMON_BINARY").map { String(cString: $0) } ?? builtProgram("dovemon")
    }

    /// Starts dovemon with accounts for all of the ring's backends.
    ///
    /// - Parameters:
    ///   - settings: what differs from the defaults here: the ring's socket and ports, IMAP only, `interval: 1`,
    ///     `timeout: 2.5`, `retry_count: 2`, a lock file of its own. Values are written as they are, so quote what YAML
    ///     would misread.
    ///   - accounts: the text of the accounts' file, in place of an account for each backend.
    ///   - options: further ones of the command line.
    ///   - director: the director beside which it runs.
    ///   - environment: what it finds in its environment besides.
    ///   - isForeground: `--foreground`; without it the settings say where the log goes.
    package init(
        ring: Ring, settings: [(String, String)] = [], accounts: String? = nil, options: [String] = [],
        director: Int = 0,
        environment: [String] = [], isForeground: Bool = true, binary: String = DovemonProcess.binary
    ) throws {
        guard access(binary, X_OK) == 0 else { throw LabError.failed("\(binary) is not there: it must be built first") }
        self.ring = ring
        directory = try ring.newDirectory("dovemon")
        defaults = [
            ("director_admin_socket", ring.directors[director].adminSocket),
            ("imap_port", String(ring.imapPort)), ("pop3_port", String(ring.pop3Port)),
            ("lmtp_port", String(ring.lmtpPort)),
            ("interval", "1"), ("timeout", "2.5"), ("retry_count", "2"), ("lockfile", "\(directory)/dovemon.pid"),
            ("state_file", "\(directory)/state.json"), ("control_socket", "\(directory)/control.sock"),
        ]
        try Self.write(settings, over: defaults, to: directory)
        if let accounts {
            try writeFile("\(directory)/test.accounts.yml", accounts, mode: 0o600)
        } else {
            try Self.write(accountsFor: ring.backends.map { ($0.address, $0.account) }, to: directory)
        }
        let output = open("\(directory)/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer { close(output) }
        child = try ring.reaper.start(
            ["/usr/bin/env"] + environment + [
                binary, "run", "--config", "\(directory)/config.yml", "--accounts", "\(directory)/test.accounts.yml",
            ] + (isForeground ? ["--foreground"] : []) + options, streams: .init(output: output, error: output))
        Task { await follow() }
    }

    package var configurationFile: String { "\(directory)/config.yml" }
    package var accountsFile: String { "\(directory)/test.accounts.yml" }
    package var logFile: String { "\(directory)/log" }
    package var pid: Int32 { child.pid }

    // MARK: What it logs

    /// All lines so far.
    package var lines: [Line] { log.withLock { $0.lines } }

    /// Waits for a line that satisfies `isIt`, the first from number `start` on; lines that are already there count.
    package func waitForLine(
        from start: Int = 0, within limit: Duration, _ isIt: (String) -> Bool
    ) async throws -> Line {
        var found: Line?
        var next = start
        do {
            try await waitUntil("a log line", within: limit, every: .milliseconds(5)) {
                // Whether it has ended is asked before its lines are, so that the last ones are seen.
                let ended = child.exitStatus()
                if ended != nil { readLog() }
                let lines = lines
                found = lines.dropFirst(next).first { isIt($0.text) }
                next = max(next, lines.count)
                return found != nil || ended != nil
            }
        } catch LabError.timedOut {}
        if let found { return found }
        let end = child.exitStatus().map { "; it has ended: \($0)" } ?? ""
        let last = lines.suffix(20).map { "\n    \($0.text)" }.joined()
        throw LabError.timedOut("waiting \(limit) for a log line\(end); the last ones are:\(last)\n")
    }

    /// Waits for a line that contains all of `parts`.
    package func waitForLine(
        containing parts: String..., from start: Int = 0, within limit: Duration
    ) async throws -> Line {
        do {
            return try await waitForLine(from: start, within: limit) { line in parts.allSatisfy { line.contains($0) } }
        } catch LabError.timedOut(let text) {
            throw LabError.timedOut("\(parts): \(text)")
        }
    }

    // MARK: What befalls it

    /// Replaces the settings; `reload()` makes it read them.
    package func write(settings: [(String, String)]) throws {
        try Self.write(settings, over: defaults, to: directory)
    }

    /// Replaces the accounts; `reload()` makes it read them.
    package func write(accounts: [(String, LabAccount)]) throws {
        try Self.write(accountsFor: accounts, to: directory)
    }

    /// SIGHUP.
    package func reload() { child.signal(SIGHUP) }

    /// SIGTERM; returns how it ended and after how long.
    package func terminate(
        within limit: Duration = .seconds(10)
    ) async throws -> (status: ExitStatus, duration: Duration) {
        let start = ContinuousClock.now
        child.signal(SIGTERM)
        let status = try await end(within: limit)
        return (status, .now - start)
    }

    /// Waits until it has ended by itself.
    @discardableResult
    package func end(within limit: Duration) async throws -> ExitStatus {
        try await waitUntil("dovemon to end", within: limit, every: .milliseconds(2)) { child.exitStatus() != nil }
        ring.reaper.forget(child)
        readLog()
        return child.exitStatus() ?? .exited(-1)
    }

    /// SIGKILL.
    package func kill() async throws {
        child.signal(SIGKILL)
        try await end(within: .seconds(5))
    }

    package var isRunning: Bool { child.exitStatus() == nil }

    // MARK: Files

    private static func write(
        _ settings: [(String, String)], over defaults: [(String, String)], to directory: String
    ) throws {
        let kept = defaults.filter { standard in !settings.contains { $0.0 == standard.0 } }
        let text = (kept + settings).map { "\($0.0): \($0.1)\n" }.joined()
        try writeFile("\(directory)/config.yml", text)
    }

    private static func write(accountsFor accounts: [(String, LabAccount)], to directory: String) throws {
        let text = accounts.map { address, account in
            "\"\(address)\":\n  username: \(account.username)\n  password: \(account.password)\n"
        }
        try writeFile("\(directory)/test.accounts.yml", text.joined(), mode: 0o600)
    }

    private func follow() async {
        while isRunning {
            readLog()
            try? await Task.sleep(for: .milliseconds(5))
        }
        readLog()
    }

    /// Takes what the log has grown by.
    private func readLog() {
        log.withLock { log in
            guard let text = readBytes(logFile, from: log.offset) else { return }
            log.offset += text.count
            log.rest += text
            while let end = log.rest.firstIndex(of: UInt8(ascii: "\n")) {
                log.lines.append(Line(text: String(decoding: log.rest[..<end], as: UTF8.self), arrival: .now))
                log.rest.removeSubrange(...end)
            }
        }
    }
}
