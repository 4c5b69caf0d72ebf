import Settings
import Site
import Testing

private func read(_ text: String) -> Loaded<Settings> { Settings.read(Array(text.utf8), file: "c") }

private func complaints(_ text: String) -> [String] { read(text).diagnostics.map(\.description) }

/// What the settings beyond the seed's accept and refuse.
@Suite struct FurtherSettingsTests {
    private static let ports =
        "a list of at most 100 of [PROTOCOL:]PORT or [PROTOCOL:]PORT/ssl,"
        + " PROTOCOL one of imap, pop3, lmtp, sieve, submission, banner"
    private static let names = "a host name, \"%{ptr}\" or \"%{address}\""

    @Test(
        arguments: [
            ("[]", []), ("", []), ("~", []), ("143", [Service(.imap, port: 143)]),
            ("[993/ssl]", [Service(.imap, port: 993, tls: .implicit)]),
            (
                "[110, 24, 4190, 587, 465/ssl, 25]",
                [
                    Service(.pop3, port: 110), Service(.lmtp, port: 24), Service(.sieve, port: 4190),
                    Service(.submission, port: 587), Service(.submission, port: 465, tls: .implicit),
                    Service(.banner, port: 25),
                ]
            ),
            (
                "\n- POP3:1110/SSL\n- banner:143\n",
                [
                    Service(.pop3, port: 1110, tls: .implicit), Service(.banner, port: 143),
                ]
            ),
        ] as [(String, [Service])])
    func portsAreReadAsAListOrAlone(text: String, services: [Service]) {
        #expect(read("poll_ports: \(text)\n").value?.pollPorts == services)
        #expect(complaints("poll_ports: \(text)\n") == [])
    }

