import DirectorAdmin
import Monitor
import Probes
import Settings
import Site
import Testing

private func policy(_ text: String, _ accounts: String = "") throws -> Policy {
    let settings = try #require(Settings.read(Array(text.utf8), file: "c").value, "\(text)")
    let accounts = try #require(Accounts.read(Array(accounts.utf8), file: "a").value)
    return Policy(settings, accounts, clientName: "here")
}

/// A line of the configuration, the lines that it needs, and what it is to change.
struct Effect: CustomTestStringConvertible, Sendable {
    let line: String
    let context: String
    let apply: @Sendable (inout Policy) -> Void

    init(_ line: String, with context: String = "", _ apply: @escaping @Sendable (inout Policy) -> Void) {
        self.line = line
        self.context = context
        self.apply = apply
    }

    var testDescription: String { line }
    var name: String { String(line.prefix { $0 != ":" }) }
}

@Suite struct PolicySettingsTests {
    static let effects: [Effect] = [
        Effect("director_admin_socket: /run/d") { $0.options.instance = "d37c17c4" },
        Effect("use_host_flush: yes") { $0.deciding.flushes = true },
        Effect("host_move_parallel: 7") { $0.deciding.parallelMoves = 7 },
        Effect("dry_run: yes") { $0.isDryRun = true },
        Effect("interval: 20") { $0.interval = .seconds(20) },
        Effect("timeout: 0") { $0.timeout = .seconds(60) },
        Effect("timeout: 4") { $0.timeout = .seconds(4) },
        Effect("retry_count: 5") { $0.failuresNeeded = 5 },
        Effect("retry_interval: 0.5") { $0.deciding.retryInterval = .milliseconds(500) },
        Effect("timeout_growth: yes") { $0.deciding.timeoutGrows = true },
        Effect("timeout: 0", with: "timeout_growth: yes") {
            $0.timeout = .seconds(60)
            $0.deciding.timeoutGrows = false
        },
        Effect("up_count: 2") { $0.deciding.goodRoundsNeeded = 2 },
        Effect("max_polls: 7") { $0.openPollLimit = 7 },
        Effect("sentinel: yes") { $0.keepsSentinels = true },
        Effect("rapid_rounds: 10") { $0.deciding.rapidRounds = 10 },
        Effect("rapid_fails_needed: 3") { $0.deciding.rapidFailuresNeeded = 3 },
        Effect("rapidpoll_timeout: 1") { $0.deciding.rapidTimeout = .seconds(1) },
        Effect("rapidpoll_timeout: 0") { $0.deciding.rapidTimeout = .seconds(60) },
        Effect("use_delayed_down: yes") { $0.deciding.delayedDown = .init(delay: .seconds(120), limit: 2) },
        Effect("delayed_down_delay: 9", with: "use_delayed_down: yes") { $0.deciding.delayedDown?.delay = .seconds(9) },
        Effect("delayed_down_limit: 0", with: "use_delayed_down: yes") { $0.deciding.delayedDown?.limit = 0 },
        Effect("min_healthy: 1") { $0.deciding.minHealthy = .count(1) },
        Effect("min_healthy: 50%") { $0.deciding.minHealthy = .percent(50) },
        Effect("auth_failure: alert") { $0.deciding.rejection.account = .warning },
        Effect("relay_failure: down") { $0.deciding.rejection.relay = .fault },
        Effect("up_policy: own") { $0.deciding.raising.ownOnly = true },
        Effect("war_hold: 60") { $0.deciding.raising.warHold = .seconds(60) },
        Effect("flap_limit: 3") { $0.deciding.raising.flapLimit = 3 },
        Effect("flap_window: 60") { $0.deciding.raising.flapWindow = .seconds(60) },
        Effect("flap_hold: 60") { $0.deciding.raising.flapHold = .seconds(60) },
        Effect("slow_start: 300") { $0.deciding.slowStart = SlowStart(duration: .seconds(300), steps: 5) },
        Effect("slow_start_steps: 3", with: "slow_start: 60") {
            $0.deciding.slowStart = SlowStart(duration: .seconds(60), steps: 3)
        },
        Effect("state_file: ''") { $0.hasStateFile = false },
        Effect("poll_unknown_backends: no") { $0.pollsUnknownBackends = false },
        Effect("poll_imap: no", with: "poll_pop3: yes") { $0.services = [pop3] },
        Effect("imap_ssl: yes") { $0.services = [Service(.imap, port: 993, tls: .implicit)] },
        Effect("imap_ssl: starttls") { $0.services = [Service(.imap, port: 143, tls: .starttls)] },
        Effect("imap_port: 1143") { $0.services = [Service(.imap, port: 1143)] },
        Effect("imaps_port: 1993", with: "imap_ssl: yes") {
            $0.services = [Service(.imap, port: 1993, tls: .implicit)]
        },
        Effect("poll_imap_list: no") { $0.options.imap.lists = false },
        Effect("poll_imap_select: yes") { $0.options.imap.selects = true },
        Effect("poll_imap_append: yes") { $0.options.imap.appends = true },
        Effect("poll_imap_expunge: yes") { $0.options.imap = IMAPChecks(selects: true, removal: .marked) },
        Effect("poll_imap_expunge: all") { $0.options.imap = IMAPChecks(selects: true, removal: .all) },
        Effect("poll_pop3: yes") { $0.services.append(pop3) },
        Effect("pop3_ssl: yes", with: "poll_pop3: yes") {
            $0.services[1] = Service(.pop3, port: 995, tls: .implicit)
        },
        Effect("pop3_ssl: starttls", with: "poll_pop3: yes") {
            $0.services[1] = Service(.pop3, port: 110, tls: .starttls)
        },
        Effect("pop3_port: 1110", with: "poll_pop3: yes") { $0.services[1] = Service(.pop3, port: 1110) },
        Effect("pop3s_port: 1995", with: "{poll_pop3: yes, pop3_ssl: yes}") {
            $0.services[1] = Service(.pop3, port: 1995, tls: .implicit)
        },
        Effect("poll_pop3_stat: yes") { $0.options.pop3.stats = true },
        Effect("poll_pop3_delete: yes") { $0.options.pop3 = POP3Checks(stats: true, removal: .marked) },
        Effect("poll_pop3_delete: all") { $0.options.pop3 = POP3Checks(stats: true, removal: .all) },
        Effect("poll_lmtp: yes") { $0.services.append(lmtp) },
        Effect("lmtp_ssl: yes", with: "poll_lmtp: yes") { $0.services[1] = Service(.lmtp, port: 24, tls: .implicit) },
        Effect("lmtp_ssl: starttls", with: "poll_lmtp: yes") {
            $0.services[1] = Service(.lmtp, port: 24, tls: .starttls)
        },
        Effect("lmtp_port: 1024", with: "poll_lmtp: yes") { $0.services[1] = Service(.lmtp, port: 1024) },
        Effect("poll_lmtp_rcpt: yes") { $0.options.lmtp.tests = true },
        Effect("poll_lmtp_deliver: yes") { $0.options.lmtp.delivers = true },
        Effect("poll_lmtp_from: a@b.c") { $0.options.lmtp.from = "a@b.c" },
        Effect("poll_sieve: yes") { $0.services.append(Service(.sieve, port: 4190)) },
        Effect("sieve_ssl: yes", with: "poll_sieve: yes") {
            $0.services[1] = Service(.sieve, port: 4190, tls: .implicit)
        },
        Effect("sieve_port: 2000", with: "poll_sieve: yes") { $0.services[1] = Service(.sieve, port: 2000) },
        Effect("poll_submission: yes") { $0.services.append(Service(.submission, port: 587)) },
        Effect("submission_ssl: starttls", with: "poll_submission: yes") {
            $0.services[1] = Service(.submission, port: 587, tls: .starttls)
        },
        Effect("submission_port: 465", with: "poll_submission: yes") {
            $0.services[1] = Service(.submission, port: 465)
        },
        Effect("poll_ports: [25, imap:143, pop3:1995/ssl]") {
            $0.services += [Service(.banner, port: 25), Service(.pop3, port: 1995, tls: .implicit)]
        },
        Effect("haproxy: yes") { $0.options.proxied = Set(MailProtocol.allCases) },
        Effect("haproxy: [imap, lmtp]") { $0.options.proxied = [.imap, .lmtp] },
        Effect("ssl_verify: yes") { $0.options.tls.verifies = true },
        Effect("ssl_ca_file: /etc/ca.pem") { $0.options.tls.authorities = "/etc/ca.pem" },
        Effect("ssl_server_name: mail.example.com") { $0.options.tls.serverName = .name("mail.example.com") },
        Effect("ssl_server_name: '%{ptr}'") { $0.options.tls.serverName = .pointer },
        Effect("ssl_min_protocol: TLSv1.3") { $0.options.tls.minimumVersion = .tls13 },
        Effect("ssl_expiry_warning: 30") { $0.options.tls.expiryWarning = 30 },
        Effect("ssl_resume: no") { $0.options.tls.resumes = false },
    ]

