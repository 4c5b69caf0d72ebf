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
            0 a normal end, 1 it could not go on, 3 the command line or a file is wrong, 4 there is no configuration.
            """)

    @OptionGroup var files: FileOptions

    @Flag(name: [.customShort("f"), .long], help: "Log to standard error instead of syslog.")
    var foreground = false

    func run() async throws {
        let loaded = try files.loadOrExit()
        signal(SIGPIPE, SIG_IGN)
        let pollLimit = raiseDescriptorLimit()

        let writer = LogWriter(
            syslogPath: foreground ? nil : "/dev/log", facility: loaded.settings.syslogFacility.code,
            level: Logger.Level(loglevel: loaded.settings.logLevel))
        let log = MonitorLog(writer)
        for diagnostic in loaded.warnings { log.logger.warning("\(diagnostic)") }

        let daemon = try Daemon(loaded, pollLimit: pollLimit, log: log)
        let reloading = Reloading(files: files, daemon: daemon, writer: writer, log: log)
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

/// Raises the limit of descriptors as far as it goes, as each poll takes one and the usual 1024 are few; gives how many
/// polls can be open at once, with some left for everything else.
private func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &limit) == 0 else { return 1024 - 64 }
    limit.rlim_cur = limit.rlim_max
    if setrlimit(resource, &limit) != 0 { getrlimit(resource, &limit) }
    return max(1, Int(clamping: limit.rlim_cur) - 64)
}
