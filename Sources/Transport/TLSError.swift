/// Why TLS could not be set up, negotiated or kept up.
package struct TLSError: Error, Hashable, Sendable {
    /// Where in the life of a connection it went wrong.
    package enum Stage: String, Hashable, Sendable, CaseIterable {
        /// The context or a session could not be made: nothing is known of the peer.
        case setup
        /// The peer's certificate is not to be trusted.
        case certificate
        /// The handshake failed.
        case handshake
        /// The connection broke after the handshake.
        case data
    }

    /// Where it went wrong.
    package let stage: Stage
    /// OpenSSL's name for it (`wrong version number`), or this module's where OpenSSL has none. One line of plain
    /// ASCII, but at the stage `certificate`: there it holds names of the peer's choosing, not escaped.
    package let reason: String
    /// What it means in the operator's words, where the reason alone does not tell.
    package let hint: String?

    /// Makes an error.
    package init(stage: Stage, reason: String, hint: String? = nil) {
        self.stage = stage
        self.reason = reason
        self.hint = hint
    }
}

extension TLSError: CustomStringConvertible {
    /// `the peer does not speak TLS (wrong version number)`, or the reason alone.
    package var description: String {
        guard let hint else { return reason }
        return "\(hint) (\(reason))"
    }
}

extension TLSError {
    /// The peer's side of the connection ended without TLS's goodbye (RFC 8446, section 6.1): somebody may have cut it.
    static func truncated(_ stage: Stage) -> TLSError {
        TLSError(
            stage: stage, reason: "unexpected end of file",
            hint: stage == .handshake
                ? "the peer closed the connection in the TLS handshake"
                : "the peer closed the connection without ending TLS")
    }

    /// The peer sends records that carry no data, faster than any honest one does.
    static func overhead(_ stage: Stage) -> TLSError {
        TLSError(stage: stage, reason: "too many records without data")
    }
}
