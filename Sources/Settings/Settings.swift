package import Site

/// What `config.yml` says. Without a file everything has its default, as `Settings()` has.
///
/// Each field has its row in `Setting.table`, which says how it is written in the file.
package struct Settings: Equatable, Sendable {
    /// The least that is logged: 0 info, 1 warning, 2 error, 3 and more debug.
    package var logLevel = 4
    /// The facility of the log lines.
    package var syslogFacility = SyslogFacility.mail

    /// The path of the director's director-admin socket.
    package var directorAdminSocket = "/var/run/dovecot/director-admin"

    /// From the start of a backend's poll to the start of the next; zero means as soon as the last one has ended.
    package var interval = Duration.seconds(10)
    /// As the file has it, zero for no limit; `effectiveTimeout` is what to go by.
    package var timeout = Duration.seconds(3)
    /// As the file has it; `failuresNeeded` is what to go by.
    package var retryCount = 3

    /// How IMAP is polled.
    package var imap = ServiceSettings(isPolled: true, port: 143, implicitTLSPort: 993)
    /// How POP3 is polled.
    package var pop3 = ServiceSettings(isPolled: false, port: 110, implicitTLSPort: 995)
    /// How LMTP is polled.
    package var lmtp = ServiceSettings(isPolled: false, port: 24, implicitTLSPort: nil)
    /// Whether an IMAP poll lists the top level of mailboxes after the login.
    package var pollIMAPList = true

    /// All defaults.
    package init() {}
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

    /// How many polls in a row have to fail for a service to be faulty, at least 1.
    package var failuresNeeded: Int { max(1, retryCount) }

    /// What is polled on each backend; never empty when it was read from a file.
    package var services: [Service] {
        [(MailProtocol.imap, imap), (.pop3, pop3), (.lmtp, lmtp)].compactMap { mailProtocol, service in
            guard service.isPolled else { return nil }
            let port = service.tls == .implicit ? service.implicitTLSPort ?? service.port : service.port
            return Service(mailProtocol, port: port, tls: service.tls)
        }
    }
}
