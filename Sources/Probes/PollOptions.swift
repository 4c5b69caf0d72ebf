package import Site

/// What polls look at, and how they present themselves.
package struct PollOptions: Hashable, Sendable {
    /// The monitor's own host name, for LHLO, ID and the marks of test messages.
    package var clientName: String
    /// Tells this monitor's test messages from those of others on the same host; stays the same over restarts.
    package var instance: String
    /// What an IMAP poll does after the login.
    package var imap: IMAPChecks
    /// What a POP3 poll does after the login.
    package var pop3: POP3Checks
    /// What an LMTP poll does after LHLO.
    package var lmtp: LMTPChecks
    /// How far certificates are looked at.
    package var tls: TLSChecks
    /// The protocols whose connections begin with a PROXY protocol header.
    package var proxied: Set<MailProtocol>

    /// Makes options; the defaults are the seed's.
    package init(
        clientName: String = "localhost", instance: String = "", imap: IMAPChecks = IMAPChecks(),
        pop3: POP3Checks = POP3Checks(), lmtp: LMTPChecks = LMTPChecks(), tls: TLSChecks = TLSChecks(),
        proxied: Set<MailProtocol> = []
    ) {
        self.clientName = clientName
        self.instance = instance
        self.imap = imap
        self.pop3 = pop3
        self.lmtp = lmtp
        self.tls = tls
        self.proxied = proxied
    }
}

/// What an IMAP poll does after the login.
package struct IMAPChecks: Hashable, Sendable {
    /// LIST the top level.
    package var lists: Bool
    /// SELECT INBOX, and find the test messages there.
    package var selects: Bool
    /// APPEND a test message to INBOX.
    package var appends: Bool
    /// Remove test messages from INBOX; not without `selects`.
    package var removal: Removal

    /// Makes the checks; the defaults are the seed's.
    package init(lists: Bool = true, selects: Bool = false, appends: Bool = false, removal: Removal = .no) {
        self.lists = lists
        self.selects = selects
        self.appends = appends
        self.removal = removal
    }
}

/// What a POP3 poll does after the login.
package struct POP3Checks: Hashable, Sendable {
    /// STAT.
    package var stats: Bool
    /// Remove test messages; not without `stats`.
    package var removal: Removal

    /// Makes the checks; the defaults are the seed's.
    package init(stats: Bool = false, removal: Removal = .no) {
        self.stats = stats
        self.removal = removal
    }
}

/// What an LMTP poll does after LHLO.
package struct LMTPChecks: Hashable, Sendable {
    /// MAIL and RCPT to the account's address, then RSET: nothing is delivered.
    package var tests: Bool
    /// Deliver a test message to the account's address.
    package var delivers: Bool
    /// The reverse path of both; empty for the null one.
    package var from: String

    /// Makes the checks; the defaults are the seed's.
    package init(tests: Bool = false, delivers: Bool = false, from: String = "") {
        self.tests = tests
        self.delivers = delivers
        self.from = from
    }
}

/// How far certificates are looked at.
package struct TLSChecks: Hashable, Sendable {
    /// Whether a certificate that is not to be trusted is a failure.
    package var verifies: Bool
    /// A file of trusted issuers in PEM; nil for the system's.
    package var authorities: String?
    /// The name that certificates have to bear; an account may have another.
    package var serverName: ServerName
    /// The oldest version that is accepted; nil for the system's, and at least TLS 1.2.
    package var minimumVersion: TLSVersion?
    /// So many days before it expires, a certificate is a warning; 0 for never.
    package var expiryWarning: Int
    /// Whether a poll resumes the TLS session of an earlier one of the same service.
    package var resumes: Bool

    /// Makes the checks; the defaults are the seed's.
    package init(
        verifies: Bool = false, authorities: String? = nil, serverName: ServerName = .address,
        minimumVersion: TLSVersion? = nil, expiryWarning: Int = 0, resumes: Bool = false
    ) {
        self.verifies = verifies
        self.authorities = authorities
        self.serverName = serverName
        self.minimumVersion = minimumVersion
        self.expiryWarning = expiryWarning
        self.resumes = resumes
    }
}
