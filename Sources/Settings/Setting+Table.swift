extension Setting {
    /// All settings, in the order of the documentation, the sample and `check-config`. A new setting is one row here and
    /// one field of `Settings`; the tests then ask for its place in the documentation and the sample.
    package static let table: [Setting] = log + director + deciding + imap + pop3 + lmtp

    private static let log = [
        Setting(
            "loglevel", \.logLevel, .integer(in: 0...9),
            "the least that is logged: 0 info, 1 warning, 2 error, 3 and more debug"),
        Setting("syslog_facility", \.syslogFacility, .oneOf, "the facility of the log lines"),
    ]

    private static let director = [
        Setting(
            "director_admin_socket", \.directorAdminSocket, .socketPath,
            "the socket of the director's director-admin service")
    ]

    private static let deciding = [
        Setting(
            "interval", \.interval, .seconds(upTo: 86_400),
            "from the start of a backend's poll to the start of the next one; 0: as soon as the last one has ended"),
        Setting(
            "timeout", \.timeout, .seconds(upTo: 3_600), "how long a poll may take, from connecting to the goodbye"),
        Setting(
            "retry_count", \.retryCount, .integer(in: 0...1_000),
            "failed polls in a row after which a backend is faulty; 0 is as good as 1"),
    ]

    private static let imap = [
        Setting("poll_imap", \.imap.isPolled, .yesNo, "poll over IMAP"),
        Setting("imap_ssl", \.imap.tls, .ssl, "use TLS from the first byte on, at imaps_port"),
        Setting("imap_port", \.imap.port, .port, "the port of IMAP without TLS"),
        Setting("imaps_port", \.imap.implicitTLSPort, .port, "the port of IMAP with TLS"),
        Setting("poll_imap_list", \.pollIMAPList, .yesNo, "list the top level of mailboxes after the login"),
    ]

    private static let pop3 = [
        Setting("poll_pop3", \.pop3.isPolled, .yesNo, "poll over POP3"),
        Setting("pop3_ssl", \.pop3.tls, .ssl, "use TLS from the first byte on, at pop3s_port"),
        Setting("pop3_port", \.pop3.port, .port, "the port of POP3 without TLS"),
        Setting("pop3s_port", \.pop3.implicitTLSPort, .port, "the port of POP3 with TLS"),
    ]

    private static let lmtp = [
        Setting("poll_lmtp", \.lmtp.isPolled, .yesNo, "poll over LMTP"),
        Setting("lmtp_ssl", \.lmtp.tls, .ssl, "use TLS from the first byte on, at lmtp_port"),
        Setting("lmtp_port", \.lmtp.port, .port, "the port of LMTP, with TLS or without"),
    ]
}

extension SettingsRule {
    /// What has to hold between settings.
    static let all = [
        SettingsRule(
            names: ["poll_imap", "poll_pop3", "poll_lmtp"],
            accepted: "yes for at least one of poll_imap, poll_pop3, poll_lmtp",
            complaint: { $0.services.isEmpty ? "nothing is polled" : nil })
    ]
}
