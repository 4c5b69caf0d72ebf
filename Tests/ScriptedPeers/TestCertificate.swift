internal import COpenSSL
internal import Glibc

/// A certificate with its key, made on the spot: self-signed, or issued by another one.
package final class TestCertificate: Sendable {
    /// The kind of key; `rsa` takes as long as finding primes does.
    package enum Key: Hashable, Sendable {
        /// ECDSA on P-256: made in no time.
        case p256
        /// RSA of so many bits; Debian's OpenSSL refuses to serve with fewer than 2048, unless told otherwise.
        case rsa(bits: Int32)
    }

    // Not changed after init; OpenSSL counts its references atomically.
    nonisolated(unsafe) let certificate: OpaquePointer
    nonisolated(unsafe) let key: OpaquePointer

    /// Makes a certificate for the names, the first of them its common name.
    ///
    /// With `issuer`, an `authority`, that one signs it; an authority has no names but the common one. It is valid from `validFrom` to `validUntil`, in seconds from now; both in the past make an expired one.
    package init(
        names: [String] = ["localhost"], key kind: Key = .p256, validFrom: Int = -3_600, validUntil: Int = 86_400,
        issuer: TestCertificate? = nil, isAuthority: Bool = false
    ) throws {
        ERR_clear_error()
        guard let key = Self.generate(kind) else { throw PeerError.openSSL("key") }
        guard let certificate = X509_new() else {
            EVP_PKEY_free(key)
            throw PeerError.openSSL("certificate")
        }
        self.key = key
        self.certificate = certificate
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), Int.random(in: 1...Int(Int32.max)))
        X509_gmtime_adj(X509_getm_notBefore(certificate), validFrom)
        X509_gmtime_adj(X509_getm_notAfter(certificate), validUntil)
        X509_set_pubkey(certificate, key)
        let subject = X509_get_subject_name(certificate)
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, names.first ?? "", -1, -1, 0)
        X509_set_issuer_name(certificate, issuer.map { X509_get_subject_name($0.certificate) } ?? subject)
        let isName = { (text: String) in text.contains(where: \.isLetter) && !text.contains(":") }
        let alternatives = names.map { (isName($0) ? "DNS:" : "IP:") + $0 }.joined(separator: ",")
        guard isAuthority || Self.add(NID_subject_alt_name, alternatives, to: certificate),
            !isAuthority || Self.add(NID_basic_constraints, "critical,CA:TRUE", to: certificate),
            X509_sign(certificate, issuer?.key ?? key, EVP_sha256()) > 0
        else { throw PeerError.openSSL("certificate") }
    }

    /// The certificate alone in PEM, as a file of trusted issuers has it.
    package var pem: String { Self.text { PEM_write_bio_X509($0, certificate) } }
    /// The key in PEM.
    package var keyPEM: String { Self.text { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) } }

    private static func text(_ write: (OpaquePointer) -> Int32) -> String {
        guard let output = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(output) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var count = 0
        guard write(output) == 1, BIO_read_ex(output, &bytes, bytes.count, &count) == 1 else { return "" }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    private static func add(_ kind: Int32, _ value: String, to certificate: OpaquePointer) -> Bool {
        guard let addition = X509V3_EXT_conf_nid(nil, nil, kind, value) else { return false }
        defer { X509_EXTENSION_free(addition) }
        return X509_add_ext(certificate, addition, -1) == 1
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    private static func generate(_ kind: Key) -> OpaquePointer? {
        let name = kind == .p256 ? "EC" : "RSA"
        guard let context = EVP_PKEY_CTX_new_from_name(nil, name, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_keygen_init(context) == 1 else { return nil }
        let accepted =
            switch kind {
            case .p256: EVP_PKEY_CTX_set_group_name(context, "P-256")
            case .rsa(let bits): EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits)
            }
        var key: OpaquePointer?
        guard accepted > 0, EVP_PKEY_generate(context, &key) == 1 else { return nil }
        return key
    }
}
