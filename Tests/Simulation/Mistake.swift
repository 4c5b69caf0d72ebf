internal import DirectorAdmin

/// A mistake that is built in on purpose, between the monitor's machine and the world: the run has to find it.
package enum Mistake: String, CaseIterable, Sendable {
    /// The machine never hears of the replies to its commands.
    case repliesUnread = "replies-unread"
    /// Each HOST-DOWN is sent twice.
    case downTwice = "down-twice"
    /// Each HOST-UP is sent twice.
    case upTwice = "up-twice"
    /// The machine takes every ring for synced.
    case ringIgnored = "ring-ignored"
    /// The machine takes every weight for 100.
    case maintenanceIgnored = "maintenance-ignored"
    /// The machine reads the list before the last one.
    case listStale = "list-stale"
    /// Changes of switches are not told one time in four.
    case alertLost = "alert-lost"
    /// Changes of switches are told twice.
    case alertTwice = "alert-twice"
    /// What the own machine's trouble does to polls counts against the backends.
    case ownTroubleCounts = "own-trouble-counts"
    /// A dry run is none.
    case dryRunSends = "dry-run-sends"
    /// The machine never hears of the end of one poll in a hundred.
    case pollLost = "poll-lost"
    /// The first failure counts, whatever the settings say.
    case oneFailureCounts = "one-failure-counts"
    /// Polls remove all mail.
    case removesAll = "removes-all"
    /// Commands come too late by two intervals.
    case downLate = "down-late"
    /// HOST-UPs are not sent, and said to be.
    case upSwallowed = "up-swallowed"
    /// Commands that are given up are not closed.
    case neverAbandons = "never-abandons"
    /// Users of every backend that is listed down are moved away.
    case movesOthersUsers = "moves-others-users"
    /// The pool guard is off.
    case guardOff = "guard-off"
    /// Once a backend polls well after everything had failed, the pool guard is off for a while.
    case outageForgotten = "outage-forgotten"
    /// What had not failed yet before everything did is well, as far as the machine hears: as if others were not looked at
    /// behind the last failure.
    case outageUnseen = "outage-unseen"
    /// Nothing is written down, and said to be.
    case stateUnwritten = "state-unwritten"
    /// The state file is not read at the start.
    case stateUnread = "state-unread"
    /// A quarrel with another monitor is none.
    case warIgnored = "war-ignored"
    /// A restart forgets what weights backends are to have.
    case weightsForgotten = "weights-forgotten"
    /// A restart forgets maintenance windows.
    case windowsForgotten = "windows-forgotten"
    /// The machine never hears of maintenance windows.
    case windowIgnored = "window-ignored"
    /// The weight of a backend that was drained is not restored.
    case drainsKept = "drains-kept"
    /// Slow start never ends.
    case slowStartEndless = "slow-start-endless"
    /// Other settings reach the machine only after a while.
    case settingsLate = "settings-late"
    /// What others took down is put up, whatever the settings say.
    case othersDownsEnded = "others-downs-ended"
}

extension Host {
    /// The same with the usual weight.
    var inService: Host {
        Host(
            address: address, spelling: spelling, vhosts: 100, users: users, tag: tag, state: state,
            lastChange: lastChange)
    }
}
