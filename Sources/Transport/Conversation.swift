package import Site

/// One side of a conversation in lines, as a pure machine: what happened goes in, what to do comes out.
///
/// `ConversationRunner` runs it on a socket; a test or a simulation calls it directly. No method may trap on what the peer
/// sent, and none is called after `Step.finish` or `interrupted`.
package protocol Conversation: Sendable {
    /// What the conversation is for.
    associatedtype Outcome

    /// The connection is made; implicit TLS, where wanted, is still to be negotiated.
    mutating func connected(at now: Instant)
    /// TLS is negotiated; `opened` follows.
    mutating func encrypted(by peer: TLSPeer, at now: Instant)
    /// The stream is ready for lines: connected, and encrypted where that is wanted from the first byte on. Once more
    /// when TLS is negotiated behind `Step.startTLS`: nothing that the peer said before is to be believed.
    mutating func opened(at now: Instant) -> Step
    /// The peer sent a line; its end is cut off.
    mutating func lineReceived(_ line: ArraySlice<UInt8>, at now: Instant) -> Step
    /// What it came to, behind `Step.finish` or `Step.part`.
    mutating func concluded(at now: Instant) -> Outcome
    /// The conversation was cut short; nothing more can be sent.
    mutating func interrupted(by interruption: Interruption, at now: Instant) -> Outcome
    /// What an outcome is worth when this process was stopped or starved for so long in the meantime.
    func outcome(_ outcome: Outcome, afterStallOf time: Duration) -> Outcome
}

extension Conversation {
    /// Most conversations have no use for it.
    package mutating func encrypted(by peer: TLSPeer, at now: Instant) {}
    /// For most, what was said counts however late it was read.
    package func outcome(_ outcome: Outcome, afterStallOf time: Duration) -> Outcome { outcome }
}

/// What a conversation wants next.
package enum Step: Hashable, Sendable {
    /// The next line.
    case wait
    /// These bytes sent, then the next line.
    case send([UInt8])
    /// The next line, however late it comes: the deadline is lifted, and no memory is held for lines until then.
    case rest
    /// So many bytes passed over, then the next line (an IMAP literal).
    case skip(Int)
    /// TLS negotiated, at once and for the rest of the connection. Only where the connector was given the means, and only
    /// once. Bytes that the peer has sent in clear behind its last line end the conversation (RFC 3207, section 5).
    case startTLS
    /// So many bytes given as they are in place of the next line, line ends among them: no more than a line may have.
    case read(Int)
    /// Nothing more: the connection can be closed.
    case finish
    /// Nothing more, and the peer has said goodbye, too: the connection is reset, which leaves neither side with a port in
    /// TIME_WAIT (RFC 9293, section 3.6.1), of which thousands of polls would make tens of thousands.
    case part
}

/// What cut a conversation short. Texts are the system's or OpenSSL's words.
package enum Interruption: Hashable, Sendable {
    /// Nothing listens there (ECONNREFUSED; ENOENT for a UNIX socket).
    case refused(String)
    /// The network knows no way to the host (EHOSTUNREACH …) or TCP gave up (ETIMEDOUT).
    case unreachable(String)
    /// The monitor's own machine cannot: no descriptors, no route, no ports, no rights …
    case local(String)
    /// The peer ended or reset the connection.
    case closed(String)
    /// TLS failed.
    case tls(String)
    /// The peer's certificate is not to be trusted.
    case certificate(String)
    /// The peer's consent to TLS was followed by bytes in clear: somebody may have put them there.
    case injected(String)
    /// More arrived than the limits allow.
    case oversized(String)
    /// The deadline passed.
    case deadline
    /// The monitor itself gave up.
    case cancelled
}
