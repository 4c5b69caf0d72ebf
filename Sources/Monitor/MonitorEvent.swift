package import DirectorAdmin
package import Health
package import Site

/// Something that happened, for people: each becomes a line in the log.
package indirect enum MonitorEvent: Hashable, Sendable {
    /// A poll succeeded.
    case pollSucceeded(backend: String, Service, PollReport)
    /// A poll failed; `failures` are those in a row of this service, of `needed` that make it faulty.
    case pollFailed(backend: String, Service, PollReport, PollFailure, failures: Int, needed: Int)
    /// A poll failed by what is no fault of the backend's: the own machine was in the way, or the backend has answered, and
    /// what is behind it is in trouble. The former is news once for each of its troubles, and again after five minutes: when
    /// this machine is ill, all polls say the same.
    case pollUndetermined(backend: String, Service, PollFailure, isNews: Bool)
    /// A poll noticed something that is no failure; told when the poll before did not notice it.
    case pollWarned(backend: String, Service, PollWarning)
    /// A poll of a rapid stage failed; `stage` is how the stage now stands.
    case rapidPollFailed(backend: String, Service, PollReport, PollFailure, BackendHealth.RapidStage)
    /// Too few polls of a rapid stage failed: the service is not faulty, and counting begins anew.
    case rapidStagePassed(backend: String, Service, BackendHealth.RapidStage)
    /// A backend has become faulty.
    case backendFaulty(backend: String, Fault, FaultConsequence)
    /// A backend is healthy and down, and is left so; told once.
    case leftDown(backend: String, Raising.Hold)
    /// What is told of any backend, of one that is under maintenance, by its weight or by a window: nobody's alarm.
    case underMaintenance(MonitorEvent)
    /// A person leaves a backend to itself, until so many seconds since 1970; `isExtended` where a window went on already.
    case maintenanceStarted(backend: String, Maintenance, until: Int, isExtended: Bool)
    /// That is over: somebody has ended it, or nobody, and its time has come.
    case maintenanceEnded(backend: String, Maintenance, by: String?)
    /// One of the failed polls that led to it, so long ago, with its transcript; follows `backendFaulty`.
    case failedPollRecalled(backend: String, FailedPoll, ago: Duration)
    /// More polls are due than can be under way.
    case pollsWaiting(PollsWaiting)
    /// A backend's idle connection has broken, and it is polled for that; the words are the system's or the server's.
    case sentinelLost(backend: String, String)
    /// Again a poll has failed beside a backend's idle connection, and none succeeded: it has no more of them.
    case sentinelGivenUp(backend: String)
    /// There are more backends than descriptors for idle connections.
    case sentinelsShort(SentinelShortage)
    /// A backend's switch has changed, as HOST-LIST shows; `fault` is what is, or was, wrong with it, as far as known.
    case stateChanged(Host, ChangeCause, Fault?)
    /// What else happened at the director.
    case director(DirectorEvent)
    /// There is a test account for an address that the director does not list.
    case accountWithoutBackend(IPAddress)
    /// The state could not be written down, for this reason; nil: it can be again. Told once each.
    case stateSaved(String?)
    /// The settings were read again and are in force.
    case settingsChanged
}

/// What follows when a backend becomes faulty.
package enum FaultConsequence: Hashable, Sendable {
    /// HOST-DOWN, as soon as the director can take it.
    case down
    /// HOST-DOWN after so long, unless it recovers.
    case delayedDown(Duration)
    /// Nothing: the director has it down already.
    case alreadyDown
    /// Nothing: an administrator has taken it out by its weight, or it is in a maintenance window.
    case maintenance
    /// Nothing but a line of what would be sent.
    case dryRun
}

/// What is wrong with a backend: the service that has been failing longest.
package struct Fault: Hashable, Sendable {
    /// What was polled.
    package let service: Service
    /// How often and since when it failed, and why the last time.
    package let streak: BackendHealth.Streak
    /// From the first failure to the moment of telling.
    package let lasting: Duration

    /// Makes a fault.
    package init(service: Service, streak: BackendHealth.Streak, lasting: Duration) {
        self.service = service
        self.streak = streak
        self.lasting = lasting
    }
}
