import Site

/// Something that has to hold between several settings, or that is better known before the daemon starts.
package struct SettingsRule: Sendable {
    /// The settings that it is about: it is not looked at when one of them was wrong in itself.
    let names: [String]
    /// What is accepted; nil for a piece of advice, which keeps nobody from anything.
    var accepted: String?
    /// What is wrong; nil when it holds.
    let complaint: @Sendable (Settings) -> String?

    /// A rule for whoever reads the settings, besides those that always hold.
    package init(
        names: [String], accepted: String? = nil, complaint: @escaping @Sendable (Settings) -> String?
    ) {
        self.names = names
        self.accepted = accepted
        self.complaint = complaint
    }

    /// All of them.
    static let all = mistakes + advice

    private static let mistakes = [
        SettingsRule(
            names: ["poll_imap", "poll_pop3", "poll_lmtp", "poll_sieve", "poll_submission", "poll_ports"],
            accepted: "yes for at least one of poll_imap, poll_pop3, poll_lmtp, poll_sieve, poll_submission,"
                + " or a port in poll_ports",
            complaint: { $0.services.isEmpty ? "nothing is polled" : nil }),
        SettingsRule(
            names: ["rapid_rounds", "rapid_fails_needed"],
            accepted: "a rapid_fails_needed of at most rapid_rounds, or rapid_rounds: 0",
            complaint: { settings in
                let (rounds, needed) = (settings.rapidRounds, settings.rapidFailuresNeeded)
                return rounds > 0 && needed > rounds ? "\(needed) of \(rounds) rapid polls cannot fail" : nil
            }),
        SettingsRule(
            names: ["http_listen", "http_allow"],
            accepted: "loopback addresses alone, as 127.0.0.1:9393, or with http_allow the networks that may ask there",
            complaint: { settings in
                guard settings.httpAllow.isEmpty,
                    let open = settings.httpListen.first(where: { !$0.address.isLoopback })
                else { return nil }
                return "\(open) is not this machine's alone, and http_allow does not say who may ask there"
            }),
    ]

    private static let advice = [
        SettingsRule(
            names: ["timeout", "poll_imap", "poll_pop3", "poll_sieve", "poll_submission", "poll_ports"],
            complaint: { settings in
                guard settings.logsIn, settings.effectiveTimeout < shortestForLogin else { return nil }
                return "Dovecot answers a wrong password only after 2 seconds and more: with less than 2.5, a rejected"
                    + " test account looks like a backend that hangs"
            }),
        SettingsRule(
            names: ["poll_imap_expunge"],
            complaint: { settings in
                guard settings.polls(.imap), settings.pollIMAPExpunge == .all else { return nil }
                return "each poll removes all mail from the INBOX of its test account, whoever it is for;"
                    + " `yes` removes dovemon's test messages alone"
            }),
        SettingsRule(
            names: ["poll_pop3_delete"],
            complaint: { settings in
                guard settings.polls(.pop3), settings.pollPOP3Delete == .all else { return nil }
                return "each poll removes all mail of its test account, whoever it is for;"
                    + " `yes` removes dovemon's test messages alone"
            }),
        SettingsRule(
            names: ["poll_imap_append", "poll_imap_expunge", "poll_pop3_delete"],
            complaint: { $0.appendsMessages && !$0.removesMessages ? neverRemoved : nil }),
        SettingsRule(
            names: ["poll_lmtp_deliver", "poll_imap_expunge", "poll_pop3_delete"],
            complaint: { settings in
                settings.deliversMessages && !settings.appendsMessages && !settings.removesMessages
                    ? neverRemoved : nil
            }),
        SettingsRule(
            names: ["use_delayed_down", "delayed_down_limit"],
            complaint: { settings in
                guard settings.delaysDown, settings.delayedDownLimit == 0 else { return nil }
                return "no HOST-DOWN is ever sent: the backend that it is for counts among those of delayed_down_limit"
            }),
        SettingsRule(
            names: ["poll_ports"],
            complaint: { settings in
                let ports = settings.pollPorts.filter(\.isClearAtTLSPort).map { "\($0.port)" }
                guard !ports.isEmpty else { return nil }
                return "\(ports.joined(separator: ", ")) without /ssl: servers speak TLS there from the first byte on"
            }),
        SettingsRule(
            names: ["haproxy"],
            complaint: { settings in
                // That all are meant names none in particular.
                guard settings.proxied.count < MailProtocol.allCases.count else { return nil }
                let idle = MailProtocol.allCases.filter { settings.proxied.contains($0) && !settings.polls($0) }
                return idle.isEmpty ? nil : "not polled: \(idle.map(\.rawValue).joined(separator: ", "))"
            }),
        SettingsRule(
            names: ["sentinel", "poll_imap", "poll_ports"],
            complaint: { settings in
                guard settings.keepsSentinels, !settings.polls(.imap) else { return nil }
                return "there is none without a poll of IMAP: see poll_imap"
            }),
        SettingsRule(
            names: ["http_allow", "http_names", "http_listen"],
            complaint: { settings in
                guard settings.httpListen.isEmpty else { return nil }
                let idle = [
                    settings.httpAllow.isEmpty ? nil : "http_allow", settings.httpNames.isEmpty ? nil : "http_names",
                ].compactMap(\.self)
                return idle.isEmpty ? nil : "\(idle.joined(separator: " and ")) without http_listen: nothing is served"
            }),
        SettingsRule(
            names: ["ssl_verify"],
            complaint: { settings in
                guard settings.verifiesCertificates, settings.services.allSatisfy({ $0.tls == .none }) else {
                    return nil
                }
                return "nothing is polled with TLS, and so no certificate looked at: see imap_ssl and its kin"
            }),
    ]

    private static let shortestForLogin = Duration.milliseconds(2_500)

    private static let neverRemoved =
        "test messages are written and never removed: see poll_imap_expunge and poll_pop3_delete"
}

extension Settings {
    /// Whether a service is polled that an account can log in to.
    fileprivate var logsIn: Bool { services.contains { ![.lmtp, .banner].contains($0.mailProtocol) } }
    fileprivate var appendsMessages: Bool { polls(.imap) && pollIMAPAppend }
    fileprivate var deliversMessages: Bool { polls(.lmtp) && pollLMTPDeliver }
    fileprivate var removesMessages: Bool {
        polls(.imap) && pollIMAPExpunge != .no || polls(.pop3) && pollPOP3Delete != .no
    }
}

extension Service {
    /// Whether it is polled in clear where its protocol has a port of its own for TLS from the first byte on.
    fileprivate var isClearAtTLSPort: Bool {
        switch (mailProtocol, port) {
        case (.imap, 993), (.pop3, 995), (.submission, 465): tls == .none
        default: false
        }
    }
}
