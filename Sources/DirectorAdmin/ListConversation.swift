internal import Site
internal import Transport

/// Asks for DIRECTOR-LIST and, when that has been read to its end, for HOST-LIST.
struct ListConversation: Conversation {
    enum Outcome: Equatable {
        case listed(Listing)
        /// The director greeted, and closed the connection or said nothing when it was asked for DIRECTOR-LIST.
        case ringUnanswered
        case failed(DirectorFailure)
    }

    private enum State {
        case greeting, ring, hosts
    }

    private let asksForRing: Bool
    private var state = State.greeting
    private var ringAnswered = false
    private var objection: String?
    private var listing = Listing(ring: nil, hosts: [])

    init(asksForRing: Bool) { self.asksForRing = asksForRing }

    mutating func connected(at now: Instant) {}

    mutating func opened(at now: Instant) -> Step { .send(Handshake.line) }

    mutating func lineReceived(_ line: ArraySlice<UInt8>, at now: Instant) -> Step {
        switch state {
        case .greeting:
            objection = Handshake.objection(to: line)
            guard objection == nil else { return .finish }
            state = asksForRing ? .ring : .hosts
            return .send(Array((asksForRing ? "DIRECTOR-LIST\n" : "HOST-LIST\n").utf8))
        case .ring where line.isEmpty:
            state = .hosts
            return .send(Array("HOST-LIST\n".utf8))
        case .ring:
            ringAnswered = true
            let fields = DirectorFields(line)
            if fields[2] == "self" { listing.ring = RingState(status: fields[4] ?? "") }
            return .wait
        case .hosts where line.isEmpty: return .finish
        case .hosts:
            if let host = Host(line) {
                listing.hosts.append(host)
            } else if listing.unreadable.count < 10 {
                listing.unreadable.append(printable(line, limit: 80))
            }
            return .wait
        }
    }

    mutating func concluded(at now: Instant) -> Outcome {
        objection.map { .failed(DirectorFailure($0)) } ?? .listed(listing)
    }

    mutating func interrupted(by interruption: Interruption, at now: Instant) -> Outcome {
        switch (state, interruption) {
        case (.ring, .closed), (.ring, .deadline): if !ringAnswered { return .ringUnanswered }
        default: break
        }
        let stage =
            switch state {
            case .greeting: ""
            case .ring: "DIRECTOR-LIST: "
            case .hosts: "HOST-LIST: "
            }
        return .failed(DirectorFailure(stage + interruption.directorText))
    }
}
