package import DirectorAdmin
package import Monitor
internal import Site

/// A change of a backend's switch that this dovemon made and the director confirmed: what `beupdatescript` is told.
package struct BackendUpdate: Hashable, Sendable {
    /// The backend's address, as the director spells it.
    package let backend: String
    /// The state that it has now.
    package let state: HostState
    /// The backend's tag; empty without one.
    package let tag: String
    /// The protocol that failed, `imap` for example, also when the backend is up again; nil when it is not known.
    package let mailProtocol: String?
    /// What was wrong in one line, also when the backend is up again; nil when it is not known.
    package let reason: String?

    /// Makes an update.
    package init(
        backend: String, state: HostState, tag: String = "", mailProtocol: String? = nil, reason: String? = nil
    ) {
        self.backend = backend
        self.state = state
        self.tag = tag
        self.mailProtocol = mailProtocol
        self.reason = reason
    }

    /// What an event means for the script; nil where it means nothing.
    ///
    /// The changes of others, administrators or monitors, are not this one's to announce: the original is silent about
    /// them too, and with a monitor beside each director a script would run once for each of them.
    /// A change that is confirmed in a maintenance window is one as well: what was told before must not stay wrong.
    package init?(_ event: MonitorEvent) {
        if case .underMaintenance(let inner) = event {
            self.init(inner)
            return
        }
        guard case .stateChanged(let host, let cause, let fault) = event, cause != .foreign, let state = host.state
        else { return nil }
        self.init(
            backend: host.spelling, state: state,
            // A tag comes from the director, and an environment cannot hold every character.
            tag: printable(host.tag), mailProtocol: fault?.service.mailProtocol.rawValue,
            reason: fault?.streak.latest.reason)
    }

    /// What the script finds in its environment, but for PATH.
    var environment: [String: String] {
        [
            "DOVEMON_BACKEND": backend, "DOVEMON_STATE": state.rawValue, "DOVEMON_TAG": tag,
            "DOVEMON_PROTOCOL": mailProtocol ?? "", "DOVEMON_REASON": reason ?? "",
        ]
    }
}

extension PollFailure {
    /// The failure in one line: `connect refused: Connection refused`, `login rejected [UNAVAILABLE]: …`.
    fileprivate var reason: String {
        "\(phase.rawValue) \(kind.rawValue)\(code.map { " [\($0)]" } ?? ""): \(text)"
    }
}
