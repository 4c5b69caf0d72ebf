internal import Check
internal import DirectorAdmin
internal import Health
package import Monitor
package import Site

/// What the monitor knew at one moment; the documents are made of it, where that holds nobody up.
package struct Snapshot: Sendable {
    /// One backend.
    package struct Backend: Sendable {
        /// How it stands.
        package let status: BackendStatus
        /// What is remembered of it; nil before its first poll.
        package let record: Chronicle.Backend?

        /// Makes one.
        package init(status: BackendStatus, record: Chronicle.Backend?) {
            self.status = status
            self.record = record
        }
    }

    /// How the monitor and its director stand.
    package let status: MonitorStatus
    /// The backends, in the director's order.
    package let backends: [Backend]
    /// The moment.
    package let moment: Moment

    /// Makes a snapshot.
    package init(status: MonitorStatus, backends: [Backend], moment: Moment) {
        self.status = status
        self.backends = backends
        self.moment = moment
    }
}

/// A moment by both clocks.
package struct Moment: Hashable, Sendable {
    /// By the clock that decides.
    package let instant: Instant
    /// By the clock on the wall.
    package let time: LogTime

    /// Makes a moment.
    package init(_ instant: Instant, _ time: LogTime) {
        self.instant = instant
        self.time = time
    }

    /// Another moment on the wall's clock.
    func time(of other: Instant) -> LogTime {
        LogTime(milliseconds: time.milliseconds + Int((other - instant).nanoseconds / 1_000_000))
    }

    /// The same as text; nil for what never comes.
    func text(of other: Instant) -> String? { other == .distantFuture ? nil : time(of: other).iso8601 }
}

extension Snapshot {
    /// How everything stands; sorted by tag, then by address.
    package var document: StatusDocument {
        let sorted = backends.sorted {
            ($0.status.host.tag, $0.status.host.address) < ($1.status.host.tag, $1.status.host.address)
        }
        return StatusDocument(
            revision: status.revision, time: moment.time.iso8601, version: dovemonVersion,
            startedAt: status.startedAt.iso8601, dryRun: status.isDryRun, intervalSeconds: status.interval.inSeconds,
            director: DirectorDocument(status), ring: RingDocument(status),
            guards: status.withheldPools.map {
                GuardDocument(
                    tag: printable($0.tag), withheld: $0.withheld, healthy: $0.healthy, needed: $0.needed,
                    pool: $0.pool, since: moment.time(of: $0.since).iso8601)
            },
            backends: sorted.map { $0.document(at: moment) })
    }
}

extension Snapshot.Backend {
    /// How it stands.
    package func document(at moment: Moment) -> BackendDocument {
        let host = status.host
        return BackendDocument(
            address: host.spelling, tag: printable(host.tag), vhosts: host.vhosts, users: host.users,
            state: host.state?.rawValue, healthy: status.isHealthy, failures: status.failures, needed: status.needed,
            reason: status.reason?.text, maintenance: status.maintenance.map { MaintenanceDocument($0, at: moment) },
            guarded: status.isGuarded, hold: status.hold.map(HoldDocument.init),
            slowStart: status.slowStart.map { SlowStartDocument(vhosts: $0.vhosts, target: $0.target) },
            ownDown: status.isOwnDown,
            lastChange: record?.lastChange.map(ChangeDocument.init) ?? ChangeDocument(listed: host),
            latency: (record?.history.latency(at: moment.instant)).map {
                LatencyDocument(
                    medianMilliseconds: $0.median.roundedMilliseconds, p99Milliseconds: $0.p99.roundedMilliseconds)
            },
            nextPollAt: status.nextPoll.flatMap(moment.text))
    }

    /// How it was in the last 24 hours.
    package func history(at moment: Moment) -> HistoryDocument {
        let steps = (record?.history ?? BackendHistory()).steps(at: moment.instant)
        return HistoryDocument(
            stepSeconds: BackendHistory.step.inSeconds,
            end: moment.time(of: BackendHistory.stepEnd(at: moment.instant)).iso8601, states: steps.letters,
            latencyMilliseconds: steps.medians.map { $0?.roundedMilliseconds })
    }

    /// All that is known of it, as the monitor stands; `failed` and `entries` are the oldest first.
    package func detail(
        of monitor: MonitorStatus, failed: [FailedPoll], _ entries: [Chronicle.Entry], at moment: Moment
    ) -> DetailDocument {
        let polls = (record?.polls ?? [:]).sorted { $0.key.port < $1.key.port }
        return DetailDocument(
            backend: document(at: moment), director: DirectorDocument(monitor), ring: RingDocument(monitor),
            dryRun: monitor.isDryRun, delayedDown: status.downDelay.map(DelayedDownDocument.init),
            polls: polls.map { PollDocument($0.key, $0.value.report, time: $0.value.time.iso8601) },
            failedPolls: failed.map {
                PollDocument($0.service, $0.report, time: moment.time(of: $0.endedAt).iso8601)
            },
            history: history(at: moment), events: entries.map { $0.line.values(at: $0.time) })
    }
}

extension DirectorDocument {
    fileprivate init(_ status: MonitorStatus) {
        self.init(
            connected: status.contactSince != nil && status.failure == nil, since: status.contactSince?.iso8601,
            lastListAt: status.listedAt?.iso8601, error: status.failure?.text)
    }
}

extension RingDocument {
    fileprivate init(_ status: MonitorStatus) { self.init(state: status.ring?.text ?? "unknown") }
}

extension DelayedDownDocument {
    fileprivate init(_ delay: DownDelay) {
        self.init(seconds: delay.remaining.inSeconds.rounded(), withheld: delay.isWithheld)
    }
}

extension MaintenanceDocument {
    init(_ kind: MaintenanceKind, at moment: Moment) {
        switch kind {
        case .ordered(let window, let isKept):
            self.init(
                kind: "ordered", by: window.who, reason: window.reason.isEmpty ? nil : window.reason,
                since: moment.time(of: window.since).iso8601, until: moment.time(of: window.until).iso8601,
                drain: window.drains, kept: isKept)
        case .weight: self.init(kind: "weight", by: nil, reason: nil, since: nil, until: nil, drain: false, kept: nil)
        }
    }
}

extension HoldDocument {
    fileprivate init(_ hold: Raising.Hold) {
        switch hold {
        case .notOwn: self.init(kind: "not_own", seconds: nil)
        case .war(let time): self.init(kind: "war", seconds: time.inSeconds.rounded())
        case .flapping(_, let time): self.init(kind: "flapping", seconds: time.inSeconds.rounded())
        }
    }
}

extension ChangeDocument {
    /// What the director says of a change that this run has not seen; nil where there never was one.
    init?(listed host: Host) {
        // A foreign number: up to the end of the year 9999.
        guard (1...253_402_300_799).contains(host.lastChange) else { return nil }
        self.init(
            time: LogTime(milliseconds: host.lastChange * 1_000).iso8601, state: host.state?.rawValue, by: nil,
            reason: nil)
    }

    fileprivate init(_ change: Chronicle.Change) {
        self.init(
            time: change.time.iso8601, state: change.state?.rawValue, by: change.isOwn ? "dovemon" : "others",
            reason: change.reason?.text)
    }
}
