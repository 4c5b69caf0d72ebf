internal import DirectorAdmin
package import Site

/// A window in which a backend is left alone, ordered by a person: no commands and no alerts, whatever its polls show.
package struct Maintenance: Hashable, Sendable {
    /// How long one may last: what is out for longer is out for good, and an administrator's weight of 0 says so.
    package static let lengths = Duration.seconds(1)...Duration.seconds(7 * 86_400)

    /// So many bytes of a name are kept.
    package static let whoLimit = 64
    /// So many bytes of a reason.
    package static let reasonLimit = 200

    /// Who has ordered it; safe to be shown.
    package let who: String
    /// Why; safe to be shown, and empty where nothing was said.
    package let reason: String
    /// When it began; one that replaces another keeps the other's beginning.
    package let since: Instant
    /// When it ends by itself.
    package let until: Instant
    /// Whether the director is to send the backend no users meanwhile: its vhosts are set to 0, and back at the end.
    package let drains: Bool

    /// A window as a person has ordered it; foreign characters are escaped, and what is too long is cut.
    package init(who: String, reason: String, since: Instant, until: Instant, drains: Bool) {
        self.init(
            shown: printable(who, limit: Self.whoLimit), printable(reason, limit: Self.reasonLimit), since: since,
            until: until, drains: drains)
    }

    /// A window as it was written down: what was escaped is not escaped once more.
    init(restored who: String, reason: String, since: Instant, until: Instant, drains: Bool) {
        self.init(
            shown: shown(who, limit: Self.whoLimit), shown(reason, limit: Self.reasonLimit), since: since, until: until,
            drains: drains)
    }

    private init(shown who: String, _ reason: String, since: Instant, until: Instant, drains: Bool) {
        self.who = who
        self.reason = reason
        self.since = since
        self.until = until
        self.drains = drains
    }

    /// The same as it goes on from another one of the backend: with its beginning, its reason where no other is given, and its
    /// drain, which only the end is to end.
    func extending(_ former: Maintenance?) -> Maintenance {
        guard let former else { return self }
        return Maintenance(
            shown: who, reason.isEmpty ? former.reason : reason, since: former.since, until: until,
            drains: drains || former.drains)
    }

    /// The same, and its weight is left as it is from now on.
    var undrained: Maintenance { Maintenance(shown: who, reason, since: since, until: until, drains: false) }

    /// The same as it can be by the clock of now: what was written down under a wrong one must not last for years.
    func clamped(at now: Instant) -> Maintenance {
        Maintenance(
            shown: who, reason, since: min(since, now), until: min(until, now + Self.lengths.upperBound), drains: drains
        )
    }
}

/// A text that was made printable before, as it is; any other is made so now.
private func shown(_ text: String, limit: Int) -> String {
    let rest = text.filter { $0 != "\\" }
    return text.utf8.count <= limit && printable(rest, limit: limit) == rest ? text : printable(text, limit: limit)
}

/// Why a maintenance window was not begun, or not ended: in one line, with what to do.
package enum MaintenanceRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The director does not list the backend.
    case notListed(IPAddress)
    /// It is too short, or too long.
    case length(Duration)
    /// Its weight cannot be set to 0 and back.
    case undrainable(IPAddress, vhosts: Int)
    /// A restart would forget what its weight is to be at the end.
    case unkept(IPAddress)
    /// dovemon does nothing more.
    case stopping
    /// There is none to end.
    case notUnderMaintenance(IPAddress, vhosts: Int?)

    /// The line.
    package var description: String {
        switch self {
        case .notListed(let address): "\(address): the director does not list it; see dovemon status"
        case .length(let time):
            "a maintenance of \(time.inSeconds.rounded()) seconds: give it from 1 second to 7 days; vhosts 0 keeps a "
                + "backend out for longer"
        case .undrainable(let address, 0):
            "\(address): its vhosts are 0 already, by an administrator, so that there is nothing to drain or to restore; "
                + "leave --drain out"
        case .undrainable(let address, let vhosts):
            "\(address): its vhosts of \(vhosts) are more than the director takes back (\(DirectorCommand.largestWeight)); "
                + "leave --drain out"
        case .unkept(let address):
            "\(address): without a state_file a restart would leave its vhosts at 0 for good, so that nothing is drained; set "
                + "state_file, or leave --drain out"
        case .stopping: "dovemon is stopping; ask again when it runs"
        case .notUnderMaintenance(let address, 0?):
            "\(address): no maintenance was started here, its vhosts are 0: `doveadm director update \(address) 100` "
                + "ends that"
        case .notUnderMaintenance(let address, _): "\(address): it is not under maintenance"
        }
    }
}