    @Test(arguments: [
        "0", "65536", "imap:", ":143", "smtp:25", "143/tls", "imap:143:1", "-1", "0143", "99999999999999999999", "/ssl",
        "imap: 143", "''", "14３",
    ])
    func whatIsNoPortIsNamed(text: String) {
        #expect(read("poll_ports: ['\(text == "''" ? "" : text)']\n").value == nil)
        #expect(
            complaints("poll_ports: [143, '\(text == "''" ? "" : text)']\n") == [
                "c:1:19: poll_ports: \"\(text == "''" ? "" : text)\" is no port to poll, accepted: \(Self.ports)"
            ])
    }

    @Test func portsAreNamedOnceAndPolledOnce() {
        #expect(
            complaints("poll_ports: [25, banner:25]\n") == [
                "c:1:18: poll_ports: \"banner:25\" comes twice, accepted: \(Self.ports)"
            ])
        #expect(read("poll_ports: [143, 993/ssl]\n").value?.services.count == 2)
        let many = (1...101).map { "\(10_000 + $0)" }.joined(separator: ", ")
        #expect(complaints("poll_ports: [\(many)]\n").first?.contains("too many ports") == true)
        #expect(read("poll_imap: no\npoll_ports: 25\n").value?.services == [Service(.banner, port: 25)])
    }

    @Test(
        arguments: [
            ("yes", Set(MailProtocol.allCases)), ("no", []), ("[]", []), ("imap", [.imap]),
            ("[lmtp, imap]", [.imap, .lmtp]),
        ] as [(String, Set<MailProtocol>)])
    func proxiedProtocolsAreReadAsAListOrAll(text: String, protocols: Set<MailProtocol>) {
        #expect(read("haproxy: \(text)\n").value?.proxied == protocols)
    }

    @Test(arguments: [
        ("yes", Removal.marked), ("True", .marked), ("no", .no), ("off", .no), ("all", .all), ("'all'", .all),
    ])
    func removalIsYesNoOrAll(text: String, removal: Removal) {
        #expect(read("poll_imap_expunge: \(text)\n").value?.pollIMAPExpunge == removal)
        #expect(read("poll_pop3_delete: \(text)\n").value?.pollPOP3Delete == removal)
    }

    @Test func removalNeedsToSeeWhatItRemoves() {
        #expect(read("poll_imap_expunge: yes\npoll_imap_select: no\n").value?.selectsINBOX == true)
        #expect(read("poll_pop3_delete: all\n").value?.statsMaildrop == true)
        #expect(read("").value?.selectsINBOX == false && read("").value?.statsMaildrop == false)
    }

    @Test(arguments: ["lockfile", "beupdatescript", "ssl_ca_file", "ssl_min_protocol", "poll_lmtp_from"])
    func nothingIsAValueWhereItMeansSomething(name: String) {
        for text in ["", "~", "''", "null"] {
            #expect(read("\(name): \(text)\n") == .read(Settings(), from: "c", warnings: []))
        }
    }

    @Test(
        arguments: [
            (
                "haproxy: [imap, smtp]", 17, "\"smtp\" is no protocol",
                "yes, no, or a list of imap, pop3, lmtp, sieve, submission, banner"
            ),
            (
                "haproxy: {imap: yes}", 10, "a mapping instead of a value",
                "yes, no, or a list of imap, pop3, lmtp, sieve, submission, banner"
            ),
            ("poll_imap_expunge: some", 20, "\"some\" is neither yes, no nor all", "yes, no or all"),
            ("poll_imap_expunge: \"yes\"", 20, "\"yes\" is a text, being in quotes or a block", "yes, no or all"),
            ("poll_pop3_delete: [yes]", 19, "a list instead of a value", "yes, no or all"),
            ("poll_imap_select: all", 19, "\"all\" is neither yes nor no", "yes or no"),
            ("auth: master", 7, "\"master\" is none of the names", "plain, sasl"),
            ("ssl_server_name: a b", 18, "\"a b\" is no host name", names),
            ("ssl_server_name: 10.0.0.1", 18, "\"10.0.0.1\" is no host name", names),
            ("ssl_server_name: a..b", 18, "\"a..b\" is no host name", names),
            ("ssl_server_name: -a.b", 18, "\"-a.b\" is no host name", names),
            ("ssl_server_name: '%{host}'", 18, "\"%{host}\" is no host name", names),
            ("ssl_min_protocol: TLSv1.4", 19, "\"TLSv1.4\" is none of the names", "TLSv1, TLSv1.1, TLSv1.2, TLSv1.3"),
            ("ssl_ca_file: ca.pem", 14, "\"ca.pem\" is no absolute path", "an absolute path of at most 4095 bytes"),
            (
                "poll_ports: [993/ssl, banner:2525/starttls]", 23,
                "\"banner:2525/starttls\": no STARTTLS here, `imap_ssl: starttls` and its kin are for that", ports
            ),
            ("beupdatescript: script", 17, "\"script\" is no absolute path", "an absolute path of at most 4095 bytes"),
            (
                "beupdatescript_timeout: 0.5", 25, "\"0.5\" is out of range",
                "a number from 1 to 3600, such as 10 or 2.5"
            ),
            (
                "retry_interval: soon", 17, "\"soon\" is not a number",
                "a number from 0 to 86400, such as 10 or 0.5, or interval"
            ),
            ("up_count: 0", 11, "\"0\" is out of range", "a whole number from 1 to 1000"),
            ("poll_lmtp_from: a> SIZE=1", 17, "\"a> SIZE=1\" is no mail address", "a mail address, or nothing"),
            ("poll_lmtp_from: \"a\\r\\nRCPT\"", 17, "\"a\\r\\nRCPT\" is no mail address", "a mail address, or nothing"),
            ("ssl_expiry_warning: 0.5", 21, "\"0.5\" is not whole", "a whole number from 0 to 3650"),
        ] as [(String, Int, String, String)])
    func aWrongValueIsNamed(line: String, column: Int, wrong: String, accepted: String) {
        let name = line.prefix { $0 != ":" }
        #expect(complaints(line + "\n") == ["c:1:\(column): \(name): \(wrong), accepted: \(accepted)"])
        #expect(read(line).value == nil)
    }

    @Test(arguments: [
        (
            "poll_imap_expunge: all",
            "each poll removes all mail from the INBOX of its test account, whoever it is for;"
                + " `yes` removes dovemon's test messages alone"
        ),
        (
            "poll_pop3_delete: all",
            "each poll removes all mail of its test account, whoever it is for;"
                + " `yes` removes dovemon's test messages alone"
        ),
        (
            "poll_imap_append: yes",
            "test messages are written and never removed: see poll_imap_expunge and poll_pop3_delete"
        ),
        (
            "poll_lmtp_deliver: yes",
            "test messages are written and never removed: see poll_imap_expunge and poll_pop3_delete"
        ),
        ("ssl_verify: yes", "nothing is polled with TLS, and so no certificate looked at: see imap_ssl and its kin"),
        ("haproxy: [imap, sieve, submission]", "not polled: sieve, submission"),
        ("poll_ports: 993", "993 without /ssl: servers speak TLS there from the first byte on"),
        (
            "poll_ports: [993, 465, 995, imap:465, 143, 993/ssl]",
            "993, 465, 995 without /ssl: servers speak TLS there from the first byte on"
        ),
    ])
    func whatHasConsequencesIsAdvisedAboutAndDone(line: String, advice: String) {
        let loaded = read("poll_pop3: yes\npoll_lmtp: yes\n" + line + "\n")
        let name = line.prefix { $0 != ":" }
        #expect(loaded.diagnostics.map(\.description) == ["c:3:1: advice: \(name): \(advice)"])
        #expect(loaded.diagnostics.map(\.severity) == [.advice])
        #expect(loaded.value != nil)
    }

    @Test func aDelayedDownThatIsNeverSentIsAdvisedAbout() {
        let advice = "no HOST-DOWN is ever sent: the backend that it is for counts among those of delayed_down_limit"
        #expect(
            complaints("delayed_down_limit: 0\nuse_delayed_down: yes\n") == [
                "c:2:1: advice: use_delayed_down: \(advice)"
            ])
        #expect(complaints("delayed_down_limit: 0\n") == [])
        #expect(complaints("use_delayed_down: yes\n") == [])
    }

    @Test(arguments: [
        ("timeout: 2.499999999", true), ("timeout: 2.5", false), ("timeout: 0", false), ("", false),
        ("poll_imap: no\npoll_lmtp: yes\ntimeout: 1", false), ("poll_imap: no\npoll_ports: [25]\ntimeout: 1", false),
        ("poll_imap: no\npoll_lmtp: yes\npoll_ports: [pop3:995/ssl]\ntimeout: 1", true),
        ("poll_imap: no\npoll_submission: yes\ntimeout: 1", true), ("poll_imap: no\npoll_sieve: yes\ntimeout: 1", true),
    ])
    func aTimeoutThatIsTooShortForARefusedLoginIsAdvisedAgainst(text: String, isAdvised: Bool) {
        let loaded = read(text + "\n")
        #expect(loaded.value != nil)
        #expect(loaded.diagnostics.map(\.severity) == (isAdvised ? [.advice] : []))
        #expect(
            loaded.diagnostics.allSatisfy { $0.description.contains("Dovecot answers a wrong password only after 2") })
    }

    @Test func whatIsRemovedAgainNeedsNoAdvice() {
        #expect(complaints("poll_imap_append: yes\npoll_imap_expunge: yes\n") == [])
        #expect(complaints("poll_lmtp: yes\npoll_lmtp_deliver: yes\npoll_pop3: yes\npoll_pop3_delete: yes\n") == [])
        #expect(complaints("poll_lmtp: yes\npoll_lmtp_deliver: yes\npoll_ports: 110\npoll_pop3_delete: yes\n") == [])
    }

    @Test(arguments: [
        "poll_lmtp: yes\npoll_lmtp_deliver: yes\npoll_pop3_delete: yes",
        "poll_pop3: yes\npoll_imap: no\npoll_imap_expunge: yes\npoll_ports: 24\npoll_lmtp_deliver: yes",
        "poll_imap: no\npoll_pop3: yes\npoll_ports: 143\npoll_imap_append: yes",
    ])
    func whatIsRemovedByAPollThatIsNotMadeIsNot(text: String) {
        #expect(complaints(text + "\n").count { $0.contains("never removed") } == 1)
    }

    @Test(arguments: [
        "poll_imap_expunge: all", "poll_imap_append: yes", "poll_pop3_delete: all", "poll_lmtp_deliver: yes",
    ])
    func whatIsNotPolledNeedsNoAdvice(line: String) {
        #expect(complaints("poll_imap: no\npoll_sieve: yes\n\(line)\n") == [])
    }

    @Test func sentinelsWithoutIMAPAreAdvisedAbout() {
        let advice = "c:3:1: advice: sentinel: there is none without a poll of IMAP: see poll_imap"
        #expect(complaints("poll_imap: no\npoll_pop3: yes\nsentinel: yes\n") == [advice])
    }

    @Test(arguments: [
        "sentinel: yes", "sentinel: yes\npoll_imap: no\npoll_ports: [imap:143]", "haproxy: yes", "haproxy: [imap]",
        "ssl_verify: yes\nimap_ssl: starttls", "poll_ports: [banner:993]",
    ])
    func whatHasSomethingToBeAboutNeedsNoAdvice(text: String) {
        #expect(complaints(text + "\n") == [])
    }

    @Test func aNumberThatNobodyWroteIsNobodysMistake() {
        for (rounds, needed) in [(1, 1), (5, 5), (7, 7), (10, 7), (0, 7)] {
            let loaded = read("rapid_rounds: \(rounds)\n")
            #expect(loaded.value?.rapidFailuresNeeded == needed)
            #expect(loaded.diagnostics == [])
        }
        #expect(
            complaints("rapid_fails_needed: 7\nrapid_rounds: 5\n") == [
                "c:2:1: rapid_rounds: 7 of 5 rapid polls cannot fail,"
                    + " accepted: a rapid_fails_needed of at most rapid_rounds, or rapid_rounds: 0"
            ])
    }

    @Test func whatCountsAtAStartAloneIsNamedWhenItHasChanged() {
        var started = Settings()
        started.lockfile = "/a"
        var settings = started
        settings.interval = .seconds(1)
        #expect(settings.waitingForStart(since: started) == [])
        settings.logsToStandardOutput = true
        settings.lockfile = nil
        #expect(settings.waitingForStart(since: started) == ["debug", "lockfile"])
    }
}
