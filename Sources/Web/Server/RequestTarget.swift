/// What a request line asks for (RFC 9112, section 3.2), taken apart and decoded once.
package struct RequestTarget: Hashable, Sendable {
    /// Why it cannot be answered.
    package enum Mistake: Error, Hashable {
        /// It is no path on this server: neither `/…` nor `http://HOST/…`.
        case form
        /// A percent sign without two digits, bytes that are no UTF-8, or characters that no path here has.
        case encoding
    }

    /// The segments, decoded; never one that holds a slash or a control character.
    let path: [String]
    /// The parameters, decoded.
    let query: [Request.Parameter]
    /// The host and port of the absolute form, which counts more than `Host` does.
    let authority: String?

    /// Takes a target apart.
    init(_ target: String) throws(Mistake) {
        var rest = target[...]
        if rest.first == "/" {
            authority = nil
        } else {
            let scheme = rest.prefix(while: { $0 != ":" })
            guard ["http", "https"].contains(scheme.lowercased()), rest.dropFirst(scheme.count).hasPrefix("://") else {
                throw .form
            }
            rest = rest.dropFirst(scheme.count + 3)
            let host = rest.prefix { $0 != "/" && $0 != "?" }
            rest = rest.dropFirst(host.count)
            guard !host.isEmpty, !host.contains("@") else { throw .form }
            authority = String(host)
        }
        // RFC 3986, section 3.5: a fragment is never sent.
        guard !target.utf8.contains(UInt8(ascii: "#")) else { throw .form }
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path: [String] = []
        for segment in (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            path.append(try decoded(segment, isForm: false))
        }
        // Of `/` and `/metrics/` the last segment is empty, and means nothing.
        if path.last == "" { path.removeLast() }
        self.path = path
        var query: [Request.Parameter] = []
        for parameter in parts.count == 2 ? parts[1].split(separator: "&") : [] {
            let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query.append(
                Request.Parameter(
                    try decoded(pair[0], isForm: true), pair.count == 2 ? try decoded(pair[1], isForm: true) : ""))
        }
        self.query = query
    }
}

/// Percent-decodes once (RFC 3986, section 2.1); in a form, `+` is a space.
private func decoded(_ text: Substring, isForm: Bool) throws(RequestTarget.Mistake) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "%"):
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                throw .encoding
            }
            bytes.append(high << 4 | low)
        case UInt8(ascii: "+") where isForm: bytes.append(UInt8(ascii: " "))
        default: bytes.append(byte)
        }
    }
    guard let decoded = String(validating: bytes, as: UTF8.self),
        bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f && (isForm || $0 != UInt8(ascii: "/")) })
    else { throw .encoding }
    return decoded
}

private func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
