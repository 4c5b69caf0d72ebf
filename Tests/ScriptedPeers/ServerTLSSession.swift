internal import COpenSSL

/// The server's side of one TLS connection, without a socket, for tests: it can be wired to a client's session in
/// memory, and it can misbehave.
package final class ServerTLSSession {
    /// Whether the handshake is finished.
    package private(set) var isEstablished = false
    /// Whether the client has said goodbye (close_notify).
    package private(set) var clientClosed = false

    private let ssl: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer

    /// Makes a session; the contexts may differ from one to the next.
    package init(_ tls: PeerTLS) throws {
        ERR_clear_error()
        let bios = (BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()))
        guard let ssl = SSL_new(tls.pointer), let input = bios.0, let output = bios.1 else {
            throw PeerError.openSSL("session")
        }
        self.ssl = ssl
        self.input = input
        self.output = output
        shim_BIO_set_mem_eof_return(input, -1)
        SSL_set_bio(ssl, input, output)
        SSL_set_accept_state(ssl)
    }

    deinit { SSL_free(ssl) }

    /// The name that the client asked for (SNI); nil where it did not.
    package var requestedName: String? {
        SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
    }

    /// Takes what the client sent and gives the data in it. What is to be drained is so even when it throws.
    package func receive(_ ciphertext: some Collection<UInt8>) throws -> [UInt8] {
        ERR_clear_error()
        var count = 0
        let bytes = Array(ciphertext)
        if !bytes.isEmpty { BIO_write_ex(input, bytes, bytes.count, &count) }
        if !isEstablished {
            let result = SSL_do_handshake(ssl)
            guard result == 1 else {
                if SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ { return [] }
                throw PeerError.openSSL("handshake")
            }
            isEstablished = true
        }
        var plaintext: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 16_384)
        while true {
            ERR_clear_error()
            let result = SSL_read_ex(ssl, &space, space.count, &count)
            if result == 1 {
                plaintext += space.prefix(count)
                continue
            }
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ: return plaintext
            case SSL_ERROR_ZERO_RETURN:
                clientClosed = true
                return plaintext
            default: throw PeerError.openSSL("data")
            }
        }
    }

    /// Encrypts data for the client, in as many records as it takes calls.
    package func send(_ plaintext: some Collection<UInt8>) throws {
        ERR_clear_error()
        var count = 0
        let bytes = Array(plaintext)
        guard bytes.isEmpty || SSL_write_ex(ssl, bytes, bytes.count, &count) == 1 else {
            throw PeerError.openSSL("data")
        }
    }

    /// Gives all that is to be sent to the client.
    package func drain() -> [UInt8] {
        let pending = BIO_ctrl_pending(output)
        guard pending > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: pending)
        var count = 0
        BIO_read_ex(output, &bytes, pending, &count)
        return Array(bytes.prefix(count))
    }

    /// Says goodbye (close_notify).
    package func close() {
        SSL_shutdown(ssl)
        ERR_clear_error()
    }

    /// Changes this side's keys (TLS 1.3, RFC 8446, section 4.6.3) and, with `requesting`, asks the client to do the same.
    package func updateKeys(requesting: Bool) throws {
        ERR_clear_error()
        let kind = requesting ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED
        guard SSL_key_update(ssl, kind) == 1, SSL_do_handshake(ssl) == 1 else { throw PeerError.openSSL("key update") }
    }

    /// Asks the client for a new handshake (TLS 1.2's HelloRequest, RFC 5246, section 7.4.1.1).
    package func renegotiate() throws {
        ERR_clear_error()
        guard SSL_renegotiate(ssl) == 1, SSL_do_handshake(ssl) == 1 else { throw PeerError.openSSL("renegotiation") }
    }

    /// Sends one more session ticket (TLS 1.3, RFC 8446, section 4.6.1), with the next data.
    package func sendTicket() throws {
        ERR_clear_error()
        guard SSL_new_session_ticket(ssl) == 1, SSL_do_handshake(ssl) == 1 else { throw PeerError.openSSL("ticket") }
    }
}
