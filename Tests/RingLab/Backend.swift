import Glibc

/// A user name and the password that goes with it.
package struct LabAccount: Hashable, Sendable {
    package let username: String
    package let password: String

    package init(username: String, password: String) {
        self.username = username
        self.password = password
    }
}

/// One backend: a Dovecot with IMAP, POP3 and LMTP, and what else it is given, that takes any user with the account's
/// password.
package final class Backend: Sendable {
    package let address: String
    /// What dovemon polls with.
    package let account: LabAccount
    private let ports: Ports
    let further: FurtherServices?
    let instance: Instance

    init(
        address: String, account: LabAccount, ports: Ports, further: FurtherServices?, instance: Instance
    ) throws {
        self.address = address
        self.account = account
        self.ports = ports
        self.further = further
        self.instance = instance
        try makeDirectory(mailDirectory)
        guard chown(mailDirectory, Identity.current.mailUser, Identity.current.mailGroup) == 0 else {
            throw LabError.failed("\(mailDirectory): cannot give it to the mail user")
        }
        try further?.write(to: instance.directory)
        try configure(password: account.password)
    }

    package var configurationFile: String { instance.configurationFile }

    /// Dovecot's own log of this backend.
    package var logFile: String { "\(instance.directory)/log" }

    /// The lines that clients have said behind the login and over LMTP since the start, or since `forgetWhatWasSaid`; none
    /// without further services.
    package var said: [String] { further?.said(instance.directory) ?? [] }

    /// Forgets what was said.
    package func forgetWhatWasSaid() { further?.forget(instance.directory) }

    /// Logs the account in over IMAP, straight to this backend, and returns what `imapConversation` does.
    package func imap(_ commands: String..., within limit: Duration = .seconds(5)) async throws -> [String] {
        try await imapConversation(
            address: address, port: ports.imap, username: account.username, password: account.password,
            commands: commands, within: limit)
    }

    // MARK: Gone: connections are refused

    package func stop() async throws { try await instance.stop() }

    /// Kills all its processes at once: its connections are reset or closed, and new ones refused.
    package func kill() async throws {
        try instance.signalAll(SIGKILL)
        try await instance.stop()
    }

    /// Starts it again; returns when its ports are open.
    package func start() async throws { try await instance.start() }

    // MARK: Silent: the kernel accepts connections, and nothing ever answers

    /// Stops all its processes, the master among them.
    package func freeze() throws { try instance.signalAll(SIGSTOP) }

    package func thaw() throws { try instance.signalAll(SIGCONT) }

    // MARK: Mailboxes lost: the login works, LIST and SELECT answer NO, POP3 cannot open the mailbox

    /// Puts a plain file where the account's mailboxes were, as a file system that was not mounted might.
    ///
    /// Taking their permissions away is not enough: Dovecot's LIST takes "permission denied" for an empty account.
    package func makeMailboxUnreadable() throws {
        if rename(mailbox, mailbox + ".away") != 0, errno != ENOENT {
            throw LabError.failed("\(mailbox): \(String(cString: strerror(errno)))")
        }
        try writeFile(mailbox, "")
    }

    package func makeMailboxReadable() throws {
        unlink(mailbox)
        if rename(mailbox + ".away", mailbox) != 0, errno != ENOENT {
            throw LabError.failed("\(mailbox): \(String(cString: strerror(errno)))")
        }
    }

    // MARK: Authentication silent: the greeting comes, the login hangs

    package func freezeAuth() async throws {
        // The process exists from the first login on.
        _ = try await imap()
        try instance.signal(service: "auth", SIGSTOP)
    }

    package func thawAuth() throws { try instance.signal(service: "auth", SIGCONT) }

    // MARK: Logins rejected

    /// The backend's password is another one from now on, and the account's is rejected; returns when that is so.
    package func changePassword() async throws {
        try await use(password: account.password + "-changed")
        try await waitUntil("\(address) to reject the login", within: .seconds(10)) {
            do {
                _ = try await imap()
                return false
            } catch LabError.failed(let line) {
                return line.contains("AUTHENTICATIONFAILED")
            }
        }
    }

    /// Takes the account's password again; returns when that works.
    package func restorePassword() async throws {
        try await use(password: account.password)
        try await waitUntil("\(address) to take the login", within: .seconds(10)) { try await !imap().isEmpty }
    }

    private func use(password: String) async throws {
        try configure(password: password)
        _ = try await instance.doveadm(["reload"], within: .seconds(10))
    }

    func configure(password: String, quota: Int? = nil) throws {
        let further = further.map { "\n" + $0.configuration(instance.directory, ports) } ?? ""
        try instance.configure(
            backendConfiguration(directory: instance.directory, password: password, ports: ports) + further
                + (quota.map(quotaConfiguration) ?? ""))
    }

    var mailDirectory: String { "\(instance.directory)/mail" }
    var mailbox: String { "\(mailDirectory)/\(account.username)" }
}
