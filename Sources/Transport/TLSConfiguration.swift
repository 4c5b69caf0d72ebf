package import Site

/// How this side of TLS behaves: what a `TLSContext` is made from.
///
/// The system's crypto policy (openssl.cnf, config(5ssl)) holds beside what is said here.
package struct TLSConfiguration: Hashable, Sendable {
    /// The oldest protocol version that is accepted; nil for the system's, and at least TLS 1.2.
    package var minimumVersion: TLSVersion?

    /// Whose certificates are trusted; nil when the peer's is not looked at.
    package var trust: Trust?

    /// The configuration that polls with when the settings ask for nothing else.
    package init(minimumVersion: TLSVersion? = nil, trust: Trust? = nil) {
        self.minimumVersion = minimumVersion
        self.trust = trust
    }

    /// Whose certificates are trusted.
    package enum Trust: Hashable, Sendable {
        /// The issuers that the system trusts.
        case system
        /// The issuers in this PEM file, and nobody else.
        case file(String)
    }
}

/// Whom a session expects: asked for by name (SNI), and looked for in a certificate that is verified.
package enum PeerIdentity: Hashable, Sendable {
    /// A DNS name, of at most 255 bytes.
    case name(String)
    /// An address, which cannot be asked for (RFC 6066, section 3).
    case address(IPAddress)
}

extension TLSVersion {
    /// The number on the wire, which OpenSSL goes by.
    var wireNumber: Int32 {
        switch self {
        case .tls10: 0x0301
        case .tls11: 0x0302
        case .tls12: 0x0303
        case .tls13: 0x0304
        }
    }
}
