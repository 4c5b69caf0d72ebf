package import DirectorAdmin
package import Site

/// What has happened so far, for people who ask later: nothing of it decides anything.
package struct Chronicle: Sendable {
    /// Something that happened.
    package struct Entry: Hashable, Sendable {
        /// When.
        package let time: LogTime
        /// What.
        package let line: LogLine
    }

    /// A poll that has ended.
    package struct Poll: Hashable, Sendable {
        /// When.
        package let time: LogTime
        /// How; without its transcript.
        package fileprivate(set) var report: PollReport
    }

    /// A change of a backend's switch.
    package struct Change: Hashable, Sendable {
        /// When it was seen.
        package let time: LogTime
        /// What it was changed to.
        package let state: HostState?
        /// Whether it was this monitor's command.
        package let isOwn: Bool
        /// What was wrong with the backend; nil when nothing was, or when that is not known.
        package let reason: BackendStatus.Reason?
    }

    /// What is remembered of one backend.
    package struct Backend: Sendable {
        /// The last 24 hours.
        package fileprivate(set) var history = BackendHistory()
        /// The latest poll of each service.
        package fileprivate(set) var polls: [Service: Poll] = [:]
        /// The latest change of its switch in this run.
        package fileprivate(set) var lastChange: Change?
        private var condition = BackendCondition.unknown

        fileprivate mutating func pollEnded(
            _ service: Service, _ poll: Poll, _ condition: BackendCondition, latency: Duration?, at now: Instant
        ) -> Bool {
            let former = polls.updateValue(poll, forKey: service)
            // A poll that fails before has not shown another one.
            if poll.report.certificateExpiry == nil, let expiry = former?.report.certificateExpiry {
                polls[service]?.report.certificateExpiry = expiry
            }
            return note(condition, latency: latency, at: now)
        }

        /// Takes in how it stands; gives whether that is another condition than before.
        fileprivate mutating func note(_ next: BackendCondition, latency: Duration?, at now: Instant) -> Bool {
            history.note(next, latency: latency, at: now)
            defer { condition = next }
            return condition != next
        }
    }

    /// So many events are remembered of all backends together.
    package static let entryLimit = 10_000

    /// When this run began.
    package let startedAt: LogTime
    /// Grows with each visible change; that polls take their time, and users come and go, is none.
    package private(set) var revision = 0
    /// Another one with each visible change, and in each run.
    package var tag: String { "\(startedAt.milliseconds)-\(revision)" }
    /// When the director was last read.
    package private(set) var lastList: (at: Instant, time: LogTime)?
    /// Since when it can be read, or cannot; nil before it was first asked.
    package private(set) var contactSince: LogTime?
    /// Whether it could be read the last time; nil before it was first asked.
    package private(set) var isInContact: Bool?
    private var journal = Journal(limit: Chronicle.entryLimit)
    private var backends: [IPAddress: Backend] = [:]

    /// Nothing has happened yet.
    package init(startedAt: LogTime) { self.startedAt = startedAt }

    /// What is remembered of a backend; nil before its first poll.
    package subscript(address: IPAddress) -> Backend? { backends[address] }

    /// The latest events, of one backend or of all, the oldest first, at most so many.
    package func entries(of backend: String? = nil, atMost limit: Int) -> [Entry] {
        journal.latest(of: backend, atMost: limit)
    }
}

// MARK: - What happens

extension Chronicle {
    /// A poll has ended, and its backend now stands like this.
    package mutating func pollEnded(
        _ service: Service, of address: IPAddress, _ report: PollReport, _ condition: BackendCondition, at now: Instant,
        _ time: LogTime
    ) {
        var report = report
        report.transcript = nil
        let latency = report.succeeded ? report.duration : nil
        let isNews = backends[address, default: Backend()].pollEnded(
            service, Poll(time: time, report: report), condition, latency: latency, at: now)
        if isNews { revision += 1 }
    }

    /// These services are polled from now on, and no others.
    package mutating func servicesChanged(to services: [Service]) {
        backends = backends.mapValues { backend in
            var backend = backend
            backend.polls = backend.polls.filter { services.contains($0.key) }
            return backend
        }
    }

    /// The director was read, or could not be.
    package mutating func directorAsked(isHeard: Bool, at now: Instant, _ time: LogTime) {
        if isHeard { lastList = (now, time) }
        guard isInContact != isHeard else { return }
        isInContact = isHeard
        contactSince = time
        revision += 1
    }

    /// A command has been sent.
    package mutating func sent(_ command: DirectorCommand, at time: LogTime) {
        var fields = LogFields(command.spelling)
        fields.add("command", command.verb.rawValue)
        fields.add("vhosts", command.vhosts.map(String.init))
        keep(LogLine(.debug, "command_sent", fields), at: time)
    }

    /// A command's connection has ended.
    package mutating func ended(_ command: DirectorCommand, _ reply: CommandReply, at time: LogTime) {
        var fields = LogFields(command.spelling)
        fields.add("command", command.verb.rawValue)
        fields.add("reply", reply.text)
        keep(LogLine(.debug, "command_answered", fields), at: time)
    }

    /// People were told of something, and the backend that it is about, if it is about one, now stands like this.
    package mutating func told(
        _ event: MonitorEvent, condition: (IPAddress) -> BackendCondition, at now: Instant, _ time: LogTime
    ) {
        guard event.isMemorable else { return }
        keep(LogLine(event), at: time)
        follow(event, condition: condition, at: now, time)
    }

    private mutating func follow(
        _ event: MonitorEvent, condition: (IPAddress) -> BackendCondition, at now: Instant, _ time: LogTime
    ) {
        switch event {
        case .stateChanged(let host, let cause, let fault):
            let isOwn = cause != .foreign && (cause != .unwatched || host.state == .down)
            let reason = fault.map { BackendStatus.Reason(service: $0.service, failure: $0.streak.latest) }
            backends[host.address, default: Backend()].lastChange = Change(
                time: time, state: host.state, isOwn: isOwn, reason: reason)
            note(condition(host.address), of: host.address, at: now)
        case .director(.maintenanceChanged(let host)): note(condition(host.address), of: host.address, at: now)
        case .director(.hostDisappeared(let host)): backends[host.address] = nil
        case .underMaintenance(let event): follow(event, condition: condition, at: now, time)
        default: break
        }
    }

    private mutating func note(_ condition: BackendCondition, of address: IPAddress, at now: Instant) {
        if backends[address, default: Backend()].note(condition, latency: nil, at: now) { revision += 1 }
    }

    private mutating func keep(_ line: LogLine, at time: LogTime) {
        journal.append(Entry(time: time, line: line))
        revision += 1
    }
}

extension MonitorEvent {
    /// Whether it belongs to the answer to "what happened": not that polls go on as before.
    fileprivate var isMemorable: Bool {
        switch self {
        case .pollSucceeded, .failedPollRecalled: false
        case .pollFailed(_, _, _, _, let failures, let needed): failures <= needed
        case .pollUndetermined(_, _, _, let isNews): isNews
        case .underMaintenance(let event): event.isMemorable
        default: true
        }
    }
}
