internal import Site

extension HostRecord {
    /// A HOST-DOWN, HOST-UP, HOST-UPDATE or HOST-FLUSH, until a list has shown what became of it.
    enum Command {
        case none
        /// The reply is awaited.
        case outstanding(DirectorCommand.Verb, sentAt: Instant)
        /// The reply has come: a list that is begun after it decides.
        case answered(DirectorCommand.Verb, CommandReply, sentAt: Instant, at: Instant)
        /// Given up: the director may hold it still, and run it later.
        case held(DirectorCommand.Verb, sentAt: Instant, until: Instant)

        var verb: DirectorCommand.Verb? {
            switch self {
            case .none: nil
            case .outstanding(let verb, _), .answered(let verb, _, _, _), .held(let verb, _, _): verb
            }
        }
    }

    /// How far this monitor's own HOST-DOWN has come.
    enum Ownership: Equatable {
        /// There is none: the backend is up, or others took it down.
        case none
        /// It is decided, and being written down.
        case decided(DownIntent)
        /// It is written down, and may be sent.
        case intended(DownIntent)
        /// A list has shown it.
        case own(DownIntent)

        /// What is to be written down of it.
        var intent: DownIntent? {
            switch self {
            case .none: nil
            case .decided(let intent), .intended(let intent), .own(let intent): intent
            }
        }

        /// Whether it waits for that.
        var isDecided: Bool {
            if case .decided = self { return true }
            return false
        }
    }
}