    /// Settings that the monitor has nothing to do with, but the program around it.
    static let ofTheProgram: Set = [
        "loglevel", "syslog_facility", "logger_socket_addr", "log_format", "debug", "lockfile", "beupdatescript",
        "beupdatescript_timeout", "control_socket", "http_listen", "http_allow", "http_names",
    ]

    @Test(arguments: effects) func `a setting changes what it is for and nothing else`(effect: Effect) throws {
        // One mapping in brackets, or a line a setting.
        let context = effect.context.hasPrefix("{") ? String(effect.context.dropFirst().dropLast()) : effect.context
        let lines = context.split(separator: ", ").map { "\($0)\n" }.joined()
        let before = try policy(lines)
        var expected = before
        effect.apply(&expected)
        let after = try policy("\(lines)\(effect.line)\n")
        #expect(dumped(after) == dumped(expected))
        #expect(dumped(after) != dumped(before))
    }

    @Test func `no setting is left out of the test above`() {
        let tested = Set(Self.effects.map(\.name)).union(Self.ofTheProgram).union(["auth"])
        #expect(Setting.table.map(\.name).filter { !tested.contains($0) } == [])
    }

    @Test func `without a line everything is as the seed has it`() throws {
        let policy = try policy("")
        #expect(policy.services == [imap])
        #expect(policy.options.clientName == "here")
        #expect(policy.options.instance == "9f653553")
        #expect(policy.options.imap == IMAPChecks() && policy.options.pop3 == POP3Checks())
        #expect(
            policy.options.lmtp == LMTPChecks() && policy.options.tls == TLSChecks(expiryWarning: 14, resumes: true))
        #expect(policy.deciding == Deciding())
    }

    static let accounts = """
        10.0.0.1: {username: u1, password: p, masteruser: m, lmtp_address: a@b.c, ssl_server_name: n.example}
        default: {username: u2, password: p, masteruser: m}
        """

    @Test func `the master user logs in with sasl alone`() throws {
        let own = try #require(IPAddress("10.0.0.1"))
        let other = try #require(IPAddress("10.0.0.2"))
        let sasl = try policy("auth: sasl\n", Self.accounts)
        #expect(
            sasl.account(of: own)
                == Account(
                    username: "u1", password: Password("p"), masterUser: "m", lmtpAddress: "a@b.c",
                    serverName: .name("n.example")))
        #expect(sasl.account(of: other) == Account(username: "u2", password: Password("p"), masterUser: "m"))
        let plain = try policy("", Self.accounts)
        #expect(plain.account(of: own)?.masterUser == nil && plain.account(of: own)?.lmtpAddress == "a@b.c")
        #expect(plain.account(of: other) == Account(username: "u2", password: Password("p")))
    }

    private func dumped(_ policy: Policy) -> String {
        // Sets have no order of their own.
        var policy = policy
        let proxied = policy.options.proxied.map(\.rawValue).sorted()
        policy.options.proxied = []
        // By the plan, which is what polls go by.
        let plan = policy.plan(for: row(1).address, imap)
        return "\(policy) \(plan.options) \(proxied)"
    }
}
