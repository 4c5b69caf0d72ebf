internal import Site

/// Troubles that count against nobody and that every poll would tell again: each is news once, and again after five minutes.
struct ToldTroubles: Sendable {
    /// Whose trouble it is.
    enum Owner: Hashable, Sendable {
        /// This machine's: when it is ill, the polls of all backends say the same.
        case machine
        /// One backend's: its name cannot be looked up, for example, or its test account is rejected.
        case backend(IPAddress, Service, FailureKind)
    }

    private var told: [Owner: Instant] = [:]
    private static let reminder = Duration.seconds(300)

    /// A poll has met with it; gives whether people are to hear of it.
    mutating func isNews(_ failure: PollFailure, _ address: IPAddress, _ service: Service, at now: Instant) -> Bool {
        let isMachines = failure.meaning == .nothing && failure.phase != .resolve
        let owner = isMachines ? Owner.machine : .backend(address, service, failure.kind)
        if let last = told[owner], now - last < Self.reminder { return false }
        told[owner] = now
        return true
    }

    /// A poll of the service has ended otherwise.
    mutating func over(_ address: IPAddress, _ service: Service) {
        guard !told.isEmpty else { return }
        for kind in FailureKind.allCases { told[.backend(address, service, kind)] = nil }
    }
}
