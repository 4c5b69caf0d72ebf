internal import COpenSSL
internal import Glibc
package import NIOCore

/// The client's side of one TLS connection, without a socket: ciphertext and plaintext go in and come out as bytes.
///
/// `startHandshake` first, then `receive` for whatever arrives. After each call the caller sends what `drainCiphertext`
/// gives. Confined to one thread at a time. No bytes of a peer's trap, and what they make a session keep is bounded: at
/// most one unfinished record (some 17 KiB), besides what a handshake builds (100 KiB of certificates).
package final class TLSSession {
    /// Where a session is in its life; each state can only be followed by later ones.
    package enum State: Hashable, Sendable {
        /// Nothing can be sent yet.
        case handshaking
        /// Data flows both ways.
        case established
        /// The peer has said goodbye (close_notify): nothing more comes, sending still works.
        case peerClosed
        /// This side has said goodbye; whatever still arrives is ignored.
        case closed
        /// Given up; the alert that tells the peer may be waiting to be drained. Whatever still arrives is ignored.
        case failed
    }

    /// Where the session is.
    package private(set) var state = State.handshaking

    private let ssl: OpaquePointer
    /// Owned by `ssl`: what the peer sent, always read to its end before a call returns.
    private let input: OpaquePointer
    /// Owned by `ssl`: what is to be sent to the peer.
    private let output: OpaquePointer
    private var allowance = Overhead.start
    let identity: PeerIdentity?
    /// What is wrong with the peer's certificate, noted while it is verified.
    var certificateTroubles: [String] = []

    /// What the peer gave last to resume this session by; owned here.
    var canBeResumed: OpaquePointer? {
        didSet { SSL_SESSION_free(oldValue) }
    }
    private let verifies: Bool
    private let offered: TLSTicket?

    /// Makes a session with a peer; with nil for `identity` anybody will do whose issuer is trusted. It goes on from an earlier
    /// one with the same peer where `ticket` is that one's and the peer agrees.
    ///
    /// Fails, at the stage `setup`, without memory or with a name that OpenSSL does not take (empty, or longer than 255
    /// bytes).
    package init(
        context: TLSContext, expecting identity: PeerIdentity? = nil, resuming ticket: TLSTicket? = nil
    ) throws(TLSError) {
        ERR_clear_error()
        guard let ssl = SSL_new(context.pointer) else { throw .fromQueue(.setup) }
        let bios = (BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()))
        guard let input = bios.0, let output = bios.1 else {
            BIO_free(bios.0)
            BIO_free(bios.1)
            SSL_free(ssl)
            throw .fromQueue(.setup)
        }
        self.ssl = ssl
        self.input = input
        self.output = output
        self.identity = identity
        offered = ticket
        verifies = SSL_CTX_get_verify_mode(context.pointer) != SSL_VERIFY_NONE
        // An empty input means "not yet", not the end of the connection.
        shim_BIO_set_mem_eof_return(input, -1)
        SSL_set_bio(ssl, input, output)
        SSL_set_connect_state(ssl)
        guard expect(identity) else { throw .fromQueue(.setup) }
        // Where the verification finds this session again; it happens only within a call from here.
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        ticket?.use(in: ssl)
    }

    deinit {
        SSL_SESSION_free(canBeResumed)
        SSL_free(ssl)
    }

    /// What a later session with the same peer can go on from; nil when the peer gave nothing for that.
    package var ticket: TLSTicket? { canBeResumed.flatMap { TLSTicket($0, certificate) } }

    /// The peer's certificate, now or then; not to be asked for before the handshake is finished.
    private lazy var certificate: PeerCertificate? =
        isResumed ? offered?.certificate : SSL_get0_peer_certificate(ssl).map(PeerCertificate.init)

    var isBeforeTLS13: Bool { SSL_version(ssl) < TLS1_3_VERSION }

    /// Whether it went on from an earlier one, so that the peer has shown no certificate.
    package var isResumed: Bool { SSL_session_reused(ssl) == 1 }

    /// Begins: the ClientHello waits to be drained.
    package func startHandshake() -> TLSProgress {
        guard state == .handshaking else { return TLSProgress() }
        var progress = TLSProgress()
        continueHandshake(&progress)
        return progress
    }

    /// Takes what the peer sent, any number of bytes cut anywhere, and appends the data in it to `plaintext`: at most
    /// as many bytes as came in and 16 KiB, from a record begun earlier.
    ///
    /// What the progress tells happened in this order: the handshake was finished, the data came, the connection ended.
    package func receive(_ ciphertext: UnsafeRawBufferPointer, plaintext: inout ByteBuffer) -> TLSProgress {
        var progress = TLSProgress()
        var rest = ciphertext[...]
        // In portions, as the input BIO keeps the memory of the largest one.
        while !rest.isEmpty, state == .handshaking || state == .established {
            let portion = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.portion))
            rest = rest.dropFirst(Self.portion)
            feed(portion, plaintext: &plaintext, &progress)
        }
        return progress
    }

    /// The peer's side of the socket has ended: a failure unless the peer, or this side, said goodbye before.
    package func inputClosed() -> TLSProgress {
        guard state == .handshaking || state == .established else { return TLSProgress() }
        var progress = TLSProgress()
        fail(.truncated(stage), &progress)
        return progress
    }

    /// Encrypts data for the peer, to be drained. Only after the handshake and before `close`; an error otherwise.
    package func send(_ plaintext: UnsafeRawBufferPointer) throws(TLSError) {
        guard state == .established || state == .peerClosed else {
            throw TLSError(stage: stage, reason: "the TLS session is not open for data")
        }
        // OpenSSL takes a write of nothing for a mistake.
        guard let base = plaintext.baseAddress, !plaintext.isEmpty else { return }
        ERR_clear_error()
        var written = 0
        // A memory BIO takes all of it, so that there is no partial write.
        guard SSL_write_ex(ssl, base, plaintext.count, &written) == 1 else {
            state = .failed
            throw .fromQueue(.data)
        }
    }

    /// Says goodbye (close_notify, to be drained), if there is anybody to say it to; does not wait for the peer's.
    package func close() {
        if state == .established || state == .peerClosed {
            ERR_clear_error()
            SSL_shutdown(ssl)
            ERR_clear_error()
        }
        if state != .failed { state = .closed }
    }

    /// Whether there is something to drain.
    package var hasCiphertext: Bool { BIO_ctrl_pending(output) > 0 }

    /// Appends all that is to be sent to the peer to `ciphertext`; tells whether there was any.
    @discardableResult
    package func drainCiphertext(into ciphertext: inout ByteBuffer) -> Bool {
        let pending = BIO_ctrl_pending(output)
        guard pending > 0 else { return false }
        ciphertext.writeWithUnsafeMutableBytes(minimumWritableBytes: pending) { space in
            var read = 0
            return BIO_read_ex(output, space.baseAddress, space.count, &read) == 1 ? read : 0
        }
        return true
    }

    /// Who answered, and how; nil before the handshake is finished.
    package var peer: TLSPeer? {
        guard let version = negotiatedVersion, let cipher = negotiatedCipher else { return nil }
        return TLSPeer(version: version, cipher: cipher, certificate: certificate)
    }

    /// The negotiated version by OpenSSL's name (`TLSv1.3`); nil before the handshake is finished.
    package var negotiatedVersion: String? {
        guard SSL_is_init_finished(ssl) == 1, let name = SSL_get_version(ssl) else { return nil }
        return String(cString: name)
    }

    /// The negotiated cipher suite by OpenSSL's name (`TLS_AES_256_GCM_SHA384`); nil before the handshake is finished.
    package var negotiatedCipher: String? {
        guard SSL_is_init_finished(ssl) == 1, let name = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)) else {
            return nil
        }
        return String(cString: name)
    }
}

