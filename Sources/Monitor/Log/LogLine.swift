internal import DirectorAdmin
internal import Health
package import Logging
internal import Site

/// A line of the log: fields as `name=value` in a fixed order, so that it can be searched and cut up by programs.
package struct LogLine: Hashable, Sendable {
    /// How grave it is, by syslog(3)'s scale.
    package let level: Logger.Level
    /// A change of state is told at every `loglevel`.
    package let isChange: Bool
    /// What kind of thing it tells of, in one word that stays the same from version to version.
    package let event: String
    /// What it says, without a password, whatever a server said.
    package let fields: LogFields
    /// What it says where that are no fields: the words of others, a file's mistake among them.
    private let message: String?

    /// A line of fields.
    package init(_ level: Logger.Level, isChange: Bool = false, _ event: String, _ fields: LogFields) {
        self.init(level, isChange: isChange, event, fields, message: nil)
    }

    /// A line that is not made of fields.
    package init(_ level: Logger.Level, isChange: Bool = false, message: String) {
        var fields = LogFields()
        fields.add("text", message)
        self.init(level, isChange: isChange, "message", fields, message: message)
    }

    private init(_ level: Logger.Level, isChange: Bool, _ event: String, _ fields: LogFields, message: String?) {
        self.level = level
        self.isChange = isChange
        self.event = event
        self.fields = fields
        self.message = message
    }

    /// All in one line.
    package var text: String { message ?? fields.text }

    /// The line that tells of `event`.
    package init(_ event: MonitorEvent) {
        switch event {
        case .pollSucceeded(let backend, let service, let report):
            var fields = LogFields(backend, service)
            fields.add("poll", "ok")
            fields.add("took", LogFields.milliseconds(report.duration))
            for phase in report.phases { fields.add(phase.phase.rawValue, LogFields.milliseconds(phase.duration)) }
            self.init(.debug, event.name, fields)
        case .pollFailed(let backend, let service, let report, let failure, let failures, let needed):
            var fields = LogFields(backend, service)
            fields.add("poll", "failed")
            fields.add("failed", failures <= needed ? "\(failures) of \(needed)" : "\(failures)")
            fields.append(failure)
            fields.add("took", LogFields.milliseconds(report.duration))
            self.init(.warning, event.name, fields)
        case .pollUndetermined(let backend, let service, let failure, let isNews):
            var fields = LogFields(backend, service)
            let isOwn = failure.meaning == .nothing
            fields.add("poll", isOwn ? "unknown" : "warning")
            fields.append(failure)
            let whose =
                isOwn
                ? "this machine's own trouble"
                : failure.isAccountRejected ? "the test account was rejected" : "the backend itself has answered"
            fields.add("note", "\(whose): not counted against the backend")
            // Neither takes a backend down, and somebody has to see to each.
            let isAlert = isOwn || failure.isAccountRejected || failure.kind == .relay
            self.init(isNews ? (isAlert ? .error : .warning) : .debug, event.name, fields)
        case .pollWarned(let backend, let service, let warning):
            var fields = LogFields(backend, service)
            fields.add("warning", warning.kind.rawValue)
            fields.add("text", warning.text)
            self.init(.warning, event.name, fields)
        case .rapidPollFailed(let backend, let service, let report, let failure, let stage):
            var fields = LogFields(backend, service)
            fields.add("poll", "failed")
            fields.add("rapid", "\(stage.failures) of \(stage.needed)")
            fields.append(failure)
            fields.add("took", LogFields.milliseconds(report.duration))
            self.init(.warning, event.name, fields)
        case .rapidStagePassed(let backend, let service, let stage):
            var fields = LogFields(backend, service)
            fields.add("health", "doubtful")
            fields.add("rapid", "\(stage.failures) of \(stage.needed)")
            fields.add("note", "too few rapid polls failed: counting begins anew")
            self.init(.warning, event.name, fields)
        case .backendFaulty(let backend, let fault, let consequence):
            var fields = LogFields(backend, fault.service)
            fields.add("health", "faulty")
            fields.append(fault)
            fields.add("note", consequence.text)
            self.init(.warning, event.name, fields)
        case .failedPollRecalled(let backend, let poll, let time):
            self.init(.debug, event.name, LogFields(backend, poll, ago: time))
        case .pollsWaiting(let waiting): self.init(.warning, event.name, LogFields(waiting))
        case .sentinelLost(let backend, let text):
            var fields = LogFields(backend)
            fields.add("sentinel", "lost")
            fields.add("text", text)
            fields.add("note", "polled at once")
            self.init(.info, event.name, fields)
        case .sentinelGivenUp(let backend):
            var fields = LogFields(backend)
            fields.add("sentinel", "given_up")
            fields.add("note", "no poll succeeds beside it: the server may allow one connection at a time")
            self.init(.notice, event.name, fields)
        case .sentinelsShort(let shortage):
            var fields = LogFields()
            fields.add("sentinels", "short")
            fields.add("backends", "\(shortage.backends)")
            fields.add("limit", "\(shortage.limit)")
            fields.add("note", "too few descriptors, or too large a max_polls: the other backends have no sentinel")
            self.init(.warning, event.name, fields)
        case .stateChanged(let host, let cause, let fault): self.init(host, cause, fault)
        case .director(let event): self.init(event)
        case .accountWithoutBackend(let address):
            var fields = LogFields(address.description)
            fields.add("account", "unused")
            fields.add("note", "there is a test account for it, and the director does not list it")
            self.init(.warning, event.name, fields)
        case .leftDown(let backend, let hold):
            var fields = LogFields(backend)
            fields.add("health", "ok")
            fields.add("state", "down")
            fields.append(hold)
            self.init(hold == .notOwn ? .notice : .error, isChange: true, event.name, fields)
        case .maintenanceStarted(let backend, let window, let until, let isExtended):
            self.init(
                .notice, isChange: true, event.name,
                LogFields(backend, started: window, until: until, isExtended: isExtended))
        case .maintenanceEnded(let backend, let window, let who):
            self.init(.notice, isChange: true, event.name, LogFields(backend, ended: window, by: who))
        case .underMaintenance(let event):
            let line = LogLine(event)
            self.init(min(line.level, .info), isChange: line.isChange, line.event, line.fields)
        case .stateSaved(let failure):
            var fields = LogFields()
            fields.add("state_file", failure == nil ? "written" : "failed")
            fields.add("text", failure)
            if failure != nil { fields.add("note", "a restart will not know whose downs they are") }
            self.init(failure == nil ? .notice : .warning, isChange: true, event.name, fields)
        case .settingsChanged:
            var fields = LogFields()
            fields.add("settings", "reloaded")
            self.init(.notice, isChange: true, event.name, fields)
        }
    }

    /// The line that tells how a backend's last rounds went: somebody asked, so `loglevel` does not matter.
    package init(backend: String, rounds: RecentRounds) {
        var fields = LogFields(backend)
        fields.add("rounds", rounds.text)
        self.init(.info, isChange: true, "recent_rounds", fields)
    }

    private init(_ host: Host, _ cause: ChangeCause, _ fault: Fault?) {
        var fields = fault.map { LogFields(host.spelling, $0.service) } ?? LogFields(host.spelling)
        fields.add("state", host.state?.rawValue ?? "unknown")
        if let fault { fields.append(fault) }
        switch cause {
        case .command(let reply, let took):
            fields.add("by", "dovemon")
            fields.add("reply", reply.text)
            fields.add("confirmed", LogFields.seconds(took))
        case .foreign: fields.add("by", "others")
        case .unwatched:
            fields.add("by", host.state == .down ? "dovemon" : "unknown")
            fields.add("note", "while dovemon was not running")
        }
        self.init(host.state == .up ? .notice : .error, isChange: true, "state_changed", fields)
    }

    private init(_ event: DirectorEvent) {
        var fields = LogFields()
        switch event {
        case .lost(let failure):
            fields.add("director", "lost")
            fields.add("text", failure.text)
            fields.add("note", "polling goes on with the backends last listed")
            self.init(.error, isChange: true, event.name, fields)
        case .stillAway(let failure, let time):
            fields.add("director", "lost")
            fields.add("text", failure.text)
            fields.add("since", LogFields.seconds(time))
            self.init(.error, isChange: true, event.name, fields)
        case .back(let time):
            fields.add("director", "back")
            fields.add("after", LogFields.seconds(time))
            self.init(.notice, isChange: true, event.name, fields)
        case .ringChanged(let ring):
            fields.add("ring", ring?.text ?? "unknown")
            if ring == .syncing { fields.add("note", "commands wait until it is synced") }
            if ring == nil { fields.add("note", "this director does not answer DIRECTOR-LIST") }
            self.init(
                ring == .syncing ? .warning : .info, isChange: ring == .syncing || ring == .synced, event.name, fields)
        case .stillNotSynced(let ring, let time):
            fields.add("ring", ring.text)
            fields.add("since", LogFields.seconds(time))
            fields.add("note", "commands wait until it is synced: see doveadm director ring status")
            self.init(.error, isChange: true, event.name, fields)
        case .rowUnreadable(let line):
            fields.add("director", "unreadable")
            fields.add("text", line)
            fields.add("note", "a line of HOST-LIST that is no backend is passed over")
            self.init(.warning, event.name, fields)
        case .hostAppeared(let host):
            fields = LogFields(host.spelling)
            fields.add("listed", host.state?.rawValue ?? "unknown")
            fields.add("vhosts", "\(host.vhosts)")
            fields.add("users", "\(host.users)")
            if !host.tag.isEmpty { fields.add("tag", printable(host.tag)) }
            self.init(.info, event.name, fields)
        case .hostDisappeared(let host):
            fields = LogFields(host.spelling)
            fields.add("listed", "no")
            self.init(.notice, isChange: true, event.name, fields)
        case .maintenanceChanged(let host):
            fields = LogFields(host.spelling)
            fields.add("maintenance", host.isInMaintenance ? "yes" : "no")
            fields.add("vhosts", "\(host.vhosts)")
            self.init(.notice, isChange: true, event.name, fields)
        case .stateChanged(let host, let cause): self.init(host, cause, nil)
        case .commandWithoutEffect(let host, let verb, let reply):
            fields = LogFields(host.spelling)
            fields.add("command", verb.rawValue)
            fields.add("reply", reply.text)
            fields.add("listed", host.state?.rawValue ?? "unknown")
            fields.add("vhosts", verb == .hostUpdate ? "\(host.vhosts)" : nil)
            fields.add("note", "no effect yet")
            self.init(.warning, event.name, fields)
        case .undoneByOthers(let host):
            fields = LogFields(host.spelling)
            fields.add("state", host.state?.rawValue ?? "unknown")
            fields.add("by", "others")
            fields.add("note", "right behind dovemon's own HOST-UP")
            self.init(.error, isChange: true, event.name, fields)
        case .usersMoved(let host, let time):
            fields = LogFields(host.spelling)
            fields.add("move", "done")
            fields.add("after", LogFields.seconds(time))
            fields.add("users", "\(host.users)")
            self.init(.info, event.name, fields)
        case .moveGivenUp(let host):
            fields = LogFields(host.spelling)
            fields.add("move", "given-up")
            fields.add("note", "the backend need not be emptied any more")
            self.init(.info, event.name, fields)
        case .moveUnknown(let host):
            fields = LogFields(host.spelling)
            fields.add("move", "failed")
            fields.add("reply", CommandReply.closed.text)
            fields.add("note", "the director may be too old for HOST-RESET-USERS: its users stay until they expire")
            self.init(.warning, event.name, fields)
        case .moveFailed(let host, let reply):
            fields = LogFields(host.spelling)
            fields.add("move", "failed")
            fields.add("reply", reply.text)
            self.init(.warning, event.name, fields)
        case .weightChanged(let host, let news):
            self.init(news.level, isChange: news.isChange, event.name, LogFields(host, news))
        case .weightForgotten(let backend, let vhosts, let target):
            fields = LogFields(backend)
            fields.add("vhosts", vhosts.map { "\($0)" })
            fields.add("target", "\(target)")
            fields.add("weight", "forgotten")
            fields.add("note", "another director is asked now: at the former one its vhosts stay as they are")
            self.init(.warning, isChange: true, event.name, fields)
        case .wouldSetWeight(let host, let vhosts):
            fields = LogFields(host.spelling)
            fields.add("command", DirectorCommand.Verb.hostUpdate.rawValue)
            fields.add("vhosts", "\(vhosts)")
            fields.add("note", "dry run: not sent")
            self.init(.notice, isChange: true, event.name, fields)
        case .wouldSend(let host, let verb):
            fields = LogFields(host.spelling)
            fields.add("command", verb.rawValue)
            fields.add("note", "dry run: not sent")
            self.init(.notice, isChange: true, event.name, fields)
        case .downsWithheld(let reason):
            fields.add("downs", "withheld")
            fields.add("waiting", "\(reason.waiting)")
            fields.add("down", "\(reason.down)")
            fields.add("limit", "\(reason.limit)")
            fields.add("backends", reason.hosts.map(\.spelling).joined(separator: ","))
            self.init(.error, isChange: true, event.name, fields)
        case .downsAllowed:
            fields.add("downs", "allowed")
            self.init(.notice, isChange: true, event.name, fields)
        case .guardWithholds(let reason):
            fields.add("guard", "withholds")
            fields.add("tag", printable(reason.tag))
            fields.add("backends", reason.hosts.map(\.spelling).joined(separator: ","))
            fields.add("withheld", "\(reason.count)")
            fields.add("unnamed", reason.unnamed > 0 ? "\(reason.unnamed)" : nil)
            fields.add("healthy", "\(reason.healthy)")
            fields.add("needed", "\(reason.needed)")
            fields.add("pool", "\(reason.pool)")
            fields.add("since", LogFields.seconds(reason.lasting))
            fields.add("note", "too few healthy backends would be left: no HOST-DOWN; see dovemon check --verbose")
            self.init(.critical, isChange: true, event.name, fields)
        case .guardReleased(let tag, let time):
            fields.add("guard", "allows")
            fields.add("tag", printable(tag))
            fields.add("after", LogFields.seconds(time))
            self.init(.notice, isChange: true, event.name, fields)
        }
    }
}

extension WeightNews {
    fileprivate var level: Logger.Level {
        switch self {
        case .set: .info
        case .restored, .left: .notice
        }
    }

    /// The steps in between are no news.
    fileprivate var isChange: Bool {
        if case .set = self { return false }
        return true
    }
}

extension FaultConsequence {
    fileprivate var text: String {
        switch self {
        case .down: "HOST-DOWN is wanted"
        case .delayedDown(let delay): "HOST-DOWN is wanted in " + LogFields.seconds(delay)
        case .alreadyDown: "the director has it down already"
        case .maintenance: "under maintenance: not commanded"
        case .dryRun: "dry run: not commanded"
        }
    }
}

extension RingState {
    /// One word for it.
    package var text: String {
        switch self {
        case .synced: "synced"
        case .syncing: "syncing"
        case .handshaking: "handshaking"
        }
    }
}

extension CommandReply {
    var text: String {
        switch self {
        case .ok: "OK"
        case .notFound: "NOTFOUND"
        case .tryAgainLater: "try again later"
        case .ringSyncTimedOut: "Ring sync timed out"
        case .other(let text): printable(text)
        case .closed: "connection closed"
        case .abandoned: "none"
        case .notSent(let text): "not sent: " + printable(text)
        }
    }
}
