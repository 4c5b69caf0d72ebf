/// A mail access or delivery protocol that a backend serves.
package enum MailProtocol: String, Hashable, Sendable, CaseIterable {
    /// RFC 3501 and RFC 9051.
    case imap
    /// RFC 1939.
    case pop3
    /// RFC 2033.
    case lmtp
    /// ManageSieve, RFC 5804.
    case sieve
    /// Message submission, RFC 6409.
    case submission
    /// Any protocol whose server speaks first: it has to send a line.
    case banner
}

/// How a connection is encrypted.
package enum TLSMode: String, Hashable, Sendable {
    /// Not at all.
    case none
    /// From the first byte on (RFC 8314, section 3).
    case implicit
    /// After the protocol's own STARTTLS or STLS.
    case starttls
}

/// What is polled on each backend: a protocol at a port. A backend is healthy when all its services are.
package struct Service: Hashable, Sendable {
    /// The protocol spoken.
    package let mailProtocol: MailProtocol
    /// The TCP port, 1 to 65535.
    package let port: Int
    /// How the connection is encrypted.
    package let tls: TLSMode

    /// Makes a service.
    package init(_ mailProtocol: MailProtocol, port: Int, tls: TLSMode = .none) {
        self.mailProtocol = mailProtocol
        self.port = port
        self.tls = tls
    }

    /// By itself it would be by the names of the protocol and of TLS's mode, letter by letter.
    package func hash(into hasher: inout Hasher) { hasher.combine(port) }
}
