package import DirectorAdmin
internal import Site

/// How the monitor, its director and the ring stand now, for people who ask; the backends are asked for one by one.
package struct MonitorStatus: Sendable {
    /// Grows with each visible change.
    package let revision: Int
    /// When this run began.
    package let startedAt: LogTime
    /// Whether commands are only logged.
    package let isDryRun: Bool
    /// Between the starts of two rounds of one backend.
    package let interval: Duration
    /// Whether the director could be read the last time it was asked, and since when that is so; nil before that.
    package let contactSince: LogTime?
    /// When it was last read.
    package let listedAt: LogTime?
    /// Why it could not be read; nil when it could.
    package let failure: DirectorFailure?
    /// The ring's state as last read; nil when it is not known.
    package let ring: RingState?
    /// The pools in which the pool guard withholds HOST-DOWNs.
    package let withheldPools: [WithheldPool]
    /// The backends as last listed.
    package let hosts: [Host]

    /// Another one with each visible change, and in each run.
    package let tag: String

    init(_ machine: MonitorMachine, _ chronicle: Chronicle) {
        tag = chronicle.tag
        revision = chronicle.revision
        startedAt = chronicle.startedAt
        isDryRun = machine.policy.isDryRun
        interval = machine.policy.interval
        contactSince = chronicle.contactSince
        listedAt = chronicle.lastList?.time
        failure = machine.directorFailure
        ring = machine.ring
        withheldPools = machine.withheldPools
        hosts = machine.hosts
    }
}
