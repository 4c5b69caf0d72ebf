package import Site

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
