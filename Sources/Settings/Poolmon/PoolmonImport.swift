import Site

/// The settings and accounts that do what a poolmon with some options does.
package struct PoolmonImport: Equatable, Sendable {
    /// The settings.
    package private(set) var settings = Settings()
    /// The test account, as `default`, where there is one.
    package private(set) var accounts = Accounts()
    /// What has no counterpart, or is not quite the same, for people.
    package private(set) var notes: [String] = []
    /// What is to be said about a setting in the file.
    private var comments: [String: String] = [:]

    /// The words of the OPTIONS of a file such as /etc/default/poolmon, of which nothing is executed.
    package static func options(inFile bytes: [UInt8]) throws(PoolmonMistake) -> [String] {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw PoolmonMistake("the file is not UTF-8") }
        guard let options = try ShellWords.value(of: "OPTIONS", in: text) else {
            // As poolmon's packages ship it: all commented out.
            return []
        }
        return try ShellWords.split(options)
    }

    /// Takes the options over; `read` gives the bytes of the credentials file.
    package init(
        _ arguments: [String], credentials read: (String) throws(PoolmonMistake) -> [UInt8]
    ) throws(PoolmonMistake) {
        let options = try PoolmonOptions(arguments)
        takePorts(options)
        takeRules(options)
        try takePlaces(options)
        takeTLS(options)
        try takeAccount(options, read)
        notes += options.ignored.map { "\(quoted($0)): poolmon ignores this word, and so does dovemon" }
    }

    /// The file of the settings.
    package var configurationText: String {
        let head = "# dovemon's configuration, taken over from poolmon's options. config.yml.sample has all settings.\n"
        return Setting.table.reduce(into: head) { text, setting in
            let value = setting.value(in: settings)
            guard value != setting.defaultValue || comments[setting.name] != nil else { return }
            text += "\n" + (comments[setting.name].map(yamlComment) ?? "") + "\(setting.name): \(value)\n"
        }
    }

    /// The file of the accounts, with the password in it; where there are none, it says how to give one.
    package var accountsText: String {
        guard !accounts.isEmpty else { return Self.noAccounts }
        return "# dovemon's test account, for all backends. Let dovemon's user alone read this file.\n\n"
            + accounts.yaml { $0.secret }
    }

    private static let noAccounts = """
        # dovemon's test accounts. Without poolmon's --credfile there are none, and backends are polled without a login.
        # With these lines dovemon logs in to all of them; let dovemon's user alone read this file.
        #
        # default:
        #   username: USER
        #   password: PASSWORD

        """
}

extension PoolmonImport {
    private mutating func takePorts(_ options: PoolmonOptions) {
        settings.imap.isPolled = false
        for service in options.services {
            switch service.mailProtocol {
            case .imap where !settings.imap.isPolled: settings.imap.poll(service)
            case .pop3 where !settings.pop3.isPolled: settings.pop3.poll(service)
            case .lmtp where !settings.lmtp.isPolled: settings.lmtp.poll(service)
            default: settings.pollPorts.append(service)
            }
        }
        if settings.imap.isPolled {
            settings.pollIMAPList = false
            comments["poll_imap_list"] = "poolmon only logs in."
        }
    }

    private mutating func takeRules(_ options: PoolmonOptions) {
        settings.interval = .seconds(options.interval)
        comments["interval"] =
            "From the start of a backend's poll to the start of the next one; poolmon waits so long after a scan."
        settings.timeout = .seconds(options.timeout)
        comments["timeout"] = "For a whole poll, from connecting to the goodbye."
        settings.retryCount = 5
        comments["retry_count"] =
            "poolmon looks again 3 seconds after a failure, and then at half-second steps, four times in all; a backend is"
            + " down when the first look and, with the maintained fork, all four fail. That is five failures in a row,"
            + " here a second apart. (With the original one of the four is enough, which is not to be had.)"
        settings.retryInterval = .seconds(1)
        settings.usesHostFlush = true
        comments["use_host_flush"] =
            "As poolmon does. `no` moves the users of a backend away from it instead of forgetting where they are."
        settings.isDryRun = options.isDryRun
    }

    private mutating func takePlaces(_ options: PoolmonOptions) throws(PoolmonMistake) {
        try take(options.socket, as: "director_admin_socket")
        try take(options.lockfile, as: "lockfile")
        if let lockfile = options.lockfile {
            notes.append(
                "--lockfile: the user of the systemd unit cannot write to \(printable(lockfile, limit: 4_096)): without the"
                    + " line `lockfile` dovemon has a place of its own there")
        }
        settings.logLevel = options.isDebugging ? 4 : 1
        comments["loglevel"] = "poolmon tells changes and errors, and everything else with --debug."
        if options.logfile == "syslog" {
            settings.syslogFacility = .user
            comments["syslog_facility"] = "As poolmon's."
        } else if options.isInForeground {
            settings.logsToStandardOutput = true
        }
        if options.logfile != "syslog", !options.isInForeground {
            let logfile = printable(options.logfile ?? "/var/log/poolmon.log", limit: 4_096)
            notes.append("--logfile: dovemon logs to syslog, and not to \(logfile)")
        }
        if options.isInForeground { notes.append("--foreground: dovemon always stays in the foreground") }
    }

