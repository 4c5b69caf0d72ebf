/// What holds at every step of every run.
package enum Invariant: String, CaseIterable, Sendable {
    /// Polls are what the settings say: their accounts, their time, and what they remove.
    case pollsAsSet
    /// A service of a backend is polled once at a time, and rounds are not started without a pause.
    case pollsPaced
    /// Each backend that is listed is polled once an interval.
    case pollsGoOn
    /// Commands rest on a list of a synced ring that is a second old at most.
    case freshList
    /// Commands bring a switch to another state than the list shows.
    case commandNeeded
    /// HOST-DOWN follows as many failures in a row as are needed, HOST-UP as many good rounds.
    case evidence
    /// No command for a backend whose weight is 0, or that is in a maintenance window, but those that drain it and give it
    /// back its weight behind it; no alarm either, and the window ends in time.
    case maintenance
    /// Weights are changed on the way to the one that there was, and end there, or where an administrator has set them. What was
    /// drained gets users again in time, when it polls well.
    case weights
    /// One command at a time for a backend; one that was given up counts for a minute.
    case oneCommand
    /// At most eight connections with commands, four of them to move users.
    case connections
    /// Users are moved only after this monitor's own HOST-DOWN.
    case usersOfOwnDowns
    /// A dry run sends nothing.
    case dryRun
    /// A HOST-DOWN leaves as many backends of the pool as are to be left, each known to be healthy by polls that were started
    /// after the candidate had begun to fail.
    case poolGuard
    /// When everything fails at once for a monitor, it marks nothing down for that, not a backend either that had begun to
    /// fail before: not unless that has failed often enough, once at least, when others could be polled.
    case everythingAtOnce
    /// A HOST-DOWN and a HOST-UPDATE are written down before they are sent.
    case stateFirst
    /// Where only own downs are ended, HOST-UP follows an own HOST-DOWN, which a restart does not forget.
    case ownDowns
    /// At most four changes of a backend in ten minutes while monitors see it differently.
    case noWar
    /// The changes of a backend that are told alternate, and are those that the director lists.
    case alerts
    /// A change of this monitor's own is told within seconds of the reply.
    case alertsInTime
    /// A faulty backend is down in time.
    case downInTime
    /// A healthy backend is up in time.
    case upInTime
    /// No HOST-DOWN for a backend that has been healthy for long.
    case falseDown
    /// When the faults are over, every backend is as it should be, and the directors agree.
    case convergence
    /// The machine does not ask to be woken without a pause.
    case rest
}

/// An invariant that did not hold.
package struct Violation: Hashable, Sendable {
    /// Which.
    package let invariant: Invariant
    /// What happened, in one line.
    package let text: String
}
