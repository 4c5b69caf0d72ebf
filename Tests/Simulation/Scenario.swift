internal import DirectorAdmin
internal import Health
internal import Monitor
internal import Probes
internal import Site

/// All that is set before a run begins: who is there, and what happens to them.
package struct Scenario: Sendable {
    /// Something that happens to the world from outside.
    enum Happening: Hashable, Sendable {
        case condition(backend: Int, service: Int, Condition)
        case path(monitor: Int, backend: Int, Path)
        case trouble(monitor: Int, OwnTrouble)
        /// The backend belongs to another pool from now on.
        case tag(backend: Int, String)
        /// SIGSTOP, and SIGCONT after so long.
        case stall(monitor: Int, Duration)
        /// SIGKILL, and a new process after so long, which finds the old one's state file or none.
        case kill(monitor: Int, away: Duration, keepsState: Bool)
        /// Other settings are put in force.
        case reload(monitor: Int, Policy.Variant)
        case stopDirector(Int, Duration)
        case restartDirector(Int, away: Duration)
        /// All directors at once: every switch is forgotten.
        case restartRing
        /// So many commands and lists go wrong from now on, of a thousand.
        case mischief(Int)
        /// Updates take so much longer from one director to the next.
        case slowRing(Duration)
        case administrator(director: Int, backend: Int, Administration)
        /// Somebody begins a maintenance window at one monitor.
        case maintenance(monitor: Int, backend: Int, Duration, drains: Bool)
        case maintenanceEnd(monitor: Int, backend: Int)
        /// All of the above is over.
        case peace
    }

    /// What an administrator does with `doveadm director`.
    enum Administration: Hashable, Sendable {
        case down, up, remove, add
        /// `update`: 0 for maintenance.
        case weight(Int)
    }

    /// When, counted from the start, what.
    struct Entry: Hashable, Sendable {
        let at: Duration
        let what: Happening
    }

    let seed: UInt64
    let directors: Int
    let monitors: Int
    /// The tag of each backend at first.
    let tags: [String]
    let services: [Service]
    /// What the monitors start with.
    let variant: Policy.Variant
    /// In order of time.
    let script: [Entry]
    /// When the faults are over.
    let peace: Duration
    /// When the run ends.
    let end: Duration

    var backends: Int { tags.count }
}

extension Policy {
    /// The settings that a scenario varies.
    struct Variant: Hashable, Sendable {
        var interval = Duration.seconds(10)
        var timeout = Duration.seconds(3)
        var failuresNeeded = 3
        var deciding = Deciding()
        var isDryRun = false
        var removal = Removal.no

        func policy(_ services: [Service], monitor: Int) -> Policy {
            var options = PollOptions(clientName: "monitor\(monitor)")
            options.imap.selects = removal != .no
            options.imap.removal = removal
            return Policy(
                services: services, interval: interval, timeout: timeout, failuresNeeded: failuresNeeded,
                options: options, defaultAccount: Account(username: "test", password: Password("secret")),
                deciding: deciding, isDryRun: isDryRun, hasStateFile: true)
        }
    }
}
