internal import COpenSSL
internal import Glibc

/// What the client's TLS sessions of one kind have in common: versions, ciphers and policy. Expensive to make, cheap to
/// share: one serves any number of sessions on any threads.
package final class TLSContext: Sendable {
    // OpenSSL lets any number of threads make sessions from a context that nobody changes, and nothing does after init.
    nonisolated(unsafe) let pointer: OpaquePointer

    // A process that exits while its event loops run must not have OpenSSL torn down under them. Only the first call of all
    // into the library decides, and even one that clears errors is a call.
    private static let library = OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)

    /// Makes a context on the system's OpenSSL and its configuration file.
    ///
    /// Fails, at the stage `setup`, when the file of trusted issuers cannot be read or holds no certificate, when the
    /// machine is out of memory, or when its OpenSSL configuration is broken. The file is read here, and never again.
    package init(_ configuration: TLSConfiguration = TLSConfiguration()) throws(TLSError) {
        _ = Self.library
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(TLS_client_method()) else { throw .fromQueue(.setup) }
        self.pointer = pointer
        // Renegotiation gives a peer a handshake's worth of work for a few bytes, and compression leaks what it carries.
        SSL_CTX_set_options(pointer, shim_SSL_OP_NO_RENEGOTIATION() | shim_SSL_OP_NO_COMPRESSION())
        // An idle connection gives up its 34 KiB of record buffers.
        shim_SSL_CTX_set_mode(pointer, Int(SSL_MODE_RELEASE_BUFFERS))
        // OpenSSL 3 has TLS 1.0 and 1.1 at no other level, as they need SHA-1.
        if let minimum = configuration.minimumVersion, minimum.wireNumber < TLS1_2_VERSION {
            SSL_CTX_set_security_level(pointer, 0)
        }
        guard shim_SSL_CTX_set_min_proto_version(pointer, Self.floor(configuration, pointer)) == 1 else {
            throw .fromQueue(.setup)
        }
        try setVerification(configuration.trust)
        // Whoever holds the session decides what becomes of it.
        _ = shim_SSL_CTX_keep_no_sessions(pointer)
        SSL_CTX_sess_set_new_cb(pointer) { ssl, session in
            guard let owner = SSL_get_ex_data(ssl, 0) else { return 0 }
            Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue().canBeResumed = session
            return 1
        }
    }

    deinit { SSL_CTX_free(pointer) }

    private func setVerification(_ trust: TLSConfiguration.Trust?) throws(TLSError) {
        switch trust {
        case nil: return SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
        case .system:
            guard SSL_CTX_set_default_verify_paths(pointer) == 1 else { throw .fromQueue(.setup) }
        case .file(let path):
            // OpenSSL has no words for what the system says.
            guard access(path, R_OK) == 0 else {
                throw TLSError(stage: .setup, reason: "\(path): \(String(cString: strerror(errno)))")
            }
            guard SSL_CTX_load_verify_file(pointer, path) == 1 else {
                throw TLSError(stage: .setup, reason: "\(path): \(TLSError.fromQueue(.setup).reason)")
            }
        }
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
        SSL_CTX_set_cert_verify_callback(pointer, verifyCertificate, nil)
    }

    /// Debian 12's openssl.cnf sets no minimum, and OpenSSL's own still takes TLS 1.0 with RSA key exchange.
    private static func floor(_ configuration: TLSConfiguration, _ pointer: OpaquePointer) -> Int32 {
        if let minimum = configuration.minimumVersion { return minimum.wireNumber }
        let ofSystem = Int32(truncatingIfNeeded: shim_SSL_CTX_get_min_proto_version(pointer))
        return max(ofSystem, TLS1_2_VERSION)
    }
}
