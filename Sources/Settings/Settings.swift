package import Site

/// What `config.yml` says. Without a file everything has its default, as `Settings()` has.
///
/// Each field has its row in `Setting.table`, which says how it is written in the file.
package struct Settings: Equatable, Sendable {
    /// The least that is logged: 0 info, 1 warning, 2 error, 3 and more debug.
    package var logLevel = 4
    /// The facility of the log lines.
    package var syslogFacility = SyslogFacility.mail
    /// The path of the log daemon's socket.
    package var loggerSocket = "/dev/log"
    /// How the log is written.
    package var logFormat = LogFormat.text
    /// Whether the log goes to standard output.
    package var logsToStandardOutput = false

    /// The path of the director's director-admin socket.
    package var directorAdminSocket = "/var/run/dovecot/director-admin"
    /// HOST-FLUSH after HOST-DOWN instead of HOST-RESET-USERS.
    package var usesHostFlush = false
    /// How many users are moved at once; nil for the director's own number.
    package var parallelMoves: Int?
    /// Log what would be commanded instead of commanding it.
    package var isDryRun = false

    /// From the start of a backend's poll to the start of the next; zero means as soon as the last one has ended.
    package var interval = Duration.seconds(10)
    /// As the file has it, zero for no limit; `effectiveTimeout` is what to go by.
    package var timeout = Duration.seconds(3)
    /// As the file has it; `failuresNeeded` is what to go by.
    package var retryCount = 3
    /// From the start of a failed poll to the start of the next; nil for the interval.
    package var retryInterval: Duration?
    /// Whether a poll after one that timed out may take longer.
    package var timeoutGrows = false
    /// How many good rounds in a row HOST-UP needs, at least 1.
    package var upCount = 1
    /// How many polls may be under way at once; nil for as many as there are descriptors for.
    package var maxPolls: Int?
    /// Whether an idle connection is kept to each backend between polls.
    package var keepsSentinels = false

    /// How many polls without a pause follow the last failure that is needed; 0 for none.
    package var rapidRounds = 0
    /// How many of these have to fail, at least 1.
    package var rapidFailuresNeeded = 7
    /// As the file has it, zero for no limit; `effectiveRapidTimeout` is what to go by.
    package var rapidTimeout = Duration.seconds(2)
    /// Whether HOST-DOWN is put off.
    package var delaysDown = false
    /// How long it is put off.
    package var delayedDownDelay = Duration.seconds(120)
    /// When more backends than this are down or about to be, it is only logged.
    package var delayedDownLimit = 2

    /// How many healthy backends of a tag a HOST-DOWN has to leave.
    package var minHealthy = MinHealthy.off
    /// Whether a rejected test account counts against the backend.
    package var accountRule = DoubtfulFailure.down
    /// Whether the trouble of a submission server's relay counts against the backend.
    package var relayRule = DoubtfulFailure.alert
    /// Which backends get HOST-UP.
    package var upPolicy = UpPolicy.any
    /// How long a backend is left to those that took it down again.
    package var warHold = Duration.seconds(600)
    /// How many downs within `flapWindow` are flapping; 0 for never.
    package var flapLimit = 0
    /// See `flapLimit`.
    package var flapWindow = Duration.seconds(600)
    /// How long a flapping backend has to poll well before HOST-UP.
    package var flapHold = Duration.seconds(120)
    /// How long a backend that comes back takes to its whole weight; zero where it has that at once.
    package var slowStart = Duration.zero
    /// In how many steps.
    package var slowStartSteps = 5
    /// The path of the file with what a restart must not forget; nil for none.
    package var stateFile: String? = "/var/lib/dovemon/state.json"

    /// By whose password the test accounts log in.
    package var authentication = Authentication.plain
    /// Whether backends without a test account are polled.
    package var pollsUnknownBackends = true

    /// How IMAP is polled.
    package var imap = ServiceSettings(isPolled: true, port: 143, implicitTLSPort: 993)
    /// Whether an IMAP poll lists the top level of mailboxes after the login.
    package var pollIMAPList = true
    /// Whether an IMAP poll opens INBOX, as the file has it.
    package var pollIMAPSelect = false
    /// Whether an IMAP poll puts a test message into INBOX.
    package var pollIMAPAppend = false
    /// Which messages an IMAP poll removes.
    package var pollIMAPExpunge = Removal.no

    /// How POP3 is polled.
    package var pop3 = ServiceSettings(isPolled: false, port: 110, implicitTLSPort: 995)
    /// Whether a POP3 poll asks for the number of messages, as the file has it.
    package var pollPOP3Stat = false
    /// Which messages a POP3 poll removes.
    package var pollPOP3Delete = Removal.no

    /// How LMTP is polled.
    package var lmtp = ServiceSettings(isPolled: false, port: 24, implicitTLSPort: nil)
    /// Whether an LMTP poll asks if mail for the account is taken.
    package var pollLMTPRecipient = false
    /// Whether an LMTP poll delivers a test message.
    package var pollLMTPDeliver = false
    /// The sender of test messages; empty for the null reverse path.
    package var pollLMTPFrom = ""

    /// How ManageSieve is polled.
    package var sieve = ServiceSettings(isPolled: false, port: 4190, implicitTLSPort: nil)
    /// How submission is polled.
    package var submission = ServiceSettings(isPolled: false, port: 587, implicitTLSPort: nil)
    /// What is polled besides.
    package var pollPorts: [Service] = []
    /// The protocols whose connections begin with a PROXY protocol header.
    package var proxied: Set<MailProtocol> = []

    /// Whether a certificate that is not to be trusted is a failure.
    package var verifiesCertificates = false
    /// A file of trusted issuers in PEM; nil for the system's.
    package var authoritiesFile: String?
    /// The name that certificates have to bear.
    package var serverName = ServerName.address
    /// The oldest version that is accepted; nil for the system's.
    package var minimumTLSVersion: TLSVersion?
    /// So many days before it expires, a certificate is a warning; 0 for never.
    package var expiryWarning = 14
    /// `ssl_resume`: whether polls resume the TLS session of an earlier one.
    package var resumesTLS = true

    /// Where HTTP is served; empty for nowhere.
    package var httpListen: [ListenAddress] = []
    /// Who may ask there, besides this machine itself.
    package var httpAllow: [IPNetwork] = []
    /// By which names it may be asked, in lower case, besides by those that it always has.
    package var httpNames: [String] = []

    /// The path of the lock file; nil for a place that the system has for it.
    package var lockfile: String?
    /// The program that is run after a change; nil for none.
    package var updateScript: String?
    /// After this time it is killed.
    package var updateScriptTimeout = Duration.seconds(30)
    /// The path of the control socket; nil for none.
    package var controlSocket: String? = "/run/dovemon/dovemon.sock"

    /// All defaults.
    package init() {}
}

