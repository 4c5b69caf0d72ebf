import Glibc

/// One director of the ring.
package final class Director: Sendable {
    package let address: String
    private let imapPort: Int
    let instance: Instance

    init(address: String, imapPort: Int, instance: Instance) {
        self.address = address
        self.imapPort = imapPort
        self.instance = instance
    }

    /// What `doveadm -c` takes.
    package var configurationFile: String { instance.configurationFile }

    /// The socket that dovemon talks to.
    package var adminSocket: String { "\(instance.directory)/run/director-admin" }

    /// Dovecot's own log of this director.
    package var logFile: String { "\(instance.directory)/log" }

    // MARK: What it says

    /// Runs `doveadm -c CONFIGURATION arguments…`, for example `"director", "status"`, and returns what it prints.
    package func doveadm(_ arguments: String..., within limit: Duration = .seconds(40)) async throws -> String {
        try await instance.doveadm(arguments, within: limit)
    }

    /// The backends as this director knows them.
    package func hostList(within limit: Duration = .seconds(5)) async throws -> [HostListEntry] {
        let socket = adminSocket
        return try await offPool {
            try DirectorAdmin.list("HOST-LIST", socket: socket, within: limit).map { line in
                guard let entry = HostListEntry(line: line) else { throw LabError.failed("HOST-LIST: \(line)") }
                return entry
            }
        }
    }

    /// The line of HOST-LIST for one backend; nil when the director does not know it.
    package func host(_ address: String, within limit: Duration = .seconds(5)) async throws -> HostListEntry? {
        try await hostList(within: limit).first { $0.address == address }
    }

    /// Sends a command that is answered by one line, for example `HOST-DOWN\t127.0.1.1`, and returns that line.
    package func command(_ command: String, within limit: Duration = .seconds(40)) async throws -> String {
        let socket = adminSocket
        return try await offPool { try DirectorAdmin.reply(to: command, socket: socket, within: limit) }
    }

    /// What the director says of the ring: `ring synced`, `ring syncing - …` or `ring handshaking`.
    package func ringStatus(within limit: Duration = .seconds(5)) async throws -> String {
        let socket = adminSocket
        let lines = try await offPool { try DirectorAdmin.list("DIRECTOR-LIST", socket: socket, within: limit) }
        let own = lines.map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
            .first { $0.count > 4 && $0[2] == "self" }
        guard let own else { throw LabError.failed("DIRECTOR-LIST without self: \(lines)") }
        return String(own[4])
    }

    /// Logs a user in over IMAP through this director, and out again: from then on the user belongs to a backend.
    package func logIn(user: String, password: String, within limit: Duration = .seconds(10)) async throws {
        _ = try await imapConversation(
            address: address, port: imapPort, username: user, password: password, commands: [], within: limit)
    }

    // MARK: What befalls it

    /// Kills the `director` process; Dovecot's master starts another when somebody next connects.
    package func killDirectorProcess() throws {
        guard try !instance.signal(service: "director", SIGKILL).isEmpty else { throw noProcess }
    }

    /// Stops the `director` process: connections are accepted and nothing answers. The ring gets out of sync at the next
    /// change.
    package func freezeDirectorProcess() throws {
        guard try !instance.signal(service: "director", SIGSTOP).isEmpty else { throw noProcess }
    }

    /// Lets a frozen `director` process go on; the ring can need a minute to heal.
    package func thawDirectorProcess() throws {
        guard try !instance.signal(service: "director", SIGCONT).isEmpty else { throw noProcess }
    }

    /// The numbers of the `director` process: one, or none for a moment after it was killed.
    package func directorProcesses() throws -> [Int32] {
        try instance.pids(ofService: "director")
    }

    /// Stops this director as a whole, Dovecot's master included.
    package func stop() async throws { try await instance.stop() }

    /// Starts it again; it learns the backends' states from the rest of the ring.
    package func start() async throws { try await instance.start() }

    private var noProcess: LabError { .failed("\(configurationFile) has no director process") }
}
