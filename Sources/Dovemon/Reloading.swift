internal import Logging
internal import Monitor
internal import ServiceLifecycle
internal import Settings
internal import Surroundings
internal import UnixSignals

/// Reads the files again at each SIGHUP, and tells how the last rounds went. Wrong files change nothing: the old settings
/// stay in force.
struct Reloading: Service {
    let files: FileOptions
    /// Whether the command line asks for a dry run, whatever the files say.
    let isDryRun: Bool
    /// What the daemon was started with.
    let started: Settings
    let daemon: Daemon
    /// What answers on the control socket.
    let control: ControlService
    /// What serves HTTP.
    let web: WebService
    let writer: LogWriter
    let log: MonitorLog
    /// SIGHUP, trapped since before the files were first read.
    let signals: UnixSignalsSequence
    /// Hears of it; nil where there is none.
    let manager: ServiceManager?

    /// Waits for signals until the program is told to stop.
    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() {
            manager?.send(.reloading, waits: true)
            daemon.tellRecentRounds()
            try await reload()
            // Also when nothing came of it: without this, systemd waits for the end of the reload.
            manager?.send(.ready, waits: true)
        }
    }

    private func reload() async throws {
        let files = files.read()
        for diagnostic in files.diagnostics {
            log.logger.log(level: diagnostic.severity == .error ? .error : .warning, "\(diagnostic)")
        }
        guard let loaded = files.loaded?.commandingNothing(if: isDryRun) else {
            tellKept("the files are wrong")
            return
        }
        do {
            try daemon.prepare(loaded)
        } catch {
            tellKept("\(error)")
            return
        }
        writer.configure(
            facility: loaded.settings.syslogFacility.code, level: Logger.Level(loglevel: loaded.settings.logLevel),
            format: loaded.settings.logFormat)
        writer.move(toSyslog: loaded.settings.loggerSocket)
        try await daemon.reload(loaded)
        await control.change(to: loaded.settings)
        await web.change(to: loaded.settings)
        // An editor or a full disk may have emptied the file, and a greeting alone shows little.
        if loaded.accounts.isEmpty {
            var fields = LogFields()
            fields.add("accounts", "none")
            fields.add("note", "there is no test account: backends are polled without a login")
            log.tell(LogLine(.warning, "accounts_none", fields))
        }
        for name in loaded.settings.waitingForStart(since: started) {
            var fields = LogFields()
            fields.add("setting", name)
            fields.add("note", "it has changed, and counts from the next start on")
            log.tell(LogLine(.warning, "setting_waits_for_start", fields))
        }
    }

    private func tellKept(_ reason: String) {
        var fields = LogFields()
        fields.add("settings", "kept")
        fields.add("note", "\(reason): the old settings stay in force")
        log.tell(LogLine(.error, "settings_kept", fields))
    }
}
