package import Monitor
internal import ServiceLifecycle
internal import Synchronization

/// Runs `beupdatescript` for the updates, apart from the event loop: whatever the scripts do, nothing waits for them but
/// later updates of the same backend.
package final class UpdateScripts: Service {
    /// The setting `beupdatescript`, and its time limit.
    package struct Program: Hashable, Sendable {
        /// The script's absolute path; nil when none is to be run.
        package var path: String?
        /// How long it may run.
        package var timeout: Duration

        /// Makes the setting.
        package init(path: String?, timeout: Duration) {
            self.path = path
            self.timeout = timeout
        }
    }

    /// So many scripts run at once.
    private static let runningLimit = 8
    /// So many updates wait; further ones are lost, and that is told.
    private static let waitingLimit = 10_000
    /// How long scripts may still run when the daemon stops.
    private static let patience = Duration.milliseconds(400)
    /// How long it takes at most to kill them then.
    private static let killing = Duration.milliseconds(400)

    private let program: Mutex<Program>
    /// How many updates were handed over in all: not all of them need have been looked at when the daemon stops.
    private let handedOver = Mutex(0)
    private let launcher: [String]
    private let tell: @Sendable (LogLine) -> Void
    private let updates: AsyncStream<BackendUpdate>
    private let input: AsyncStream<BackendUpdate>.Continuation

    /// A service that runs `program`, by `launcher` as `UpdateScript` has it, and has its output and its end told.
    package init(_ program: Program, launcher: [String] = [], tell: @escaping @Sendable (LogLine) -> Void) {
        self.program = Mutex(program)
        self.launcher = launcher
        self.tell = tell
        (updates, input) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.waitingLimit))
    }

    /// Puts another setting in force, for the scripts that start from now on.
    package func change(to program: Program) { self.program.withLock { $0 = program } }

    /// Takes an update; returns at once.
    package func take(_ update: BackendUpdate) {
        guard program.withLock({ $0.path }) != nil else { return }
        if case .dropped = input.yield(update) { return Self.tellLost(update, tell) }
        handedOver.withLock { $0 += 1 }
    }

    /// Runs scripts until the program is told to stop; then gives those that run a moment, and kills them.
    package func run() async throws {
        let runner = Runner(launcher: launcher, tell: tell) { [self] in program.withLock { $0 } }
        var taken = 0
        for await update in updates.cancelOnGracefulShutdown() {
            taken += 1
            await runner.take(update)
        }
        await runner.stop(leaving: max(0, handedOver.withLock { $0 } - taken))
    }

    private static func tellLost(_ update: BackendUpdate, _ tell: (LogLine) -> Void) {
        var fields = LogFields(update)
        fields.add("script", "not-run")
        fields.add("note", "\(waitingLimit) others wait already")
        tell(LogLine(.error, "script_not_run", fields))
    }

    /// Knows what runs.
    private actor Runner {
        private var queue = UpdateQueue(runningLimit: runningLimit, waitingLimit: waitingLimit)
        private var tasks: [String: Task<Void, Never>] = [:]
        private var isStopping = false
        private var whenIdle: AsyncStream<Void>.Continuation?
        private let launcher: [String]
        private let tell: @Sendable (LogLine) -> Void
        private let program: @Sendable () -> Program

        init(
            launcher: [String], tell: @escaping @Sendable (LogLine) -> Void, program: @escaping @Sendable () -> Program
        ) {
            self.launcher = launcher
            self.tell = tell
            self.program = program
        }

        func take(_ update: BackendUpdate) {
            guard queue.add(update) else { return UpdateScripts.tellLost(update, tell) }
            startAll()
        }

        /// Drops what waits, here and in front of the door, and ends what runs; returns in less than a second, whatever
        /// that does.
        func stop(leaving others: Int) async {
            isStopping = true
            let dropped = queue.clear() + others
            if dropped > 0 { tellDropped(dropped) }
            await untilIdle(within: patience)
            for task in tasks.values { task.cancel() }
            await untilIdle(within: killing)
        }

        private func tellDropped(_ count: Int) {
            var fields = LogFields()
            fields.add("script", "not-run")
            fields.add("updates", "\(count)")
            fields.add("note", "dovemon stops")
            tell(LogLine(.warning, "script_not_run", fields))
        }

        private func startAll() {
            while !isStopping, let update = queue.start() {
                let program = program()
                tasks[update.backend] = Task { [launcher, tell] in
                    if let path = program.path {
                        let script = UpdateScript(path: path, launcher: launcher, timeout: program.timeout)
                        await script.runLogged(update, tell)
                    }
                    ended(update.backend)
                }
            }
        }

        private func ended(_ backend: String) {
            tasks[backend] = nil
            queue.ended(backend)
            startAll()
            if queue.isIdle { whenIdle?.finish() }
        }

        private func untilIdle(within time: Duration) async {
            guard !queue.isIdle else { return }
            let (idle, signal) = AsyncStream<Void>.makeStream()
            whenIdle = signal
            await withTaskGroup { group in
                group.addTask { for await _ in idle {} }
                group.addTask { try? await Task.sleep(for: time) }
                await group.next()
                group.cancelAll()
            }
        }
    }
}

extension UpdateScript {
    /// Runs it, with its output and its end in the log.
    fileprivate func runLogged(_ update: BackendUpdate, _ tell: @escaping @Sendable (LogLine) -> Void) async {
        let start = ContinuousClock.now
        let ending = await run(update) { line in
            var fields = LogFields(update)
            fields.add("script", "output")
            fields.add("text", line)
            tell(LogLine(.info, "script_output", fields))
        }
        var fields = LogFields(update)
        fields.add("script", ending == .exited(0) ? "done" : "failed")
        switch ending {
        case .exited(let code): fields.add("status", "\(code)")
        case .killed(let signal): fields.add("signal", "\(signal)")
        case .timedOut: fields.add("text", "killed, as its time was over")
        case .stopped: fields.add("text", "killed, as dovemon stops")
        case .notStarted(let text): fields.add("text", text)
        }
        fields.add("took", LogFields.milliseconds(start.duration(to: .now)))
        tell(LogLine(ending == .exited(0) ? .info : .error, "script_ended", fields))
    }
}

extension LogFields {
    fileprivate init(_ update: BackendUpdate) {
        self.init(update.backend)
        add("update", update.state.rawValue)
    }
}
