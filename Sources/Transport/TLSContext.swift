internal import COpenSSL

/// What the client's TLS sessions of one kind have in common: versions, ciphers and policy. Expensive to make, cheap to
/// share: one serves any number of sessions on any threads.
package final class TLSContext: Sendable {
    // OpenSSL lets any number of threads make sessions from a context that nobody changes, and nothing does after init.
    nonisolated(unsafe) let pointer: OpaquePointer

    /// Makes a context on the system's OpenSSL and its configuration file.
    ///
    /// Fails, at the stage `setup`, when the machine is out of memory or its OpenSSL configuration is broken.
    package init(_ configuration: TLSConfiguration = TLSConfiguration()) throws(TLSError) {
        ERR_clear_error()
        // A process that exits while its event loops run must not have OpenSSL torn down under them; only the first call
        // in a process decides.
        OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
        guard let pointer = SSL_CTX_new(TLS_client_method()) else { throw .fromQueue(.setup) }
        self.pointer = pointer
        SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
        // Renegotiation gives a peer a handshake's worth of work for a few bytes, and compression leaks what it carries.
        SSL_CTX_set_options(pointer, shim_SSL_OP_NO_RENEGOTIATION() | shim_SSL_OP_NO_COMPRESSION())
        // An idle connection gives up its 34 KiB of record buffers.
        shim_SSL_CTX_set_mode(pointer, Int(SSL_MODE_RELEASE_BUFFERS))
        guard shim_SSL_CTX_set_min_proto_version(pointer, Self.floor(configuration, pointer)) == 1 else {
            throw .fromQueue(.setup)
        }
    }

    deinit { SSL_CTX_free(pointer) }

    /// Debian 12's openssl.cnf sets no minimum, and OpenSSL's own still takes TLS 1.0 with RSA key exchange.
    private static func floor(_ configuration: TLSConfiguration, _ pointer: OpaquePointer) -> Int32 {
        if let minimum = configuration.minimumVersion { return minimum.wireNumber }
        let ofSystem = Int32(truncatingIfNeeded: shim_SSL_CTX_get_min_proto_version(pointer))
        return max(ofSystem, TLS1_2_VERSION)
    }
}
