internal import DirectorAdmin
package import Monitor
internal import Site

/// What the daemon watches, in one line for `systemctl status`: `watching 12 backends, 1 down`.
package struct StatusLine: Hashable, Sendable {
    private var backends: [IPAddress: HostState?] = [:]
    private var downCount = 0
    private var isDirectorAway = false

    /// The line of a monitor that knows nothing yet.
    package init() {}

    /// Takes in what happened.
    package mutating func follow(_ event: MonitorEvent) {
        switch event {
        case .stateChanged(let host, _, _), .director(.hostAppeared(let host)), .director(.stateChanged(let host, _)):
            set(host.address, host.state)
        case .director(.hostDisappeared(let host)):
            set(host.address, nil)
            backends[host.address] = nil
        case .underMaintenance(let event): follow(event)
        case .director(.lost), .director(.stillAway): isDirectorAway = true
        case .director(.back): isDirectorAway = false
        default: break
        }
    }

    /// The line.
    package var text: String {
        let watched = "watching \(backends.count) backend\(backends.count == 1 ? "" : "s"), \(downCount) down"
        return isDirectorAway ? watched + "; the director is away" : watched
    }

    private mutating func set(_ address: IPAddress, _ state: HostState?) {
        if case .some(.down) = backends[address] { downCount -= 1 }
        if state == .down { downCount += 1 }
        backends[address] = .some(state)
    }
}
