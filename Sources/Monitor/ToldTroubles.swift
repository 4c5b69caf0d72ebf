internal import Site

/// Troubles that count against nobody and that every poll would tell again: each is news once, and again after five minutes.
struct ToldTroubles: Sendable {
    private struct Trouble: Hashable, Sendable {
        let service: Service
        let kind: FailureKind
    }

    private static let reminder = Duration.seconds(300)

    /// So many troubles of this machine are told apart; one more stands for all others.
    private static let limit = 8

    /// This machine's, by what is said of them: when it is ill, the polls of all backends say the same.
    private var machine: [String: Instant] = [:]
    /// Those of single backends: a name that cannot be looked up, for example, or a test account that is rejected.
    private var backends: [IPAddress: [Trouble: Instant]] = [:]

    /// A poll has met with it; gives whether people are to hear of it.
    mutating func isNews(_ failure: PollFailure, _ address: IPAddress, _ service: Service, at now: Instant) -> Bool {
        guard failure.meaning == .nothing, failure.phase != .resolve else {
            return Self.isNews(&backends[address, default: [:]][Trouble(service: service, kind: failure.kind)], now)
        }
        return Self.isNews(&machine[name(of: failure.text, at: now)], now)
    }

    /// What a poll says of this machine as all others of its trouble say it: from a number on they differ, for that is how
    /// long the process was stopped, or where the connection was to lead.
    private mutating func name(of text: String, at now: Instant) -> String {
        let name = String(text.prefix { !$0.isNumber })
        if machine[name] == nil { machine = machine.filter { now - $0.value < Self.reminder } }
        return machine[name] != nil || machine.count < Self.limit ? name : ""
    }

    /// A poll of the service has ended otherwise.
    mutating func over(_ address: IPAddress, _ service: Service) {
        guard let left = backends[address]?.filter({ $0.key.service != service }) else { return }
        backends[address] = left.isEmpty ? nil : left
    }

    /// The backend is not listed any more.
    mutating func forget(_ address: IPAddress) { backends[address] = nil }

    private static func isNews(_ told: inout Instant?, _ now: Instant) -> Bool {
        if let told, now - told < reminder { return false }
        told = now
        return true
    }
}
