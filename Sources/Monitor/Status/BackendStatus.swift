package import DirectorAdmin
package import Health
package import Site

/// How one backend stands now, for people who ask.
package struct BackendStatus: Hashable, Sendable {
    /// As the director lists it.
    package var host: Host
    /// By the polls; nil when nothing is known yet, or when it fails, but not often enough.
    package var isHealthy: Bool?
    /// How often the service that fails most has failed in a row.
    package var failures: Int
    /// Why it fails, or was taken down; nil when it does not fail, and when that is not known.
    package var reason: Reason?
    /// So many failed polls in a row make it faulty.
    package var needed: Int
    /// Whether a HOST-DOWN for it is withheld by the pool guard.
    package var isGuarded: Bool
    /// How its HOST-DOWN is put off; nil when it is not.
    package var downDelay: DownDelay?
    /// Why it is left down although it polls well; nil when it is not.
    package var hold: Raising.Hold?
    /// Why it is left alone; nil when it is not.
    package var maintenance: MaintenanceKind?
    /// How far it has come back by steps; nil when it does not.
    package var slowStart: SlowStartStatus?
    /// Whether it was this monitor that took it down.
    package var isOwnDown: Bool
    /// When it is polled next; nil while it is being polled.
    package var nextPoll: Instant?

    /// A failure, and the service whose it is.
    package struct Reason: Hashable, Sendable {
        /// What was polled.
        package let service: Service
        /// Why that failed.
        package let failure: PollFailure

        /// In one line: `imap:143 connect refused: Connection refused`.
        package var text: String {
            let code = failure.code.map { " [\($0)]" } ?? ""
            return
                "\(service.mailProtocol.rawValue):\(service.port) \(failure.phase.rawValue) \(failure.kind.rawValue)\(code): "
                + failure.text
        }
    }
}
