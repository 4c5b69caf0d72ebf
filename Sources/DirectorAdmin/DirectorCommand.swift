/// A command that changes the director's state. Each names a backend: without an address, HOST-RESET-USERS and HOST-FLUSH
/// would hit them all.
package struct DirectorCommand: Hashable, Sendable {
    /// What is to be done.
    package enum Verb: String, Hashable, Sendable, CaseIterable {
        /// No more users are sent to the backend.
        case hostDown = "HOST-DOWN"
        /// Users are sent to the backend again.
        case hostUp = "HOST-UP"
        /// The backend's weight is another from now on.
        case hostUpdate = "HOST-UPDATE"
        /// The backend's users are moved to others, a few at a time.
        case hostResetUsers = "HOST-RESET-USERS"
        /// The director forgets at once which users are at the backend.
        case hostFlush = "HOST-FLUSH"
    }

    /// What is to be done.
    package let verb: Verb
    /// The backend, as HOST-LIST spells it.
    package let spelling: String
    /// With HOST-RESET-USERS: how many users are moved at once; nil for the director's own number.
    package let parallelMoves: Int?
    /// With HOST-UPDATE: the weight, 0 to `largestWeight`.
    package let vhosts: Int?

    /// Greater ones the director refuses: `vhost count too large`.
    package static let largestWeight = 1000

    /// A command for a backend that the director has listed.
    package init(_ verb: Verb, _ host: Host, parallelMoves: Int? = nil) {
        self.verb = verb
        self.spelling = host.spelling
        self.parallelMoves = verb == .hostResetUsers ? parallelMoves : nil
        self.vhosts = nil
    }

    /// HOST-UPDATE, for a backend that the director has listed. Like HOST-DOWN it is answered when the ring has synced, takes
    /// effect on the asked director at once, whether the backend is up or down, and leaves the time of its last change.
    package init(weighing host: Host, _ vhosts: Int) {
        self.verb = .hostUpdate
        self.spelling = host.spelling
        self.parallelMoves = nil
        self.vhosts = vhosts
    }

    /// The line on the wire, its end included.
    var line: [UInt8] {
        Array("\(verb.rawValue)\t\(spelling)\((vhosts ?? parallelMoves).map { "\t\($0)" } ?? "")\n".utf8)
    }
}

extension DirectorCommand.Verb {
    /// The state that the command asks for; nil where it is about something else.
    var state: HostState? {
        switch self {
        case .hostDown: .down
        case .hostUp: .up
        case .hostUpdate, .hostResetUsers, .hostFlush: nil
        }
    }

    /// Whether it is about a backend's users.
    var movesUsers: Bool { self == .hostResetUsers || self == .hostFlush }
}

/// What became of a command, as far as its connection tells. What really became of it the next HOST-LIST shows.
package enum CommandReply: Hashable, Sendable {
    /// `OK`.
    case ok
    /// `NOTFOUND`: the director does not have this backend.
    case notFound
    /// `host is already being updated - try again later`.
    case tryAgainLater
    /// `Ring sync timed out`: it was carried out, and not all directors have it yet; or it was held back for so long that it
    /// will not be. The next list shows which.
    case ringSyncTimedOut
    /// Any other text.
    case other(String)
    /// The director closed the connection without an answer: it went away, or does not know the command.
    case closed
    /// The connection was closed from this side before an answer came.
    case abandoned
    /// The command was never sent: the director could not be reached, or did not greet as it should.
    case notSent(String)

    init(line: ArraySlice<UInt8>) {
        let text = String(decoding: line, as: UTF8.self)
        if text == "OK" {
            self = .ok
        } else if text.hasPrefix("NOTFOUND") {
            self = .notFound
        } else if text.hasPrefix("Ring sync timed out") {
            self = .ringSyncTimedOut
        } else if text.hasSuffix("try again later") {
            self = .tryAgainLater
        } else {
            self = .other(text)
        }
    }
}
