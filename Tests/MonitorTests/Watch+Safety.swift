import DirectorAdmin
import Health
import Monitor
import Site

extension Policy {
    func deciding(_ change: (inout Deciding) -> Void) -> Policy {
        var policy = self
        change(&policy.deciding)
        return policy
    }

    func keepingState() -> Policy {
        var policy = self
        policy.hasStateFile = true
        return policy
    }
}

extension Watch {
    var switches: [String] {
        sent.filter { $0.verb == .hostDown || $0.verb == .hostUp }.map { "\($0.verb.rawValue) \($0.spelling)" }
    }

    /// Others turn a backend's switch.
    mutating func others(_ number: Int, _ state: HostState) {
        rows = rows.map { $0.address == row(number).address ? row(number, state) : $0 }
    }

    var failedPolls: Int { told.count { if case .pollFailed = $0 { true } else { false } } }

    var guardAlerts: [GuardedDowns] {
        told.compactMap { if case .director(.guardWithholds(let reason)) = $0 { reason } else { nil } }
    }

    var holds: [Raising.Hold] {
        told.compactMap { if case .leftDown(_, let hold) = $0 { hold } else { nil } }
    }
}
