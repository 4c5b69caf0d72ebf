import Site
import Transport

/// What became of a conversation that was fed with bytes.
struct Fed<Outcome> {
    /// All that it sent.
    var sent = ""
    var outcome: Outcome?
}

extension Fed: Equatable where Outcome: Equatable {}

/// Feeds a conversation with these pieces of a stream, as a connection does: cut into lines by the real decoder.
func feed<C: Conversation>(_ conversation: C, _ pieces: [ArraySlice<UInt8>], then end: Interruption?) -> Fed<C.Outcome>
{
    var conversation = conversation
    var decoder = LineDecoder(limit: 4096)
    var fed = Fed<C.Outcome>()

    /// Whether the conversation goes on.
    func take(_ step: Step) -> Bool {
        switch step {
        case .wait, .rest: break
        case .send(let bytes): fed.sent += String(decoding: bytes, as: UTF8.self)
        case .skip(let count): decoder.skip(count)
        case .startTLS: break
        case .read(let count): decoder.read(count)
        case .finish, .part:
            fed.outcome = conversation.concluded(at: .origin)
            return false
        }
        return true
    }

    conversation.connected(at: .origin)
    guard take(conversation.opened(at: .origin)) else { return fed }
    for piece in pieces {
        decoder.append(piece)
        lines: while true {
            switch decoder.next() {
            case .line(let line): guard take(conversation.lineReceived(line, at: .origin)) else { return fed }
            case .incomplete: break lines
            case .oversized:
                fed.outcome = conversation.interrupted(by: .oversized("a long line"), at: .origin)
                return fed
            }
        }
    }
    if let end { fed.outcome = conversation.interrupted(by: end, at: .origin) }
    return fed
}

/// A text whole, byte by byte, and split in two at every point.
func cuts(of text: String) -> [[ArraySlice<UInt8>]] {
    let bytes = Array(text.utf8)
    return [[bytes[...]], bytes.indices.map { bytes[$0...$0] }] + bytes.indices.map { [bytes[..<$0], bytes[$0...]] }
}

/// The one result of feeding the text in each of these ways; nil where they differ.
func feedInAllWays<C: Conversation>(
    _ conversation: C, _ text: String, then end: Interruption? = nil
) -> Fed<C.Outcome>? where C.Outcome: Equatable {
    let results = cuts(of: text).map { feed(conversation, $0, then: end) }
    guard let first = results.first else { return nil }
    return results.contains { $0 != first } ? nil : first
}
