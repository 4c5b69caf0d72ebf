import Settings
import Site
import Testing

@Suite struct EffectiveConfigurationTests {
    private func documents(_ settings: Settings, _ accounts: Accounts) throws -> (settings: String, accounts: String) {
        let text = effectiveConfiguration(settings, accounts)
        let parts = text.split(separator: "---\n", maxSplits: 1).map(String.init)
        return (try #require(parts.first), try #require(parts.last))
    }

    @Test func whatIsPrintedIsReadAgain() throws {
        let text = """
            loglevel: 0
            syslog_facility: cron
            logger_socket_addr: /run/log
            log_format: json
            debug: yes
            use_host_flush: yes
            host_move_parallel: 5
            dry_run: yes
            retry_interval: 0.5
            timeout_growth: yes
            up_count: 3
            max_polls: 77
            sentinel: yes
            rapid_rounds: 10
            rapid_fails_needed: 10
            rapidpoll_timeout: 0
            use_delayed_down: yes
            delayed_down_delay: 0
            delayed_down_limit: 7
            min_healthy: 33%
            auth_failure: alert
            relay_failure: down
            up_policy: own
            war_hold: 30
            flap_limit: 3
            flap_window: 900
            flap_hold: 30
            slow_start: 300
            slow_start_steps: 7
            state_file: /tmp/s
            auth: sasl
            poll_unknown_backends: no
            poll_imap_select: yes
            poll_imap_append: yes
            poll_imap_expunge: yes
            poll_pop3_stat: yes
            poll_pop3_delete: yes
            poll_lmtp_rcpt: yes
            poll_lmtp_deliver: yes
            poll_lmtp_from: "#x@example.com"
            poll_sieve: yes
            sieve_ssl: starttls
            sieve_port: 6
            poll_submission: yes
            submission_ssl: starttls
            submission_port: 7
            poll_ports: [2525, pop3:10995/ssl, IMAP:10143, 993/SSL, banner:143]
            haproxy: [imap, lmtp]
            ssl_verify: yes
            ssl_ca_file: /etc/ca.pem
            ssl_server_name: "%{ptr}"
            ssl_min_protocol: TLSv1.1
            ssl_expiry_warning: 0
            ssl_resume: no
            http_listen: [127.0.0.1:9393, "[::1]:9393"]
            http_allow: [10.2.0.0/16, "2001:db8::/32", 192.0.2.1]
            http_names: Monitoring.example.com
            lockfile: /run/d.pid
            beupdatescript: "/usr/bin/a b"
            beupdatescript_timeout: 1.5
            control_socket: /tmp/c
            director_admin_socket: "/tmp/ä: #\\"\\\\\\t'"
            interval: 0.000000001
            timeout: 12.25
            retry_count: 0
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
            lmtp_port: 5

            """
        let settings = try #require(Settings.read(Array(text.utf8), file: "c").value)
        let printed = try documents(settings, Accounts()).settings
        #expect(Settings.read(Array(printed.utf8), file: "c") == .read(settings, from: "c", warnings: []))
        let differing = Setting.table.filter { $0.value(in: settings) == $0.defaultValue }
        #expect(differing.map(\.name) == [])
    }

    @Test func everySettingIsPrintedInTheTablesOrder() throws {
        let lines = try documents(Settings(), Accounts()).settings.split(separator: "\n")
        #expect(lines.map(String.init) == Setting.table.map { "\($0.name): \($0.defaultValue)" })
        #expect(lines.first == "loglevel: 4")
        #expect(lines.contains("director_admin_socket: /var/run/dovecot/director-admin"))
        #expect(lines.contains("interval: 10"))
    }

    @Test func passwordsAreHidden() throws {
        let first = try #require(IPAddress("10.2.2.75"))
        let second = try #require(IPAddress("2001:db8::1"))
        let accounts = Accounts([
            first: Account(username: "user0001", password: Password("tosivaikeasalasana")),
            second: Account(username: "yes\u{202E}", password: Password("tosivaikeasalasana")),
        ])
        let printed = try documents(Settings(), accounts).accounts
        #expect(
            printed == """
                10.2.2.75:
                  username: user0001
                  password: "[password]"
                "2001:db8::1":
                  username: "yes\\U0000202e"
                  password: "[password]"

                """)
        let names = Accounts.read(Array(printed.utf8), file: "a").value?.map(\.account.username)
        #expect(names == ["user0001", "yes\u{202E}"])
    }

    @Test func withoutAccountsTheSecondDocumentIsEmpty() throws {
        let printed = try documents(Settings(), Accounts()).accounts
        #expect(Accounts.read(Array(printed.utf8), file: "a") == .read(Accounts(), from: "a", warnings: []))
    }
}
