internal import Site
package import Transport

/// Asks and commands one director through its director-admin socket. Loop-confined, as its connector is.
package final class DirectorClient {
    /// Whether the director answers DIRECTOR-LIST. One that did once is never asked without it again: its silence is then a
    /// fault, and a list read without the ring's state could be that of a director that has only just started.
    private enum RingKnowledge {
        case unknown, answered
        /// It did not, once: a director that was just restarted closes the connection too, so that it is asked again at once.
        case doubted
        /// It does not; asked again after a while.
        case unanswered(since: Instant)
    }

    /// How long answers may take; a director's take milliseconds.
    package struct Patience: Sendable {
        /// A whole look at the director.
        package var list = Duration.seconds(5)
        /// The same from a director that never answered DIRECTOR-LIST: after that it is asked without.
        package var ring = Duration.seconds(2)

        /// The usual patience.
        package init() {}
    }

    /// When a director that did not answer DIRECTOR-LIST is tried with it again.
    private static let ringRetry = Duration.seconds(60)
    /// Rows are 30 to 100 bytes long: room for more than a hundred thousand, which take some 100 MB of memory.
    private static let listLimits = Limits(line: 65_536, total: 16 * 1_048_576)
    private static let commandLimits = Limits(line: 4096, total: 16_384)

    private let connector: Connector
    private let path: String
    private let endpoint: Endpoint
    private let patience: Patience
    private var ring = RingKnowledge.unknown

    /// Makes a client for the socket at `path`; nothing is opened yet.
    package init(connector: Connector, path: String, patience: Patience = Patience()) {
        self.patience = patience
        self.connector = connector
        self.path = printable(path, limit: 120)
        self.endpoint = .unix(path: path)
    }

    /// Reads the ring's state and the backends, on one connection that is closed afterwards.
    ///
    /// `completion` is called exactly once, within some ten seconds.
    package func list(completion: @escaping (Result<Listing, DirectorFailure>) -> Void) {
        let asksForRing: Bool
        switch ring {
        case .unknown, .doubted, .answered: asksForRing = true
        case .unanswered(let since): asksForRing = Instant.now() - since >= Self.ringRetry
        }
        list(asksForRing: asksForRing, completion: completion)
    }

    /// Sends one command on a connection of its own, which is closed after the reply.
    ///
    /// No time limit: a held command answers after a minute, and moving users takes as long as it takes. `completion` is
    /// called exactly once; cancelling gives `abandoned`, or `notSent` where the command had not gone out.
    package func send(
        _ command: DirectorCommand, completion: @escaping (CommandReply) -> Void
    ) -> RunningConversation {
        connector.start(
            CommandConversation(command), at: endpoint, limits: Self.commandLimits, within: nil, completion: completion)
    }

    private func list(asksForRing: Bool, completion: @escaping (Result<Listing, DirectorFailure>) -> Void) {
        let time =
            switch ring {
            case .answered: patience.list
            case .unknown, .doubted, .unanswered: asksForRing ? patience.ring : patience.list
            }
        connector.start(
            ListConversation(asksForRing: asksForRing), at: endpoint, limits: Self.listLimits, within: time
        ) { outcome in
            switch outcome {
            case .listed(let listing):
                if asksForRing { self.ring = .answered }
                completion(.success(listing))
            case .ringUnanswered:
                switch self.ring {
                case .answered: completion(.failure(DirectorFailure("\(self.path): DIRECTOR-LIST: no answer")))
                case .unknown:
                    self.ring = .doubted
                    self.list(asksForRing: true, completion: completion)
                case .doubted, .unanswered:
                    self.ring = .unanswered(since: .now())
                    self.list(asksForRing: false, completion: completion)
                }
            case .failed(let failure):
                // It may be another director, or a newer one, when it comes back.
                if case .answered = self.ring {} else { self.ring = .unknown }
                completion(.failure(DirectorFailure("\(self.path): \(failure.text)")))
            }
        }
    }
}
