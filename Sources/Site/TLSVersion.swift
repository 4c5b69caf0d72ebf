/// A version of the TLS protocol that OpenSSL 3 speaks, older before newer; by Dovecot's names (ssl_min_protocol).
///
/// The system's policy may refuse one all the same: OpenSSL's security level 1 and above leaves hardly anything of
/// TLS 1.0 and 1.1.
package enum TLSVersion: String, Hashable, Sendable, CaseIterable, Comparable {
    /// RFC 2246.
    case tls10 = "TLSv1"
    /// RFC 4346.
    case tls11 = "TLSv1.1"
    /// RFC 5246.
    case tls12 = "TLSv1.2"
    /// RFC 8446.
    case tls13 = "TLSv1.3"

    /// Older before newer: by the names.
    package static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }
}

/// The name that a server's certificate has to bear.
package enum ServerName: Hashable, Sendable {
    /// The address that is polled.
    case address
    /// This one, which the server is also asked for (SNI).
    case name(String)
    /// The one that the DNS has for the address (PTR).
    case pointer
}