    private mutating func takeTLS(_ options: PoolmonOptions) {
        guard options.services.contains(where: { $0.tls != .none }) else { return }
        settings.verifiesCertificates = options.verifies ?? options.isFork
        if settings.verifiesCertificates {
            settings.serverName = .pointer
            comments["ssl_server_name"] = "As the fork: the name that the DNS has for the address."
        } else if options.verifies == nil {
            notes.append(
                "--ssl: certificates are not verified, as with the original; the maintained fork does, which is"
                    + " `ssl_verify: yes` and `ssl_server_name: \"%{ptr}\"`")
        }
    }

    private mutating func takeAccount(
        _ options: PoolmonOptions, _ read: (String) throws(PoolmonMistake) -> [UInt8]
    ) throws(PoolmonMistake) {
        if let from = options.lmtpFrom, !from.isEmpty { try take(from, as: "poll_lmtp_from") }
        let recipient = options.lmtpTo.flatMap { $0.isEmpty ? nil : $0 }
        if let recipient, !isMailAddress(recipient) {
            throw PoolmonMistake("--lmtp-to \(quoted(recipient)) is no mail address")
        }
        settings.pollLMTPRecipient = recipient != nil
        if let path = options.credentials {
            accounts = Accounts(fallback: try account(try read(path), path, recipient))
            if settings.imap.isPolled || settings.pop3.isPolled {
                notes.append(
                    "--credfile: poolmon takes a backend that permits no login in clear for healthy, dovemon for faulty"
                )
            }
            if options.services.contains(where: { $0.mailProtocol == .imap && $0.tls == .none }) {
                notes.append(
                    "--port: the maintained fork uses STARTTLS over IMAP where it is announced; here it is"
                        + " `imap_ssl: starttls`, for all backends")
            }
        } else if let recipient {
            takeRecipient(recipient)
        }
    }

    /// An account is what has an address for LMTP, and what logs in where there is a login.
    private mutating func takeRecipient(_ recipient: String) {
        let logsIn = settings.services.contains { $0.mailProtocol == .imap || $0.mailProtocol == .pop3 }
        if logsIn {
            settings.pollLMTPRecipient = false
            notes.append(
                "--lmtp-to without --credfile: here the address belongs to a test account, which IMAP and POP3 would log"
                    + " in with; give a `default` account in test.accounts.yml, and `poll_lmtp_rcpt: yes`")
        } else {
            accounts = Accounts(fallback: Account(username: recipient, password: Password("")))
        }
    }

    /// The user name in the first line, the password in the second one.
    private func account(_ bytes: [UInt8], _ path: String, _ recipient: String?) throws(PoolmonMistake) -> Account {
        let file = "the credentials file \(printable(path, limit: 4_096))"
        guard let text = String(validating: bytes, as: UTF8.self) else { throw PoolmonMistake("\(file) is not UTF-8") }
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" })
        guard lines.count >= 2, !lines[0].isEmpty, !lines[1].isEmpty else {
            throw PoolmonMistake("\(file) has no user name in its first line and password in its second one")
        }
        let isUsable = lines[..<2].allSatisfy { line in
            line.utf8.count <= 1_024 && !line.utf8.contains(0x00) && !line.utf8.contains(0x0D)
        }
        guard isUsable else {
            throw PoolmonMistake("\(file) has a line of more than 1024 bytes, or a CR or NUL in one")
        }
        return Account(username: String(lines[0]), password: Password(String(lines[1])), lmtpAddress: recipient)
    }

    /// Puts a text into a setting by the setting's own rules.
    private mutating func take(_ text: String?, as name: String) throws(PoolmonMistake) {
        guard let text, let setting = Setting.table.first(where: { $0.name == name }) else { return }
        do throws(Complaint) {
            let node = YAMLNode(position: Position(line: 1, column: 1), content: .scalar(text, isPlain: false))
            try setting.read(node, &settings)
        } catch {
            throw PoolmonMistake("\(name): \(error.wrong), accepted: \(setting.accepted)")
        }
    }
}

extension ServiceSettings {
    fileprivate mutating func poll(_ service: Service) {
        isPolled = true
        tls = service.tls
        if tls == .implicit, implicitTLSPort != nil { implicitTLSPort = service.port } else { port = service.port }
    }
}

/// The bytes of a file that poolmon reads.
package func contentsForPoolmon(of path: String) throws(PoolmonMistake) -> [UInt8] {
    do throws(FileFailure) {
        return try regularFile(path, limit: FileSizeLimit(mebibytes: 1, advice: "poolmon's files are a few lines"))
            .bytes
    } catch {
        throw PoolmonMistake("\(printable(path, limit: 4_096)): \(error.message)")
    }
}
