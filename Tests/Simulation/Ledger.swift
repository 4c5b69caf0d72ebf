internal import DirectorAdmin
internal import Monitor
internal import Site

/// What the referee has seen of one monitor's process: kept by plain counting, so that it is no copy of what it judges.
struct Ledger {
    /// A list that the monitor has read.
    struct List {
        var ring: RingState?
        /// The row of each backend; nil where it is not listed.
        var rows: [Host?]
        var startedAt: Instant
        var receivedAt: Instant
    }

    struct Command {
        let backend: Int
        let verb: DirectorCommand.Verb
    }

    /// One service of a backend.
    struct Polls {
        var isOut = false
        var startedAt: Instant?
        var endedAt: Instant?
        /// Failures in a row that count.
        var failures = 0
        /// Whether the latest of them was of a rejected account.
        var isRejectedLast = false
        /// When the first of them had ended.
        var failedAt: Instant?
        /// Failures since `failedAt`, the good ones of a rapid stage among them left out.
        var failuresInAll = 0
        /// Whether one of them was begun when everything failed for the monitor.
        var failedWithAll = false
        /// How many there were with the latest that was begun when others could be polled well.
        var failuresByItself = 0
        /// When the latest failure that counts was begun.
        var failureBegunAt = Instant.origin
        /// When the latest success was begun.
        var goodSince: Instant?
        /// Whether it is failing with its account rejected, whatever logins of other services do.
        var isRejecting: Bool { failures > 0 && isRejectedLast }
    }

    struct Backend {
        var polls: [Polls]
        /// Whether a poll of the round that is going on has failed.
        var roundFailed = false
        var goodRounds = 0
        var roundStartedAt: Instant?
        /// When it was last told that others have put it up.
        var raisedByOthersAt = Instant.origin
        /// When it was last told to be faulty.
        var toldFaultyAt: Instant?
        /// The state that was last told; nil for a backend that is not known.
        var told: HostState?
        var isKnown = false
        var knownSince = Instant.origin
        /// A command whose reply came at this moment: only a list that was begun later shows what came of it.
        var repliedAt = Instant.origin
        /// A command that was given up counts until then.
        var heldUntil = Instant.origin
        /// The same of a HOST-DOWN alone.
        var downHeldUntil = Instant.origin
        /// A HOST-DOWN that the former process had under way counts until then, or until a list shows it.
        var formerDownUntil = Instant.origin
        /// The same of a move of users.
        var moveHeldUntil = Instant.origin
        /// Whether this process has sent a HOST-DOWN since the backend was last listed up.
        var isOwnDown = false
        /// Whether this process was the last to put it up.
        var isRaised = false
        /// When others took it down that this process had put up, and that was not faulty by its polls.
        var quarrels: [Instant] = []
        /// Whether its test account was rejected, and no login has succeeded since.
        var isRejected = false
        /// A hold on its HOST-UP that was told, until then.
        var heldDownUntil = Instant.origin
        /// How long it has to be healthy without a break, with a margin; nil when it is not known to flap.
        var flapHold: Duration?
        /// When the pool guard last had too few others.
        var guardedAt = Instant.origin
        /// The maintenance window that goes on at this monitor.
        var window: Maintenance?
        /// The weight that it had before this monitor changed it.
        var weightBefore: Int?
        /// The latest weight of those that it may have in the end that this monitor has read.
        var wholeWeight: Int?
        /// Whether this monitor has set its weight to 0.
        var isDrained = false
        /// What is to be told of an own change, whose reply came then.
        var owed: (state: HostState, at: Instant)?
        /// Nothing has excused this backend's being late since then.
        var calmSince = Instant.origin
        /// What has been true of it for how long.
        var truth = Truth.unclear
        var truthSince = Instant.origin
        var version = -1
    }

    var backends: [Backend]
    var commands: [Int: Command] = [:]
    var list: List?
    /// Nothing has excused the monitor's being late since then.
    var calmSince: Instant
    /// When the settings were last changed by a reload.
    var settingsSince = Instant.origin

    init(backends: Int, services: Int, at now: Instant) {
        self.backends = Array(
            repeating: Backend(polls: Array(repeating: Polls(), count: services)), count: backends)
        calmSince = now
    }

    func switches(of backend: Int) -> Int {
        commands.values.count { $0.backend == backend && $0.verb != .hostResetUsers }
    }

    func moves(of backend: Int) -> Int {
        commands.values.count { $0.backend == backend && $0.verb == .hostResetUsers }
    }
}
