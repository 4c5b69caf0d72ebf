internal import ArgumentParser
internal import DirectorAdmin
internal import Glibc
internal import Logging
internal import Monitor
internal import NIOPosix
internal import ServiceLifecycle
internal import Settings
internal import Transport
internal import UnixSignals

/// `dovemon run`: the daemon, in the foreground of whatever supervises it.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Watch the backends until told to stop (the default).",
        discussion: """
            SIGTERM and SIGINT end it, with the backends left as they are. SIGHUP reads both files again. Exit status: \
            0 a normal end, 1 it could not go on, 2 the default configuration could not be written, 3 the command line \
            or a file is wrong, 4 there is no configuration.
            """)

    @OptionGroup var files: FileOptions

    @Flag(name: [.customShort("f"), .long], help: "Log to standard error instead of syslog.")
    var foreground = false

    @Flag(help: "Log what would be commanded instead of commanding it, whatever the configuration says.")
    var dryRun = false

    @Flag(help: "Write the default configuration where there is none.")
    var writeMissingConfig = false

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let reloads = await UnixSignalsSequence(trapping: .sighup)
        if writeMissingConfig { try files.writeMissingConfiguration() }
        let loaded = try files.loadOrExit().commandingNothing(if: dryRun)
        let pollLimit = raiseDescriptorLimit()

        let writer = LogWriter(
            syslogPath: foreground ? nil : "/dev/log", facility: loaded.settings.syslogFacility.code,
            level: Logger.Level(loglevel: loaded.settings.logLevel))
        let log = MonitorLog(writer)
        for diagnostic in loaded.remarks { log.logger.warning("\(diagnostic)") }

        let daemon = try Daemon(loaded, pollLimit: pollLimit, log: log)
        let reloading = Reloading(
            files: files, isDryRun: dryRun, daemon: daemon, writer: writer, log: log, signals: reloads)
        log.tellChange("dovemon=started version=\(Dovemon.version)")
        do {
            let group = ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [.init(service: daemon), .init(service: reloading)],
                    gracefulShutdownSignals: [.sigterm, .sigint],
                    logger: Logger(label: "services") { _ in
                        SwiftLogNoOpLogHandler()
                    }))
            try await group.run()
        } catch {
            log.logger.critical("dovemon=failed text=\"\(error)\"")
            throw ExitStatus.failed
        }
        log.tellChange("dovemon=stopped")
    }
}
