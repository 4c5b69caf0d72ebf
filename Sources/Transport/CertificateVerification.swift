internal import COpenSSL

/// Verifies a certificate in OpenSSL's stead, and by its means: all that is wrong is noted in the session, and not the
/// first thing alone. A certificate that has expired may also be of another name.
func verifyCertificate(_ context: OpaquePointer?, _: UnsafeMutableRawPointer?) -> Int32 {
    guard let context, let session = owner(of: context) else { return 0 }
    X509_STORE_CTX_set_verify_cb(context) { isGood, context in
        guard isGood == 0 else { return isGood }
        guard let context, let session = owner(of: context) else { return 0 }
        session.note(X509_STORE_CTX_get_error(context), in: context)
        // On to the next check; what was noted decides.
        return 1
    }
    let isGood = X509_verify_cert(context) == 1
    if isGood, session.certificateTroubles.isEmpty { return 1 }
    if session.certificateTroubles.isEmpty { session.note(X509_STORE_CTX_get_error(context), in: context) }
    // The alert that the peer gets tells no more than that.
    X509_STORE_CTX_set_error(context, X509_V_ERR_CERT_REJECTED)
    return 0
}

private func owner(of context: OpaquePointer) -> TLSSession? {
    guard let ssl = X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let session = SSL_get_ex_data(OpaquePointer(ssl), 0)
    else { return nil }
    return Unmanaged<TLSSession>.fromOpaque(session).takeUnretainedValue()
}

extension TLSSession {
    /// A long chain may have a trouble in each of its certificates.
    private static let troublesNoted = 4

    /// Notes a trouble, each once.
    fileprivate func note(_ code: Int32, in context: OpaquePointer) {
        let text = describe(code, in: context)
        guard certificateTroubles.count < Self.troublesNoted, !certificateTroubles.contains(text) else { return }
        certificateTroubles.append(text)
    }

    /// A trouble in the operator's words.
    private func describe(_ code: Int32, in context: OpaquePointer) -> String {
        guard let certificate = X509_STORE_CTX_get_current_cert(context) else { return Self.openSSLText(code) }
        let told = PeerCertificate(certificate)
        let trouble =
            switch code {
            case X509_V_ERR_CERT_HAS_EXPIRED:
                "expired on \(told.expiry.map(PeerCertificate.day) ?? "an unknown day")"
            case X509_V_ERR_CERT_NOT_YET_VALID:
                "not valid before \(PeerCertificate.day(X509_get0_notBefore(certificate)) ?? "an unknown day")"
            case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
                "name mismatch: wanted \(wanted), offered \(PeerCertificate.names(of: certificate))"
            case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: "self-signed: \(told.subject)"
            case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
                X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
                "unknown issuer: \(told.issuer)"
            default: Self.openSSLText(code)
            }
        let depth = X509_STORE_CTX_get_error_depth(context)
        guard depth > 0, !trouble.hasPrefix("unknown issuer") else { return trouble }
        return "its issuer \(told.subject): \(trouble)"
    }

    private var wanted: String {
        switch identity {
        case .name(let name): name
        case .address(let address): address.description
        case nil: "any"
        }
    }

    private static func openSSLText(_ code: Int32) -> String {
        String(cString: X509_verify_cert_error_string(Int(code)))
    }
}
