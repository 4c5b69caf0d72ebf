import Site
import Testing

@testable import Settings

private let secret = "s3: #\"cret'"

private func imported(_ options: String..., credentials: String = "me\n\(secret)\n") throws(PoolmonMistake)
    -> PoolmonImport
{
    try PoolmonImport(options) { _ in Array(credentials.utf8) }
}

private func mistake(_ options: [String], credentials: String = "me\n\(secret)\n") -> String? {
    do throws(PoolmonMistake) {
        _ = try PoolmonImport(options) { _ in Array(credentials.utf8) }
        return nil
    } catch {
        return error.description
    }
}

@Suite struct PoolmonImportTests {
    @Test func withoutOptionsItIsWhatPoolmonDoes() throws {
        let settings = try imported().settings
        #expect(Set(settings.services) == [Service(.pop3, port: 110), Service(.imap, port: 143)])
        #expect(settings.interval == .seconds(30) && settings.timeout == .seconds(5))
        #expect(settings.retryCount == 5 && settings.retryInterval == .seconds(1))
        #expect(settings.usesHostFlush && !settings.pollIMAPList && !settings.isDryRun)
        #expect(settings.logLevel == 1)
    }

    static let ports: [([String], [Service])] = [
        (["-p", "143"], [Service(.imap, port: 143)]),
        (["-p143", "--port=POP3:1110"], [Service(.imap, port: 143), Service(.pop3, port: 1110)]),
        (
            ["--ssl", "993", "-s", "imap:1993"],
            [
                Service(.imap, port: 993, tls: .implicit), Service(.imap, port: 1993, tls: .implicit),
            ]
        ),
        (["-s", "993", "-p", "143"], [Service(.imap, port: 143), Service(.imap, port: 993, tls: .implicit)]),
        (["-p", "24", "-s", "LMTP:24"], [Service(.lmtp, port: 24), Service(.lmtp, port: 24, tls: .implicit)]),
        (
            ["-p", "4190", "-p", "587", "-p", "2525", "-s", "465"],
            [
                Service(.banner, port: 4190), Service(.banner, port: 587), Service(.banner, port: 2525),
                Service(.banner, port: 465, tls: .implicit),
            ]
        ),
        (["-p", "143", "-p", "IMAP:143"], [Service(.imap, port: 143)]),
        (["-s", "995"], [Service(.pop3, port: 995, tls: .implicit)]),
    ]

    @Test(arguments: ports) func thePortsAreThose(options: [String], services: [Service]) throws {
        let taken = try PoolmonImport(options) { _ in [] }
        #expect(Set(taken.settings.services) == Set(services))
        #expect(taken.settings.services.count == services.count)
    }

    static let options: [([String], @Sendable (inout Settings) -> Void)] = [
        (["-i", "7"], { $0.interval = .seconds(7) }), (["--interval=7"], { $0.interval = .seconds(7) }),
        (["-t9"], { $0.timeout = .seconds(9) }), (["--time", "9"], { $0.timeout = .seconds(9) }),
        (["-S", "/run/d"], { $0.directorAdminSocket = "/run/d" }), (["-k", "/run/p"], { $0.lockfile = "/run/p" }),
        (["-d"], { $0.logLevel = 4 }), (["-n"], { $0.isDryRun = true }), (["--DRY-RUN"], { $0.isDryRun = true }),
        (["-f"], { $0.logsToStandardOutput = true }),
        (
            ["-fd"],
            {
                $0.logsToStandardOutput = true
                $0.logLevel = 4
            }
        ),
        (["-l", "syslog"], { $0.syslogFacility = .user }), (["-fl", "syslog"], { $0.syslogFacility = .user }),
        (["-l", "/var/log/p"], { _ in }), (["-c", "file"], { _ in }),
        (["--lmtp-from", "a@b.c"], { $0.pollLMTPFrom = "a@b.c" }), (["--lmtp-from="], { _ in }),
    ]

    @Test(arguments: options)
    func anOptionIsASetting(options: [String], change: @Sendable (inout Settings) -> Void) throws {
        var expected = try imported().settings
        change(&expected)
        #expect(try PoolmonImport(options) { _ in Array("u\np\n".utf8) }.settings == expected)
    }

