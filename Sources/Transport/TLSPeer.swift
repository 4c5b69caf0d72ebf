/// Who is at the other end of a TLS session, and how one talks to it.
package struct TLSPeer: Hashable, Sendable {
    /// The negotiated version by OpenSSL's name (`TLSv1.3`).
    package let version: String
    /// The negotiated cipher suite by OpenSSL's name (`TLS_AES_256_GCM_SHA384`).
    package let cipher: String
    /// The peer's certificate; nil where a cipher suite does without.
    package let certificate: PeerCertificate?

    /// Makes a peer.
    package init(version: String, cipher: String, certificate: PeerCertificate?) {
        self.version = version
        self.cipher = cipher
        self.certificate = certificate
    }
}

/// What there is to tell of a peer's certificate. Texts are cut at 200 bytes, and not escaped: the peer chose them.
package struct PeerCertificate: Hashable, Sendable {
    /// When it begins to be valid, in seconds since 1970; nil where it bears no proper date.
    package let start: Int?
    /// When it expires, in seconds since 1970; nil where it bears no proper date.
    package let expiry: Int?
    /// Whom it is for (RFC 4514): `CN=mail.example,O=Example`.
    package let subject: String
    /// Who issued it.
    package let issuer: String

    /// Makes a certificate.
    package init(start: Int? = nil, expiry: Int?, subject: String, issuer: String) {
        self.start = start
        self.expiry = expiry
        self.subject = subject
        self.issuer = issuer
    }
}
