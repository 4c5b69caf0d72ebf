/// How this side of TLS behaves: what a `TLSContext` is made from.
///
/// The peer's certificate is not looked at; the system's crypto policy (openssl.cnf, config(5ssl)) holds beside what is
/// said here.
package struct TLSConfiguration: Hashable, Sendable {
    /// The oldest protocol version that is accepted; nil for the system's, and at least TLS 1.2.
    package var minimumVersion: TLSVersion?

    /// The configuration that polls with when the settings ask for nothing else.
    package init(minimumVersion: TLSVersion? = nil) {
        self.minimumVersion = minimumVersion
    }
}

/// A version of the TLS protocol that OpenSSL 3 speaks, older before newer.
///
/// The system's policy may refuse one all the same: OpenSSL's security level 1 and above leaves hardly anything of
/// TLS 1.0 and 1.1.
package enum TLSVersion: Int, Hashable, Sendable, CaseIterable, Comparable {
    /// RFC 2246.
    case tls10 = 0x0301
    /// RFC 4346.
    case tls11 = 0x0302
    /// RFC 5246.
    case tls12 = 0x0303
    /// RFC 8446.
    case tls13 = 0x0304

    /// Older before newer.
    package static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }
}
