internal import COpenSSL
internal import Glibc

/// A self-signed certificate with its key, made on the spot.
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
    /// It is valid from `validFrom` to `validUntil`, in seconds from now; both in the past make an expired one.
    package init(
        names: [String] = ["localhost"], key kind: Key = .p256, validFrom: Int = -3_600, validUntil: Int = 86_400
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
        X509_set_issuer_name(certificate, subject)
        let alternatives = names.map { ($0.contains(where: \.isLetter) ? "DNS:" : "IP:") + $0 }
        guard let names = X509V3_EXT_conf_nid(nil, nil, NID_subject_alt_name, alternatives.joined(separator: ","))
        else {
            throw PeerError.openSSL("names")
        }
        defer { X509_EXTENSION_free(names) }
        guard X509_add_ext(certificate, names, -1) == 1, X509_sign(certificate, key, EVP_sha256()) > 0 else {
            throw PeerError.openSSL("certificate")
        }
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