    @Test func withoutCredentialsTheAccountsFileSaysHowToGiveSome() throws {
        let text = try imported().accountsText
        #expect(Accounts.read(Array(text.utf8), file: "a") == .read(Accounts(), from: "a", warnings: []))
        let filledIn = text.split(separator: "\n").drop { $0 != "#" }.map { $0.dropFirst(2) }.joined(separator: "\n")
        #expect(
            Accounts.read(Array(filledIn.utf8), file: "a").value
                == Accounts(fallback: Account(username: "USER", password: Password("PASSWORD"))))
    }

    @Test func certificatesAreVerifiedAsByTheForkWhereItIsTheFork() throws {
        #expect(try imported("-s", "993").settings.verifiesCertificates == false)
        #expect(try imported("-s", "993").notes.contains { $0.hasPrefix("--ssl: certificates are not verified") })
        for options in [["-v", "1"], ["-v1"], ["--ssl-verify=1"], ["-n"]] {
            let settings = try PoolmonImport(options + ["-s", "993"]) { _ in [] }.settings
            #expect(settings.verifiesCertificates && settings.serverName == .pointer)
        }
        #expect(try imported("-s", "993", "-nv0").settings.verifiesCertificates == false)
        #expect(try imported("-v", "1").settings.verifiesCertificates == false)
    }

    @Test func credentialsAreTheDefaultAccount() throws {
        let taken = try imported("-p", "LMTP:24", "-c", "f", "--lmtp-to", "a@b.c")
        let account = Account(username: "me", password: Password(secret), lmtpAddress: "a@b.c")
        #expect(taken.accounts == Accounts(fallback: account))
        #expect(taken.settings.pollLMTPRecipient)
        #expect(try imported("-c", "f", credentials: "me\r\np\r\nrest").accounts.fallback?.password.secret == "p")
        let alone = try imported("-p", "LMTP:24", "--lmtp-to", "a@b.c")
        #expect(alone.accounts.fallback == Account(username: "a@b.c", password: Password("")))
        // Where an account would log in there is none without credentials.
        let beside = try imported("-p", "LMTP:24", "-p", "143", "--lmtp-to", "a@b.c")
        #expect(beside.accounts.isEmpty && !beside.settings.pollLMTPRecipient)
        #expect(beside.notes.contains { $0.hasPrefix("--lmtp-to without --credfile") })
    }

    @Test(arguments: ports.map(\.0) + options.map(\.0) + [[], ["-c", "f", "-p", "24", "--lmtp-to", "a@b.c", "-s993"]])
    func theFilesSayThatWithoutADoubt(options: [String]) throws {
        let taken = try PoolmonImport(options) { _ in Array("me\n\(secret)\n".utf8) }
        let settings = Settings.read(Array(taken.configurationText.utf8), file: "c")
        #expect(settings == .read(taken.settings, from: "c", warnings: []))
        let accounts = Accounts.read(Array(taken.accountsText.utf8), file: "a")
        #expect(accounts == .read(taken.accounts, from: "a", warnings: []))
        #expect(doubts(between: settings, accounts) == [])
        #expect(!taken.configurationText.contains(secret) && !taken.notes.joined().contains(secret))
        #expect(taken.configurationText.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    @Test(arguments: [
        (["-p", "x"], "--port \"x\" is no port, nor IMAP:, POP3: or LMTP: and a port"),
        (["-p", "0"], "--port \"0\" is no port, nor IMAP:, POP3: or LMTP: and a port"),
        (["-s", "SMTP:25"], "--ssl \"SMTP:25\" is no port, nor IMAP:, POP3: or LMTP: and a port"),
        (["-p"], "--port has no value"), (["--port"], "--port has no value"),
        (["-i", "0"], "--interval \"0\" is no number from 1 to 86400"),
        (["-t", "soon"], "--timeout \"soon\" is no number from 1 to 3600"),
        (["-v", "2"], "--ssl-verify \"2\" is no number from 0 to 1"), (["-x"], "-x: poolmon has no such option"),
        (["--lmtp"], "--lmtp: poolmon has no such option"), (["--debug=1"], "--debug takes no value"),
        (["--=1"], "--: poolmon has no such option"), (["-h"], "with --help poolmon does nothing"),
        (
            ["-S", "socket"],
            "director_admin_socket: \"socket\" is no absolute path,"
                + " accepted: an absolute path of at most 107 bytes"
        ),
        (["--lmtp-to", "a b"], "--lmtp-to \"a b\" is no mail address"),
    ])
    func aWrongOptionIsNamed(options: [String], complaint: String) {
        #expect(mistake(options) == complaint)
    }

    @Test(arguments: ["", "me", "me\n", "\n\(secret)\n", "me\n\(secret)\0\n"])
    func wrongCredentialsAreToldWithoutThem(text: String) {
        let complaint = mistake(["-c", "/etc/cred"], credentials: text)
        #expect(complaint?.hasPrefix("the credentials file /etc/cred has ") == true)
        #expect(complaint?.contains(secret) == false)
    }

    @Test func whatPoolmonIgnoresIsTold() throws {
        #expect(
            try imported("word", "-f", "--", "-p").notes.filter { $0.contains("ignores") }
                == [
                    "\"word\": poolmon ignores this word, and so does dovemon",
                    "\"-p\": poolmon ignores this word, and so does dovemon",
                ])
    }

    @Test(arguments: [
        ("OPTIONS=\"-p 143 -i 5\"", ["-p", "143", "-i", "5"]), ("OPTIONS='-d'", ["-d"]), ("OPTIONS=-d # x\n", ["-d"]),
        ("# OPTIONS=\"-n\"\n[Service]\nexport OPTIONS=\"-d \\\n -f\"\n", ["-d", "-f"]),
        ("OPTIONS=\"-c '/a b' \\\"\\$x\\\"\"\n", ["-c", "/a b", "$x"]), ("OPTIONS=\"\"\n", []), ("OPTIONS=\n", []),
        ("X=\"$(a)\nOPTIONS=-n\"\nOPTIONS=-d\n", ["-d"]), ("OPTIONS=-d\nOPTIONS=-n\n", ["-n"]),
        ("  OPTIONS=a\\ b", ["a", "b"]), ("OPTIONS=\"-d\"\nOPTIONS+=\" -p 143\"", ["-d", "-p", "143"]),
        ("OPTIONS+=-d", ["-d"]),
        ("#OPTIONS=\"\"", []), ("", []),
    ])
    func theOptionsOfAFileAreReadAsByAShell(text: String, words: [String]) throws {
        #expect(try PoolmonImport.options(inFile: Array(text.utf8)) == words)
    }

    @Test(arguments: [
        ("OPTIONS=\"-p $PORT\"", "the options have a variable or a command in them, which are not executed here"),
        ("OPTIONS=`id`", "the options have a variable or a command in them, which are not executed here"),
        ("OPTIONS=\"-p", "a quotation has no end"), ("OPTIONS=\"-c 'a\"", "a quotation has no end"),
        ("OPTIONS=-d -p 143", "there are words behind the value of OPTIONS: put all of it in quotes"),
    ])
    func aFileThatCannotBeReadIsTold(text: String, complaint: String) {
        #expect(throws: PoolmonMistake(complaint)) { try PoolmonImport.options(inFile: Array(text.utf8)) }
    }
}
