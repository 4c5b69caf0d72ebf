package import DirectorAdmin
package import Probes
package import Site

/// What comes in, and what is to be done for it.
extension MonitorMachine {
    /// What the driver has to do.
    package enum Action: Hashable, Sendable {
        /// Poll a service; answer with `pollEnded`.
        case poll(PollID, PollPlan, within: Duration)
        /// Read the director; answer with `directorListed` or `directorFailed`.
        case list
        /// Send a command on a connection of its own; answer with `commandEnded`.
        case send(Reconciliation.CommandID, DirectorCommand)
        /// Close a command's connection; it is answered all the same.
        case abandon(Reconciliation.CommandID)
        /// Write the state down in place of all before it; answer with `saved`, also when it cannot be done. Where a later
        /// one is to be written before it was begun, it may be left out.
        case save(MonitorState, version: Int)
        /// Open an idle connection; answer with `sentinelStands` when the greeting is there, and with `sentinelEnded`.
        case openSentinel(SentinelID, PollPlan, within: Duration)
        /// Close it; it need not be answered any more.
        case closeSentinel(SentinelID)
        /// Tell people.
        case tell(MonitorEvent)
    }

    /// What can happen.
    package enum Event: Sendable {
        /// `nextWake` has come.
        case woke
        /// A poll has ended.
        case pollEnded(PollID, PollReport)
        /// The director has been read.
        case directorListed(Listing)
        /// The director could not be read.
        case directorFailed(DirectorFailure)
        /// A command's connection has ended.
        case commandEnded(Reconciliation.CommandID, CommandReply)
        /// The state of this version, or a later one, is written down; or it could not be.
        case saved(version: Int)
        /// A sentinel has read its greeting.
        case sentinelStands(SentinelID)
        /// A sentinel has ended.
        case sentinelEnded(SentinelID, SentinelEnd)
        /// The settings are others now.
        case policyChanged(Policy)
        /// Another director is asked from now on, or the same by another name; the former one's answers do not come any more.
        case directorChanged(isOther: Bool)
        /// What another run has left in the state file, which this one has only now come to have.
        case stateFound(MonitorState)
        /// A person leaves a backend to itself until a given time; nothing happens where `objection` has one.
        case maintenanceStarted(Maintenance, for: IPAddress)
        /// A person has ended that before its time.
        case maintenanceEnded(IPAddress, by: String)
        /// The machine was suspended for a while that the clock knows nothing of; comes before whatever else happens then.
        case suspended
    }

    /// Names a poll while it is under way.
    package struct PollID: Hashable, Sendable {
        /// The backend.
        package let address: IPAddress
        /// What is polled.
        package let service: Service
        /// Polls of a backend that was dropped meanwhile bear another number.
        let round: Int
    }

    /// Names an idle connection.
    package struct SentinelID: Hashable, Sendable {
        /// The backend.
        package let address: IPAddress
        /// No other has the same.
        let number: Int
    }
}
