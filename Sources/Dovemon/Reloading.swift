internal import Logging
internal import Monitor
internal import ServiceLifecycle
internal import Settings
internal import UnixSignals

/// Reads the files again at each SIGHUP. Wrong ones change nothing: the old settings stay in force.
struct Reloading: Service {
    let files: FileOptions
    /// Whether the command line asks for a dry run, whatever the files say.
    let isDryRun: Bool
    let daemon: Daemon
    let writer: LogWriter
    let log: MonitorLog
    /// SIGHUP, trapped since before the files were first read.
    let signals: UnixSignalsSequence

    /// Waits for signals until the program is told to stop.
    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() { reload() }
    }

    private func reload() {
        let files = files.read()
        for diagnostic in files.diagnostics {
            log.logger.log(level: diagnostic.severity == .error ? .error : .warning, "\(diagnostic)")
        }
        guard let loaded = files.loaded?.commandingNothing(if: isDryRun) else {
            log.logger.error("settings=kept note=\"the files are wrong: the old settings stay in force\"")
            return
        }
        do {
            try daemon.reload(loaded)
        } catch {
            log.logger.error("settings=kept note=\"\(error): the old settings stay in force\"")
            return
        }
        writer.configure(
            facility: loaded.settings.syslogFacility.code, level: Logger.Level(loglevel: loaded.settings.logLevel))
    }
}
