internal import COpenSSL

/// What a scripted peer, or the making of one, stumbled over.
package struct PeerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What it is, for whoever reads a failed test.
    package let description: String

    /// Makes an error.
    package init(_ description: String) { self.description = description }

    /// What OpenSSL says of its last failure.
    static func openSSL(_ what: String) -> PeerError {
        let code = ERR_get_error()
        ERR_clear_error()
        let reason = ERR_reason_error_string(code).map { String(cString: $0) }
        return PeerError("\(what): \(reason ?? "no reason given")")
    }
}
