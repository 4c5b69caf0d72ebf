import Settings
import Site
import Testing

private func read(_ text: String) -> Loaded<Settings> { Settings.read(Array(text.utf8), file: "config.yml") }

private func complaints(_ text: String) -> [String] { read(text).diagnostics.map(\.description) }

@Suite struct SettingsFileTests {
    @Test(arguments: ["", "# nothing but a comment\n", "---\n", "{}\n"])
    func anEmptyFileIsAllDefaults(text: String) {
        #expect(read(text) == .read(Settings(), from: "config.yml", warnings: []))
    }

    @Test func theSeedsExampleIsReadAsItSays() throws {
        let settings = try #require(
            read(
                """
                loglevel: 4
                syslog_facility: local5
                director_admin_socket: /var/run/dovecot/director-admin
                poll_imap: yes
                poll_pop3: no
                poll_lmtp: no
                imap_ssl: no
                pop3_ssl: no
                lmtp_ssl: no
                interval: 10
                timeout: 3
                retry_count: 3
                """
            ).value)
        var expected = Settings()
        expected.syslogFacility = .local5
        #expect(settings == expected)
        #expect(settings.services == [Service(.imap, port: 143)])
    }

    @Test func everySettingReachesItsField() throws {
        let settings = try #require(
            read(
                """
                loglevel: 0
                syslog_facility: 'authpriv'
                director_admin_socket: "/run/a b"
                interval: 0.25
                timeout: 2
                retry_count: 7
                poll_imap: no
                imap_ssl: yes
                imap_port: 1
                imaps_port: 2
                poll_imap_list: no
                poll_pop3: yes
                pop3_ssl: yes
                pop3_port: 3
                pop3s_port: 4
                poll_lmtp: yes
                lmtp_ssl: yes
                lmtp_port: 65535
                """
            ).value)
        #expect(settings.logLevel == 0)
        #expect(settings.syslogFacility == .authpriv)
        #expect(settings.directorAdminSocket == "/run/a b")
        #expect(settings.interval == .milliseconds(250))
        #expect(settings.timeout == .seconds(2))
        #expect(settings.retryCount == 7)
        #expect(!settings.imap.isPolled && !settings.pollIMAPList)
        #expect(settings.imap.tls == .implicit && settings.imap.port == 1 && settings.imap.implicitTLSPort == 2)
        #expect(settings.pop3.port == 3)
        #expect(
            settings.services == [
                Service(.pop3, port: 4, tls: .implicit), Service(.lmtp, port: 65_535, tls: .implicit),
            ])
    }

    @Test func allYAMLBooleansAreRead() {
        for word in ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"] {
            #expect(read("poll_pop3: \(word)\n").value?.pop3.isPolled == true)
        }
        for word in ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"] {
            #expect(read("poll_imap_list: \(word)\n").value?.pollIMAPList == false)
        }
    }

    @Test(arguments: [
        ("0", Duration.zero), ("10", .seconds(10)), ("0.5", .milliseconds(500)), (".5", .milliseconds(500)),
        ("5.", .seconds(5)), ("+5", .seconds(5)), ("0.000000001", .nanoseconds(1)),
        ("1.5000000000000", .milliseconds(1500)),
        ("-0", .zero), ("86400", .seconds(86_400)),
    ])
    func secondsAreReadExactly(text: String, expected: Duration) {
        #expect(read("interval: \(text)\n").value?.interval == expected)
    }

    @Test func noTimeoutIsAMinuteAndNoRetryIsOneFailure() {
        #expect(read("timeout: 0\n").value?.effectiveTimeout == .seconds(60))
        #expect(read("timeout: 61\n").value?.effectiveTimeout == .seconds(61))
        #expect(read("retry_count: 0\n").value?.failuresNeeded == 1)
        #expect(read("retry_count: 1\n").value?.failuresNeeded == 1)
        #expect(read("retry_count: 2\n").value?.failuresNeeded == 2)
    }

    @Test(arguments: [
        ("yes", "\"yes\" is not a number"), ("'10'", "\"10\" is a text, being in quotes or a block"),
        ("-1", "\"-1\" is out of range"), ("-0.5", "\"-0.5\" is out of range"),
        ("86400.1", "\"86400.1\" is out of range"),
        ("99999999999999999999", "\"99999999999999999999\" is out of range"), ("1e400", "\"1e400\" is not a number"),
        (".inf", "\".inf\" is not a number"), (".nan", "\".nan\" is not a number"),
        ("0x10", "\"0x10\" is not a number"),
        ("1_000", "\"1_000\" is not a number"), ("1:30", "\"1:30\" is not a number"), (".", "\".\" is not a number"),
        ("+", "\"+\" is not a number"), ("٣", "\"٣\" is not a number"), ("1.2.3", "\"1.2.3\" is not a number"),
        ("010", "\"010\" begins with a zero, which makes it octal in YAML 1.1"),
        ("0.0000000001", "\"0.0000000001\" has more than nine decimals"), ("[1]", "a list instead of a value"),
        ("{a: 1}", "a mapping instead of a value"), ("~", "no value"), ("null", "no value"),
    ])
    func aWrongTimeIsNamed(text: String, wrong: String) {
        #expect(
            complaints("interval: \(text)\n") == [
                "config.yml:1:11: interval: \(wrong), accepted: a number from 0 to 86400, such as 10 or 0.5"
            ])
    }

    @Test(arguments: [
        ("loglevel: 10", 11, "loglevel: \"10\" is out of range, accepted: a whole number from 0 to 9"),
        ("loglevel: 1.5", 11, "loglevel: \"1.5\" is not whole, accepted: a whole number from 0 to 9"),
        ("imap_port: 0", 12, "imap_port: \"0\" is out of range, accepted: a whole number from 1 to 65535"),
        ("imaps_port: 65536", 13, "imaps_port: \"65536\" is out of range, accepted: a whole number from 1 to 65535"),
        (
            "retry_count: 9223372036854775808", 14,
            "retry_count: \"9223372036854775808\" is out of range, accepted: a whole number from 0 to 1000"
        ),
        ("poll_pop3: maybe", 12, "poll_pop3: \"maybe\" is neither yes nor no, accepted: yes or no"),
        (
            "poll_pop3: \"yes\"", 12,
            "poll_pop3: \"yes\" is a text, being in quotes or a block, accepted: yes or no"
        ),
        ("imap_ssl: 1", 11, "imap_ssl: \"1\" is neither yes, no nor starttls, accepted: yes, no or starttls"),
        ("imap_ssl:", 1, "imap_ssl: no value, accepted: yes, no or starttls"),
        (
            "syslog_facility: local8", 18,
            "syslog_facility: \"local8\" is none of the names, accepted: kern, user, mail, daemon, auth, syslog, lpr,"
                + " news, uucp, cron, authpriv, ftp, local0, local1, local2, local3, local4, local5, local6, local7"
        ),
        (
            "director_admin_socket: director-admin", 24,
            "director_admin_socket: \"director-admin\" is no absolute path,"
                + " accepted: an absolute path of at most 107 bytes"
        ),
        (
            "director_admin_socket: \"/a\\0b\"", 24,
            "director_admin_socket: a path with a NUL in it, accepted: an absolute path of at most 107 bytes"
        ),
        (
            "director_admin_socket: /" + String(repeating: "a", count: 107), 24,
            "director_admin_socket: a path of 108 bytes, accepted: an absolute path of at most 107 bytes"
        ),
        (
            "poll_imap: no", 1,
            "poll_imap: nothing is polled, accepted: yes for at least one of poll_imap, poll_pop3, poll_lmtp,"
                + " poll_sieve, poll_submission, or a port in poll_ports"
        ),
    ])
    func aWrongValueIsNamed(line: String, column: Int, complaint: String) {
        #expect(complaints("# a comment\n" + line + "\n") == ["config.yml:2:\(column): \(complaint)"])
    }

    @Test func whoReadsItMayHaveRulesOfTheirOwn() {
        let rule = SettingsRule(names: ["interval"], accepted: "an interval of 5") { settings in
            settings.interval == .seconds(5) ? nil : "it is not 5"
        }
        func complaints(_ text: String) -> [String] {
            Settings.read(Array(text.utf8), file: "c", rules: [rule]).diagnostics.map(\.description)
        }
        #expect(complaints("interval: 5\n") == [])
        #expect(
            complaints("loglevel: 1\ninterval: 6\n") == ["c:2:1: interval: it is not 5, accepted: an interval of 5"])
        #expect(complaints("interval: 0.5 s\n").count == 1)
    }

    @Test func aKeyThatComesTwiceIsAMistake() {
        #expect(
            complaints("interval: 1\ntimeout: 3\ninterval: 1\n") == [
                "config.yml:3:1: interval: set a second time, first in line 1, accepted: one value"
            ])
    }

    @Test func anUnknownKeyIsAWarningWithTheNearestKnownOne() {
        let loaded = read("logelevel: 4\ndebugging: yes\nPoll-IMAP: no\nretry_count: 1\n")
        #expect(
            loaded.diagnostics.map(\.description) == [
                "config.yml:1:1: warning: logelevel: unknown setting, ignored, did you mean loglevel?",
                "config.yml:2:1: warning: debugging: unknown setting, ignored, docs/configuration.md has them all",
                "config.yml:3:1: warning: Poll-IMAP: unknown setting, ignored, did you mean poll_imap?",
            ])
        #expect(loaded.value?.retryCount == 1)
    }

    @Test func allMistakesAreListedInTheFilesOrder() {
        #expect(
            complaints(
                """
                poll_imap: no
                interval: ten
                intervall: 1
                imap_port: &p 143
                timeout: -1
                interval: 3
                loglevel: [1
                """
            ) == [
                "config.yml:2:11: interval: \"ten\" is not a number,"
                    + " accepted: a number from 0 to 86400, such as 10 or 0.5",
                "config.yml:3:1: warning: intervall: unknown setting, ignored, did you mean interval?",
                "config.yml:4:12: an anchor (&), accepted: the value itself, in quotes where it begins with &",
                "config.yml:5:10: timeout: \"-1\" is out of range, accepted: a number from 0 to 3600, such as 10 or 0.5",
                "config.yml:6:1: interval: set a second time, first in line 2, accepted: one value",
                "config.yml:7:11: loglevel: a list instead of a value, accepted: a whole number from 0 to 9",
                "config.yml:8:1: the bracket of line 7, column 11 is not closed here,"
                    + " accepted: a comma or the closing bracket; text with brackets or commas in it quoted",
            ])
    }

    @Test func thousandsOfMistakesAreCountedAndNotListed() {
        let text = (1...1_000).map { "[\($0)]: 1\n" }.joined()
        let all = complaints(text)
        #expect(all.count == 201)
        #expect(all.last == "config.yml: 800 more are not listed, mend the ones above first")
    }

    @Test func foreignTextIsShownSafelyAndShortened() {
        let text = "interval: \"\\e[2J\(String(repeating: "x", count: 100))\"\n\"a\\nb\": 1\n"
        let all = complaints(text)
        #expect(all.count == 2)
        #expect(all.allSatisfy { $0.utf8.count < 200 && $0.unicodeScalars.allSatisfy { $0.value >= 0x20 } })
        #expect(all.last?.contains("2:1: warning: a\\nb: unknown setting, ignored") == true)
    }

    @Test func syslogFacilitiesHaveTheirNumbers() {
        #expect(SyslogFacility.allCases.map(\.code) == Array(0...11) + Array(16...23))
    }
}
