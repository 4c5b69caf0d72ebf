internal import Site
package import Transport

/// What came of holding a conversation against a peer's transcript.
package struct Rehearsal<Outcome> {
    /// What the conversation did towards the peer.
    package enum Word: Hashable, Sendable {
        /// It sent these bytes.
        case said([UInt8])
        /// It had TLS negotiated.
        case handshake
    }

    /// What it did, in order.
    package let words: [Word]
    /// What came of it.
    package let outcome: Outcome
    /// Whether it ended while something of the transcript was still there.
    package let endedEarly: Bool

    /// Makes one, of a conversation that somebody else has held.
    package init(words: [Word], outcome: Outcome, endedEarly: Bool = true) {
        self.words = words
        self.outcome = outcome
        self.endedEarly = endedEarly
    }
}

extension Rehearsal: Equatable where Outcome: Equatable {}
extension Rehearsal: Sendable where Outcome: Sendable {}

/// Holds a conversation against a transcript, as `ConversationRunner` would. A real decoder cuts the lines; the clock moves
/// by a millisecond before the connection, before it is ready, before each line, and before the peer's end. TLS takes a
/// millisecond, and what comes behind the peer's consent to it is taken as encrypted.
package func rehearse<C: Conversation>(
    _ conversation: C, _ pieces: [ArraySlice<UInt8>], limit: Int = Limits.poll.line, then end: Interruption
) -> Rehearsal<C.Outcome> {
    var stage = Stage(conversation, limit: limit)
    let (outcome, endedEarly) = stage.play(pieces, then: end)
    return Rehearsal(words: stage.words, outcome: outcome, endedEarly: endedEarly)
}

private struct Stage<C: Conversation> {
    private var conversation: C
    private var decoder: LineDecoder
    private var milliseconds: Int64 = 0
    private(set) var words: [Rehearsal<C.Outcome>.Word] = []

    init(_ conversation: C, limit: Int) {
        self.conversation = conversation
        decoder = LineDecoder(limit: limit)
    }

    mutating func play(_ pieces: [ArraySlice<UInt8>], then end: Interruption) -> (C.Outcome, endedEarly: Bool) {
        conversation.connected(at: tick())
        let now = tick()
        if let outcome = perform(conversation.opened(at: now)) { return (outcome, true) }
        for piece in pieces {
            decoder.append(piece)
            reading: while true {
                switch decoder.next() {
                case .incomplete: break reading
                case .oversized: return (conversation.interrupted(by: .oversized("a long line"), at: tick()), true)
                case .line(let line):
                    let now = tick()
                    if let outcome = perform(conversation.lineReceived(line, at: now)) { return (outcome, true) }
                }
            }
        }
        return (conversation.interrupted(by: end, at: tick()), false)
    }

    private mutating func tick() -> Instant {
        milliseconds += 1
        return .origin + .milliseconds(milliseconds)
    }

    private mutating func perform(_ step: Step) -> C.Outcome? {
        switch step {
        case .wait, .rest: return nil
        case .send(let bytes):
            words.append(.said(bytes))
            return nil
        case .skip(let count):
            decoder.skip(count)
            return nil
        case .startTLS:
            words.append(.handshake)
            let peer = TLSPeer(version: "TLSv1.3", cipher: "", certificate: nil)
            conversation.encrypted(by: peer, at: tick())
            let now = tick()
            return perform(conversation.opened(at: now))
        case .read(let count):
            decoder.read(count)
            return nil
        case .finish, .part: return conversation.concluded(at: .origin + .milliseconds(milliseconds))
        }
    }
}
