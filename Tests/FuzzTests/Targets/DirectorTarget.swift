internal import Rehearsal
internal import Site
internal import Transport

@testable internal import DirectorAdmin

/// What a director, or whoever sits at its socket, answers. The input's first byte cuts it into pieces, the second chooses
/// what is asked and how the connection ends.
enum DirectorTarget {
    static func list(_ bytes: [UInt8]) -> [String] {
        guard bytes.count >= 2 else { return [] }
        let asksForRing = bytes[1] & 4 == 0
        func hold(_ pieces: [ArraySlice<UInt8>]) -> ListConversation.Outcome {
            rehearse(ListConversation(asksForRing: asksForRing), pieces, limit: limit(bytes), then: end(bytes)).outcome
        }
        let outcome = hold([bytes.dropFirst(2)])
        var complaints = Complaints()
        complaints.unless(
            outcome == hold(pieces(bytes.dropFirst(2), by: bytes[0])), "it makes a difference how the bytes arrive")
        switch outcome {
        case .ringUnanswered: complaints.unless(asksForRing, "not asked for the ring")
        case .failed(let failure): complaints.unless(isShowable(failure.text, limit: 512), failure.text)
        case .listed(let listing):
            complaints.unless(listing.unreadable.count <= 10, "\(listing.unreadable.count) unreadable lines are kept")
            complaints.unless(listing.unreadable.allSatisfy { isShowable($0, limit: 80) }, "\(listing.unreadable)")
            for host in listing.hosts { check(host, &complaints) }
        }
        return complaints.texts
    }

    static func reply(_ bytes: [UInt8]) -> [String] {
        guard bytes.count >= 2, let address = IPAddress("127.0.0.1") else { return [] }
        let host = Host(
            address: address, spelling: "127.0.0.1", vhosts: 100, users: 1, tag: "", state: .up, lastChange: 0)
        func hold(_ pieces: [ArraySlice<UInt8>]) -> Rehearsal<CommandReply> {
            let conversation = CommandConversation(DirectorCommand(.hostDown, host))
            return rehearse(conversation, pieces, limit: limit(bytes), then: end(bytes))
        }
        let rehearsal = hold([bytes.dropFirst(2)])
        var complaints = Complaints()
        complaints.unless(
            rehearsal == hold(pieces(bytes.dropFirst(2), by: bytes[0])), "it makes a difference how the bytes arrive")
        let isSent = rehearsal.words.count == 2
        complaints.unless(rehearsal.words.count <= 2, "more than a handshake and a command: \(rehearsal.words)")
        if case .notSent(let text) = rehearsal.outcome {
            complaints.unless(!isSent, "sent, and told not to be")
            complaints.unless(isShowable(text, limit: 512), text)
        } else {
            complaints.unless(isSent, "not sent, and told to be")
        }
        return complaints.texts
    }

    /// A row is what commands are made of: each names this backend alone, in one line.
    private static func check(_ host: Host, _ complaints: inout Complaints) {
        complaints.unless(IPAddress(host.spelling) == host.address, "another address: \(host)")
        complaints.unless(host.vhosts >= 0 && host.users >= 0, "less than none: \(host)")
        let line = DirectorCommand(.hostDown, host).line
        complaints.unless(
            line.count { $0 < 0x20 } == 2 && line.last == UInt8(ascii: "\n"), "more than one field: \(line)")
    }

    private static func limit(_ bytes: [UInt8]) -> Int { bytes[1] & 8 == 0 ? 4_096 : 48 }

    private static func end(_ bytes: [UInt8]) -> Interruption {
        [.closed("closed"), .deadline, .cancelled, .local("no memory")][Int(bytes[1] & 3)]
    }
}
