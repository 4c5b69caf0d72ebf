import Glibc

/// A message of a mailbox, as the backend's own doveadm tells of it.
package struct MailboxMessage: Hashable, Sendable {
    package let uid: Int
    /// `\Seen \Deleted`; `\Recent` left out, as a look takes it away.
    package let flags: String
    package let subject: String
    /// What dovemon's mark says, empty for a message without.
    package let mark: String
}

extension Backend {
    // MARK: Messages lost: the index knows them, and their files cannot be read

    /// Takes the rights away from the files of all messages in the account's INBOX.
    package func makeMessagesUnreadable() throws {
        for directory in ["cur", "new"].map({ "\(mailbox)/\($0)" }) {
            for name in listDirectory(directory) ?? [] where chmod("\(directory)/\(name)", 0) != 0 {
                throw LabError.failed("\(directory)/\(name): \(String(cString: strerror(errno)))")
            }
        }
    }

    // MARK: Mailboxes full

    /// Lets each user have so many messages from now on; starts it again.
    package func limit(messages: Int) async throws {
        try configure(password: account.password, quota: messages)
        try await stop()
        try await start()
    }

    // MARK: Messages

    /// What is in the account's INBOX.
    package func messages() async throws -> [MailboxMessage] {
        let fields = "uid flags hdr.subject hdr.x-dovemon-test"
        let output = try await instance.doveadm(
            ["-f", "tab", "fetch", "-u", account.username, fields, "mailbox", "INBOX", "all"], within: .seconds(10))
        return output.split(separator: "\n").dropFirst().compactMap { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard cells.count == 4, let uid = Int(cells[0]) else { return nil }
            let flags = cells[1].split(separator: " ").filter { $0 != "\\Recent" }.joined(separator: " ")
            return MailboxMessage(uid: uid, flags: flags, subject: cells[2], mark: cells[3])
        }
    }

    /// Puts a message into the account's INBOX.
    package func save(subject: String, header: String = "", flags: String = "") async throws {
        let file = "\(instance.directory)/message"
        try writeFile(file, "From: stranger@example.org\nSubject: \(subject)\n\(header)\n.\nhello\n")
        _ = try await instance.doveadm(
            ["save", "-u", account.username, "-m", "INBOX", file], within: .seconds(10))
        guard !flags.isEmpty else { return }
        _ = try await instance.doveadm(
            ["flags", "add", "-u", account.username, flags, "mailbox", "INBOX", "header", "subject", subject],
            within: .seconds(10))
    }

    /// Real mail of a user whose account was mistyped, some of it about to go, some of it about dovemon.
    package func saveStrangersMail() async throws {
        try await save(subject: "one")
        try await save(subject: "two", flags: "\\Deleted")
        try await save(subject: "three", flags: "\\Seen \\Deleted")
        try await save(subject: "four", header: "X-Dovemon-Test: is what you call it?\n")
        try await save(subject: "five", header: "X-Dovemon: mon.example/a1/1/0000000000000001\n")
        try await save(subject: "X-Dovemon-Test: mon.example/a1/1/0000000000000001", flags: "\\Flagged")
    }

    /// Lets a Sieve script sort all mail that comes in over LMTP; nil for none.
    package func sort(by script: String?) throws {
        guard let further else { throw LabError.failed("\(address) has no Sieve") }
        let path = further.rules(instance.directory)
        unlink(path)
        if let script { try writeFile(path, script) }
    }

    /// Removes the monitors' test messages from the account's INBOX.
    package func removeTestMessages() async throws {
        _ = try await instance.doveadm(
            ["expunge", "-u", account.username, "mailbox", "INBOX", "subject", "dovemon test message"],
            within: .seconds(10))
    }

    /// The headers of the messages in the account's INBOX.
    package func headers() async throws -> [String] {
        let output = try await instance.doveadm(
            ["fetch", "-u", account.username, "hdr", "mailbox", "INBOX", "all"], within: .seconds(10))
        return output.split(separator: "hdr:\n").map(String.init)
    }
}