extension TLSSession {
    private static let portion = 16_384
    /// Enough that OpenSSL need not be asked twice for most lines.
    private static let readSize = 1_024

    /// Asks for the peer by its name, and has a context that verifies look for it; false when OpenSSL does not take it.
    private func expect(_ identity: PeerIdentity?) -> Bool {
        let parameters = SSL_get0_param(ssl)
        switch identity {
        case nil: return true
        case .name(let name):
            // RFC 9525, section 6.3: a wildcard is a whole label.
            X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            return shim_SSL_set_tlsext_host_name(ssl, name) == 1
                && X509_VERIFY_PARAM_set1_host(parameters, name, 0) == 1
        case .address(let address): return X509_VERIFY_PARAM_set1_ip_asc(parameters, address.description) == 1
        }
    }

    /// A certificate that was good when it was shown may have expired since.
    private var datesTrouble: String? {
        let now = time(nil)
        guard let certificate, let start = certificate.start, let expiry = certificate.expiry else {
            return "no certificate with proper dates"
        }
        if expiry <= now { return "expired on \(PeerCertificate.day(expiry))" }
        return start > now ? "not valid before \(PeerCertificate.day(start))" : nil
    }

    private var stage: TLSError.Stage { state == .handshaking ? .handshake : .data }

    private func feed(
        _ ciphertext: UnsafeRawBufferPointer, plaintext: inout ByteBuffer, _ progress: inout TLSProgress
    ) {
        ERR_clear_error()
        var written = 0
        guard BIO_write_ex(input, ciphertext.baseAddress, ciphertext.count, &written) == 1 else {
            return fail(.fromQueue(stage), &progress)
        }
        if state == .handshaking { continueHandshake(&progress) }
        let before = plaintext.readableBytes
        if state == .established { read(into: &plaintext, &progress) }
        allowance.account(ciphertext: written, plaintext: plaintext.readableBytes - before)
        if allowance.isExhausted, state != .failed { fail(.overhead(stage), &progress) }
    }

    private func continueHandshake(_ progress: inout TLSProgress) {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            if isResumed, verifies, let trouble = datesTrouble {
                return fail(TLSError(stage: .certificate, reason: trouble), &progress)
            }
            state = .established
            progress.established = true
            return
        }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: break
        // A goodbye instead of a handshake.
        case SSL_ERROR_ZERO_RETURN: fail(.truncated(.handshake), &progress)
        case _ where !certificateTroubles.isEmpty:
            ERR_clear_error()
            fail(TLSError(stage: .certificate, reason: certificateTroubles.joined(separator: "; ")), &progress)
        default: fail(.fromQueue(.handshake), &progress)
        }
    }

    private func read(into plaintext: inout ByteBuffer, _ progress: inout TLSProgress) {
        while true {
            // The error queue decides what SSL_get_error says.
            ERR_clear_error()
            var result: Int32 = 0
            let size = max(Self.readSize, Int(SSL_pending(ssl)))
            plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { space in
                var read = 0
                result = SSL_read_ex(ssl, space.baseAddress, space.count, &read)
                return result == 1 ? read : 0
            }
            if result == 1 { continue }
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ: return
            case SSL_ERROR_ZERO_RETURN:
                state = .peerClosed
                progress.end = .peerClosed
                return
            default: return fail(.fromQueue(.data), &progress)
            }
        }
    }

    private func fail(_ error: TLSError, _ progress: inout TLSProgress) {
        state = .failed
        progress.end = .failed(error)
    }
}
