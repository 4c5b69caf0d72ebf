internal import Glibc
internal import Subprocess
internal import SystemPackage

/// A program that is run for each update, as `PROGRAM down ADDRESS` or `PROGRAM up ADDRESS`.
///
/// It is executed itself, never through a shell, as the leader of a session and a process group of its own, with `/` as its
/// directory, nothing on its standard input, and no other descriptor than its three streams.
package struct UpdateScript: Sendable {
    /// How it ended.
    package enum Ending: Hashable, Sendable {
        /// It ended by itself, with this status.
        case exited(Int32)
        /// A signal ended it that was not the daemon's.
        case killed(signal: Int32)
        /// It ran longer than it may, and was killed with all that it had started.
        case timedOut
        /// The daemon stops, and it was killed with all that it had started.
        case stopped
        /// It could not be started, and why.
        case notStarted(String)
    }

    private let path: String
    private let launcher: [String]
    private let timeout: Duration
    private let grace: Duration

    /// A program.
    ///
    /// - Parameters:
    ///   - path: its absolute path.
    ///   - launcher: the absolute path and the first arguments of a program that makes ready and then becomes the one that is
    ///     named behind them; empty for none.
    ///   - timeout: how long it may run.
    ///   - grace: the time from SIGTERM to SIGKILL when that is over.
    package init(path: String, launcher: [String] = [], timeout: Duration, grace: Duration = .seconds(1)) {
        self.path = path
        self.launcher = launcher
        self.timeout = timeout
        self.grace = grace
    }

    /// Runs it to its end; gives its output line by line, at once.
    ///
    /// A cancelled task kills it, with a shorter grace. What it left running in the background when it ended by itself goes
    /// on, without a reader for its output.
    package func run(_ update: BackendUpdate, tell: @escaping @Sendable (String) -> Void) async -> Ending {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: min(grace, Self.shortGrace))
        ]
        let words = launcher + [path, update.state.rawValue, update.backend]
        do {
            let result = try await Subprocess.run(
                .path(FilePath(words[0])), arguments: Arguments(Array(words.dropFirst())),
                environment: .custom(environment(update)), workingDirectory: "/", platformOptions: options,
                input: .none, output: .sequence, error: .combinedWithOutput
            ) { execution in
                await watch(execution, tell)
            }
            // What was cancelled may still have ended by itself, but nobody can rely on it.
            if Task.isCancelled { return .stopped }
            if result.closureResult { return .timedOut }
            return switch result.terminationStatus {
            case .exited(let code): .exited(code)
            case .signaled(let number): .killed(signal: number)
            }
        } catch {
            return Task.isCancelled ? .stopped : .notStarted("\(error)")
        }
    }

    /// Reads until the program has ended, and sees to it that it does; gives whether its time was over.
    ///
    /// As long as this has not returned, the program is not reaped: its number cannot become another's, and what is
    /// killed is its own group.
    private func watch<Input, Failure>(
        _ execution: Execution<Input, SequenceOutput, Failure>, _ tell: @escaping @Sendable (String) -> Void
    ) async -> Bool {
        let start = ContinuousClock.now
        let hasTimedOut = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await Self.read(execution.standardOutput, tell)
                return false
            }
            group.addTask {
                // Signal 0 kills nobody: the first step only waits, until the program has ended or its time is over.
                // The last step, SIGKILL, is always there. The task's cancellation does not end this.
                await execution.teardown(using: [
                    .send(signal: Signal(rawValue: 0), toProcessGroup: true, allowedDurationToNextStep: timeout),
                    .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: grace),
                ])
                return start.duration(to: .now) >= timeout
            }
            return await group.reduce(false) { $0 || $1 }
        }
        // SIGTERM ends the leader, and others of its group may ignore it.
        if hasTimedOut || Task.isCancelled { try? execution.send(signal: .kill, toProcessGroup: true) }
        return hasTimedOut
    }

    private static func read(_ output: SubprocessOutputSequence, _ tell: @Sendable (String) -> Void) async {
        var lines = OutputLines()
        // A failure to read is no reason to treat the program otherwise.
        do {
            for try await chunk in output {
                for line in chunk.withUnsafeBytes({ lines.take($0) }) { tell(line) }
                if lines.isFull { break }
            }
        } catch {}
        if let line = lines.finish() { tell(line) }
        if lines.omitted > 0 { tell("… and \(lines.omitted) more lines") }
    }

    private func environment(_ update: BackendUpdate) -> [Environment.Key: String] {
        var environment: [Environment.Key: String] = ["PATH": Self.searchPath]
        for (name, value) in update.environment {
            if let key = Environment.Key(rawValue: name) { environment[key] = value }
        }
        return environment
    }

    /// The daemon has a second to stop.
    private static let shortGrace = Duration.milliseconds(200)

    /// The daemon's own PATH, or the usual one where it has none.
    private static let searchPath =
        getenv("PATH").map { String(cString: $0) } ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}
