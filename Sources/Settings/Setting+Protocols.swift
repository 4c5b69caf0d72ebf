// The settings of what is polled and how deeply.
extension Setting {
    static let accounts = [
        Setting(
            "auth", \.authentication, .oneOf,
            "how the test accounts log in: plain by their own password, sasl by that of their `masteruser`"),
        Setting(
            "poll_unknown_backends", \.pollsUnknownBackends, .yesNo,
            "poll backends without a test account too, without a login"),
    ]

    static let imap = [
        Setting("poll_imap", \.imap.isPolled, .yesNo, "poll over IMAP"),
        Setting("imap_ssl", \.imap.tls, .ssl, "yes: TLS from the first byte on, at imaps_port; starttls: at imap_port"),
        Setting("imap_port", \.imap.port, .port, "the port of IMAP without TLS or with STARTTLS"),
        Setting("imaps_port", \.imap.implicitTLSPort, .port, "the port of IMAP with TLS"),
        Setting("poll_imap_list", \.pollIMAPList, .yesNo, "list the top level of mailboxes after the login"),
        Setting("poll_imap_select", \.pollIMAPSelect, .yesNo, "open INBOX, and look for the test messages in it"),
        Setting("poll_imap_append", \.pollIMAPAppend, .yesNo, "put a test message into INBOX"),
        Setting(
            "poll_imap_expunge", \.pollIMAPExpunge, .removal,
            "remove test messages from INBOX; all: every message, whatever it is"),
    ]

    static let pop3 = [
        Setting("poll_pop3", \.pop3.isPolled, .yesNo, "poll over POP3"),
        Setting("pop3_ssl", \.pop3.tls, .ssl, "yes: TLS from the first byte on, at pop3s_port; starttls: at pop3_port"),
        Setting("pop3_port", \.pop3.port, .port, "the port of POP3 without TLS or with STLS"),
        Setting("pop3s_port", \.pop3.implicitTLSPort, .port, "the port of POP3 with TLS"),
        Setting("poll_pop3_stat", \.pollPOP3Stat, .yesNo, "ask for the number of messages after the login"),
        Setting(
            "poll_pop3_delete", \.pollPOP3Delete, .removal,
            "remove test messages; all: every message, whatever it is"),
    ]

    static let lmtp = [
        Setting("poll_lmtp", \.lmtp.isPolled, .yesNo, "poll over LMTP"),
        Setting("lmtp_ssl", \.lmtp.tls, .ssl, "yes: TLS from the first byte on; starttls: after STARTTLS"),
        Setting("lmtp_port", \.lmtp.port, .port, "the port of LMTP, with TLS or without"),
        Setting(
            "poll_lmtp_rcpt", \.pollLMTPRecipient, .yesNo, sample: true,
            "ask whether mail for the test account is taken, without delivering any"),
        Setting("poll_lmtp_deliver", \.pollLMTPDeliver, .yesNo, "deliver a test message to the test account"),
        Setting(
            "poll_lmtp_from", \.pollLMTPFrom, .reversePath,
            "the sender of MAIL FROM; empty: the null reverse path"),
    ]

    static let sieve = [
        Setting("poll_sieve", \.sieve.isPolled, .yesNo, "poll over ManageSieve"),
        Setting("sieve_ssl", \.sieve.tls, .ssl, "yes: TLS from the first byte on; starttls: after STARTTLS"),
        Setting("sieve_port", \.sieve.port, .port, "the port of ManageSieve, with TLS or without"),
    ]

    static let submission = [
        Setting("poll_submission", \.submission.isPolled, .yesNo, "poll over submission"),
        Setting("submission_ssl", \.submission.tls, .ssl, "yes: TLS from the first byte on; starttls: after STARTTLS"),
        Setting("submission_port", \.submission.port, .port, "the port of submission, with TLS or without"),
    ]

    static let ports = [
        Setting(
            "poll_ports", \.pollPorts, .services,
            "further ports to poll; one of no known protocol has to send a banner line"),
        Setting(
            "haproxy", \.proxied, .protocols,
            "protocols whose connections begin with a PROXY header, for listeners with `haproxy = yes`; yes: all"),
    ]

    static let tls = [
        Setting(
            "ssl_verify", \.verifiesCertificates, .yesNo,
            "take a certificate that is not to be trusted for a failure"),
        Setting("ssl_ca_file", \.authoritiesFile, .path, "a PEM file of trusted issuers; empty: the system's"),
        Setting(
            "ssl_server_name", \.serverName, .serverName,
            "the name that certificates have to bear; %{ptr}: the one that the DNS has for the address"),
        Setting(
            "ssl_min_protocol", \.minimumTLSVersion, .version,
            "the oldest version of TLS that is accepted; empty: the system's"),
        Setting(
            "ssl_expiry_warning", \.expiryWarning, .days(in: 0...3_650),
            "so long before it expires, a certificate is a warning; 0: never"),
        Setting(
            "ssl_resume", \.resumesTLS, .yesNo,
            "resume TLS sessions where the backend lets them be, but for a full handshake every ten minutes"),
    ]
}
