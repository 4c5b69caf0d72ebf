internal import COpenSSL

/// How a scripted peer serves TLS: one for any number of connections.
package final class PeerTLS: Sendable {
    /// The protocol versions that are served.
    package enum Versions: Hashable, Sendable {
        /// TLS 1.2 and 1.3.
        case current
        /// Nothing but TLS 1.0, with everything that OpenSSL refuses by default.
        case onlyTLS10
        /// Nothing but TLS 1.1, likewise.
        case onlyTLS11
        /// Nothing but TLS 1.2.
        case onlyTLS12
        /// Nothing but TLS 1.3.
        case onlyTLS13
    }

    /// What becomes of the handshake.
    package enum Handshake: Hashable, Sendable {
        /// It is done as it should be.
        case proper
        /// The ClientHello is answered with bytes that are no TLS.
        case garbage
        /// The connection is closed after the first half of what answers the ClientHello.
        case closedHalfway
        /// The ClientHello is answered by silence.
        case silent
    }

    let handshake: Handshake
    nonisolated(unsafe) let pointer: OpaquePointer
    private let certificate: TestCertificate

    /// Makes a server's side of TLS, with a fresh certificate unless one is given.
    package init(
        _ certificate: TestCertificate? = nil, versions: Versions = .current, handshake: Handshake = .proper
    ) throws {
        let certificate = try certificate ?? TestCertificate()
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(TLS_server_method()) else { throw PeerError.openSSL("context") }
        self.handshake = handshake
        self.pointer = pointer
        self.certificate = certificate
        let range =
            switch versions {
            case .current: (TLS1_2_VERSION, TLS1_3_VERSION)
            case .onlyTLS10: (TLS1_VERSION, TLS1_VERSION)
            case .onlyTLS11: (TLS1_1_VERSION, TLS1_1_VERSION)
            case .onlyTLS12: (TLS1_2_VERSION, TLS1_2_VERSION)
            case .onlyTLS13: (TLS1_3_VERSION, TLS1_3_VERSION)
            }
        // Level 0 allows what level 2 refuses: TLS 1.0, and certificates with short keys. RSA key exchange is what a client
        // at level 2 can still do in TLS 1.0.
        let ciphers =
            versions == .onlyTLS10 || versions == .onlyTLS11 ? "kRSA:kECDHE+aECDSA:@SECLEVEL=0" : "DEFAULT:@SECLEVEL=0"
        guard SSL_CTX_set_cipher_list(pointer, ciphers) == 1,
            shim_SSL_CTX_set_min_proto_version(pointer, range.0) == 1,
            shim_SSL_CTX_set_max_proto_version(pointer, range.1) == 1,
            SSL_CTX_use_certificate(pointer, certificate.certificate) == 1,
            SSL_CTX_use_PrivateKey(pointer, certificate.key) == 1
        else { throw PeerError.openSSL("context") }
    }

    deinit { SSL_CTX_free(pointer) }

    /// How many handshakes went on from an earlier session.
    package var resumedSessions: Int { Int(shim_SSL_CTX_sess_hits(pointer)) }
}
