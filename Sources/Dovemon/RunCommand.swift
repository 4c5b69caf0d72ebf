internal import ArgumentParser
internal import Control
internal import DirectorAdmin
internal import Glibc
internal import Logging
internal import Monitor
internal import NIOPosix
internal import ServiceLifecycle
internal import Settings
internal import Surroundings
internal import Transport
internal import UnixSignals

/// `dovemon run`: the daemon, in the foreground of whatever supervises it.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Watch the backends until told to stop (the default).",
        discussion: """
            SIGTERM and SIGINT end it, with the backends left as they are. SIGHUP reads both files again. Exit status: \
            0 a normal end, 1 it could not go on or lock its file, 2 the default configuration could not be written, \
            3 the command line or a file is wrong, 4 there is no configuration, 255 another dovemon has the lock.
            """)

    @OptionGroup var files: FileOptions

    @Flag(name: [.customShort("f"), .long], help: "Log to standard error instead of syslog.")
    var foreground = false

    @Option(
        help: "The file whose lock keeps a second dovemon from running, whatever the configuration says.",
        completion: .file())
    var lockfile: String?

    @Flag(help: "Log what would be commanded instead of commanding it, whatever the configuration says.")
    var dryRun = false

    @Flag(help: "Write the default configuration where there is none.")
    var writeMissingConfig = false

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        // Before anything that takes time: one that comes while dovemon starts must not kill it.
        let ends = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let reloads = await UnixSignalsSequence(trapping: .sighup)
        if writeMissingConfig { try files.writeMissingConfiguration() }
        let loaded = try files.loadOrExit().commandingNothing(if: dryRun)
        let descriptors = DescriptorLimit.raise()
        let settings = loaded.settings
        let lock = try lockOrExit(settings)

        let writer = LogWriter(
            syslogPath: foreground || settings.logsToStandardOutput ? nil : settings.loggerSocket,
            facility: settings.syslogFacility.code, level: Logger.Level(loglevel: settings.logLevel),
            format: settings.logFormat,
            stream: settings.logsToStandardOutput && !foreground ? STDOUT_FILENO : STDERR_FILENO)
        let log = MonitorLog(writer)
        for diagnostic in loaded.remarks { log.logger.warning("\(diagnostic)") }
        if settings.minHealthy.isOff { log.tellGuardIsOff() }

        let manager = ServiceManager()
        let scripts = UpdateScripts(
            UpdateScripts.Program(settings), launcher: LaunchCommand.launcher(descriptors)
        ) { log.tell($0) }
        let daemon = try Daemon(
            loaded, pollLimit: descriptors.polls, writer: writer, log: log, scripts: scripts,
            manager: manager)
        let desk = StatusDesk(daemon)
        let control = ControlService(settings, desk, log: log)
        let web = WebService(settings, DaemonStatus(daemon: daemon, desk: desk), log: log)
        let reloading = Reloading(
            files: files, isDryRun: dryRun, started: settings, daemon: daemon, control: control, web: web,
            writer: writer, log: log,
            signals: reloads, manager: manager)
        log.tellProgram("started", version: Dovemon.version, mode: settings.isDryRun ? "dry-run" : nil)
        do {
            let group = ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    // They end in the opposite order: when no change can come any more, scripts may still end.
                    services: [
                        .init(service: scripts), .init(service: daemon), .init(service: control),
                        .init(service: web), .init(service: reloading),
                        .init(
                            service: Ending(signals: ends), successTerminationBehavior: .gracefullyShutdownGroup),
                    ],
                    logger: Logger(label: "services") { _ in
                        SwiftLogNoOpLogHandler()
                    }))
            try await group.run()
        } catch {
            log.tellProgram("failed", .critical, text: "\(error)")
            throw ExitStatus.failed
        }
        log.tellProgram("stopped")
        lock.release()
        // A log daemon that is busy gets a moment for the last alerts.
        for _ in 1...50 where !writer.retry() { try? await Task.sleep(for: .milliseconds(10)) }
    }

    /// Takes the lock, or tells why not and ends the program.
    private func lockOrExit(_ settings: Settings) throws -> LockFile {
        let path = lockfile ?? settings.lockfile ?? LockFile.defaultPath()
        do throws(LockFile.Failure) {
            return try LockFile(path: path)
        } catch {
            switch error {
            case .held(let owner):
                let owner = owner.map { "process \($0)" } ?? "a process"
                standardError("dovemon: \(path): locked by \(owner): another dovemon runs already")
                throw ExitStatus.locked
            case .impossible(let reason):
                standardError(
                    "dovemon: \(path): cannot be locked: \(reason); name another file by 'lockfile' in the "
                        + "configuration, or by --lockfile")
                throw ExitStatus.failed
            }
        }
    }
}

/// Ends the program, in order, at the first signal that asks for it.
private struct Ending: Service {
    /// SIGTERM and SIGINT, trapped since the start.
    let signals: UnixSignalsSequence

    /// Returns when the program is to end.
    func run() async { for await _ in signals.cancelOnGracefulShutdown() { return } }
}

extension UpdateScripts.Program {
    /// What the settings say.
    init(_ settings: Settings) { self.init(path: settings.updateScript, timeout: settings.updateScriptTimeout) }
}

extension MonitorLog {
    /// Tells of a change of the program's own state.
    fileprivate func tellProgram(
        _ state: String, _ level: Logger.Level = .notice, version: String? = nil, mode: String? = nil,
        text: String? = nil
    ) {
        var fields = LogFields()
        fields.add("dovemon", state)
        fields.add("version", version)
        fields.add("mode", mode)
        fields.add("text", text)
        tell(LogLine(level, isChange: true, "dovemon_" + state, fields))
    }
}
