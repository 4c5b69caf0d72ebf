internal import COpenSSL
internal import Glibc
internal import Site

extension PeerCertificate {
    /// Reads OpenSSL's certificate, which stays the caller's.
    init(_ certificate: OpaquePointer) {
        self.init(
            start: seconds(X509_get0_notBefore(certificate)), expiry: seconds(X509_get0_notAfter(certificate)),
            subject: text(X509_get_subject_name(certificate)), issuer: text(X509_get_issuer_name(certificate)))
    }

    /// So many names are told; a certificate may hold thousands.
    private static let namesTold = 5

    /// The DNS names and addresses that a certificate is for, `, ` between them; its common name where it has none, as
    /// OpenSSL goes by that then.
    static func names(of certificate: OpaquePointer) -> String {
        guard let names = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else {
            return text(X509_get_subject_name(certificate))
        }
        let list = OpaquePointer(names)
        defer { GENERAL_NAMES_free(list) }
        let count = OPENSSL_sk_num(list)
        var told: [String] = []
        for index in 0..<max(0, count) {
            guard let name = OPENSSL_sk_value(list, index)?.assumingMemoryBound(to: GENERAL_NAME.self),
                let name = text(ofAlternative: name)
            else { continue }
            guard told.count < namesTold else { return (told + ["…"]).joined(separator: ", ") }
            told.append(name)
        }
        return told.isEmpty ? text(X509_get_subject_name(certificate)) : told.joined(separator: ", ")
    }

    /// A day as people and logs write it: `2026-01-02`, in UTC; nil where there is no proper date.
    static func day(_ time: UnsafePointer<ASN1_TIME>?) -> String? { seconds(time).map(day) }

    /// The day of a moment in seconds since 1970, in UTC.
    package static func day(_ seconds: Int) -> String {
        var moment = time_t(seconds)
        var parts = tm()
        guard gmtime_r(&moment, &parts) != nil else { return "an unknown day" }
        func digits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(Int(parts.tm_year) + 1900)-\(digits(parts.tm_mon + 1))-\(digits(parts.tm_mday))"
    }
}

/// Bytes of one name that are read.
private let longestName = 200

private func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int? {
    var parts = tm()
    guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
    return timegm(&parts)
}

/// A distinguished name in the order of RFC 4514, without its escapes; cut at 200 bytes.
private func text(_ name: OpaquePointer?) -> String {
    guard let name, let output = BIO_new(BIO_s_mem()) else { return "" }
    defer { BIO_free(output) }
    X509_NAME_print_ex(output, name, 0, shim_XN_FLAG_RFC2253_bare())
    var bytes = [UInt8](repeating: 0, count: longestName)
    var count = 0
    guard BIO_read_ex(output, &bytes, bytes.count, &count) == 1 else { return "" }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
}

/// A DNS name or an address among a certificate's names (RFC 5280, section 4.2.1.6); nil for other kinds of names.
private func text(ofAlternative name: UnsafePointer<GENERAL_NAME>) -> String? {
    var kind: Int32 = 0
    guard let value = GENERAL_NAME_get0_value(name, &kind), kind == GEN_DNS || kind == GEN_IPADD else { return nil }
    let string = value.assumingMemoryBound(to: ASN1_STRING.self)
    let count = Int(max(0, ASN1_STRING_length(string)))
    let bytes = UnsafeBufferPointer(start: ASN1_STRING_get0_data(string), count: count)
    guard kind == GEN_IPADD else { return String(decoding: bytes.prefix(longestName), as: UTF8.self) }
    return IPAddress(networkBytes: Array(bytes))?.description ?? "an address that is none"
}

extension IPAddress {
    /// From 4 or 16 bytes in network order.
    fileprivate init?(networkBytes bytes: [UInt8]) {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard bytes.count == 4 || bytes.count == 16,
            inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil
        else { return nil }
        self.init(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
}
