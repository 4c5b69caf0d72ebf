internal import COpenSSL

extension TLSError {
    /// Empties this thread's queue of OpenSSL errors into one error: the oldest entry, as that is the cause.
    static func fromQueue(_ stage: Stage) -> TLSError {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return TLSError(stage: stage, reason: "OpenSSL gives no reason") }
        guard let text = ERR_reason_error_string(code) else {
            return TLSError(stage: stage, reason: "OpenSSL error \(String(code, radix: 16))")
        }
        return TLSError(stage: stage, reason: String(cString: text), hint: hint(for: code, stage))
    }

    private static func hint(for code: UInt, _ stage: Stage) -> String? {
        // Reason numbers have a meaning only within their library.
        guard stage != .setup, ERR_GET_LIB(code) == ERR_LIB_SSL else { return nil }
        let reason = ERR_GET_REASON(code)
        switch reason {
        case SSL_R_WRONG_VERSION_NUMBER where stage == .handshake: return "the peer does not speak TLS"
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            return "the peer speaks no TLS version that is accepted here"
        // RFC 8446, section 6: an alert's number is its reason's less this offset.
        case SSL_AD_REASON_OFFSET..<SSL_AD_REASON_OFFSET + 256:
            return stage == .handshake ? "the peer refused the TLS handshake" : "the peer broke off TLS"
        default: return nil
        }
    }
}