/// By whose password the test accounts log in.
package enum Authentication: String, Hashable, Sendable, CaseIterable {
    /// By their own.
    case plain
    /// By that of a master user (SASL PLAIN with an authorization identity).
    case sasl
}

/// Where and how one protocol is polled.
package struct ServiceSettings: Hashable, Sendable {
    /// Whether it is polled at all.
    package var isPolled: Bool
    /// How its connections are encrypted.
    package var tls = TLSMode.none
    /// The port, 1 to 65535.
    package var port: Int
    /// The port with implicit TLS, for the protocols that have one of their own.
    package var implicitTLSPort: Int?
}

extension Settings {
    /// The longest that a poll may take when `timeout` is 0.
    package static let hardTimeout = Duration.seconds(60)

    /// How long one poll may take.
    package var effectiveTimeout: Duration { timeout == .zero ? Self.hardTimeout : timeout }

    /// How long one rapid poll may take.
    package var effectiveRapidTimeout: Duration { rapidTimeout == .zero ? Self.hardTimeout : rapidTimeout }

    /// How many polls in a row have to fail for a service to be faulty, at least 1.
    package var failuresNeeded: Int { max(1, retryCount) }

    /// Whether an IMAP poll opens INBOX: what is removed from it has to be seen first.
    package var selectsINBOX: Bool { pollIMAPSelect || pollIMAPExpunge != .no }

    /// Whether a POP3 poll asks for the number of messages: what is removed has to be counted first.
    package var statsMaildrop: Bool { pollPOP3Stat || pollPOP3Delete != .no }

    /// Whether a protocol is polled, at its own port or at one of `pollPorts`.
    package func polls(_ mailProtocol: MailProtocol) -> Bool { services.contains { $0.mailProtocol == mailProtocol } }

    /// What is polled on each backend, each once; never empty when it was read from a file.
    package var services: [Service] {
        let own: [(MailProtocol, ServiceSettings)] = [
            (.imap, imap), (.pop3, pop3), (.lmtp, lmtp), (.sieve, sieve), (.submission, submission),
        ]
        let services = own.compactMap { mailProtocol, service -> Service? in
            guard service.isPolled else { return nil }
            let port = service.tls == .implicit ? service.implicitTLSPort ?? service.port : service.port
            return Service(mailProtocol, port: port, tls: service.tls)
        }
        var seen: Set<Service> = []
        return (services + pollPorts).filter { seen.insert($0).inserted }
    }
}
