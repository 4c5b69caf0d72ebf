internal import ArgumentParser
internal import Glibc
internal import Site

/// The program: `dovemon` or `dovemon run` is the daemon, the other commands are for people and other programs.
@main
struct Dovemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dovemon",
        abstract: "Watches the backends of a Dovecot director ring.",
        discussion: """
            Polls each backend that the director lists over IMAP, POP3 and LMTP, tells the director HOST-DOWN when one \
            fails too often in a row, and HOST-UP when it answers again.
            """,
        version: "dovemon \(version)",
        subcommands: [
            RunCommand.self, CheckCommand.self, StatusCommand.self, ExplainCommand.self, MaintenanceCommand.self,
            CheckConfigCommand.self, ImportPoolmonCommand.self, LaunchCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    static let version = dovemonVersion

    /// Parses and runs. A mistake in the command line ends with status 3, which means "could not tell" to Nagios; the
    /// parser's own 64 would mean nothing there.
    static func main() async {
        // Before there is a second thread.
        keepMemoryTogether()
        // All commands read the accounts.
        forbidDumps()
        openStandardDescriptors()
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let status as ExitCode {
            Glibc.exit(status.rawValue)
        } catch {
            let text = fullMessage(for: error)
            let isAskedFor = exitCode(for: error).isSuccess
            if !isAskedFor, CommandLine.arguments.contains("nagios") {
                // Nagios shows what is on standard output alone.
                try? standardOutput("DOVEMON UNKNOWN - \(message(for: error))")
            }
            guard isAskedFor else {
                if !text.isEmpty { standardError(text) }
                Glibc.exit(ExitStatus.unusable.rawValue)
            }
            let isTold = text.isEmpty || (try? standardOutput(text)) != nil
            Glibc.exit(isTold ? 0 : ExitStatus.unusable.rawValue)
        }
    }
}

/// What the program's exit status means; `check` has the statuses of the Monitoring Plugins besides.
enum ExitStatus {
    /// The daemon could not go on.
    static let failed = ExitCode(1)
    /// A file that was to be written could not be.
    static let notWritten = ExitCode(2)
    /// The command line, or a file of settings or accounts, is wrong.
    static let unusable = ExitCode(3)
    /// There is no configuration.
    static let notConfigured = ExitCode(4)
    /// Another process has the lock file.
    static let locked = ExitCode(255)
}
