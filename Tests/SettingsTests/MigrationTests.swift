import Settings
import Testing

@Suite struct MigrationTests {
    /// All settings of the original that are known, from the seed and the later manual.
    static let ofTheOriginal = [
        "loglevel", "syslog_facility", "logger_socket_addr", "debug", "lockfile", "director_admin_socket", "auth",
        "interval", "timeout", "retry_count", "rapid_rounds", "rapid_fails_needed", "rapidpoll_timeout", "poll_imap",
        "imap_ssl", "imap_port", "imaps_port", "poll_imap_list", "poll_imap_select", "poll_imap_append",
        "poll_imap_expunge", "poll_pop3", "pop3_ssl", "pop3_port", "pop3s_port", "poll_pop3_stat", "poll_pop3_delete",
        "poll_lmtp", "lmtp_ssl", "lmtp_port", "poll_lmtp_deliver", "poll_unknown_backends", "use_host_flush",
        "use_delayed_down", "delayed_down_delay", "delayed_down_limit", "beupdatescript",
    ]

    static let ofPoolmon = [
        "-p`, `--port", "-s`, `--ssl", "-v`, `--ssl-verify", "-c`, `--credfile", "--lmtp-from", "--lmtp-to",
        "-i`, `--interval", "-t`, `--timeout", "-S`, `--socket", "-l`, `--logfile", "-k`, `--lockfile", "-d`, `--debug",
        "-f`, `--foreground", "-n`, `--dry-run", "-h`, `--help",
    ]

    @Test func everySettingOfTheOriginalHasItsRowAndIsHere() throws {
        let rows = try Repository.text(of: "docs/migration.md").split(separator: "\n")
        for name in Self.ofTheOriginal {
            #expect(rows.filter { $0.hasPrefix("| `\(name)` | ") && $0.count > name.count + 12 }.count == 1, "\(name)")
            #expect(Setting.table.contains { $0.name == name }, "\(name)")
        }
    }

    @Test func everyOptionOfPoolmonHasItsRow() throws {
        let rows = try Repository.text(of: "docs/migration.md").split(separator: "\n")
        for option in Self.ofPoolmon {
            #expect(rows.filter { $0.hasPrefix("| `\(option)` | ") }.count == 1, "\(option)")
        }
    }

    /// A setting that the table of the migration names is one that there is.
    @Test func whatTheTablesNameIsThere() throws {
        let text = try Repository.text(of: "docs/migration.md")
        let names = Set(Setting.table.map(\.name))
        let words = text.matches(of: /`([a-z0-9]+(?:_[a-z0-9]+)+)[`:]/).map { String($0.output.1) }
        #expect(words.count > 50)
        let others: Set = ["lmtp_address", "login_trusted_networks"]
        #expect(words.filter { !names.contains($0) && !others.contains($0) } == [])
    }
}
