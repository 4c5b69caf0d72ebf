internal import DirectorAdmin
internal import FoundationEssentials

// The lines that tell of maintenance windows and of weights.
extension LogFields {
    /// A window begins, or lasts longer.
    init(_ backend: String, started window: Maintenance, until: Int, isExtended: Bool) {
        self.init(backend)
        add("maintenance", isExtended ? "extended" : "started")
        append(window)
        add("until", Date(timeIntervalSince1970: Double(until)).formatted(.iso8601))
    }

    /// A window has ended.
    init(_ backend: String, ended window: Maintenance, by who: String?) {
        self.init(backend)
        add("maintenance", who == nil ? "expired" : "ended")
        append(window)
        add("ended_by", who)
    }

    /// A backend's weight has changed, or was left to others.
    init(_ host: Host, _ news: WeightNews) {
        self.init(host.spelling)
        add("vhosts", "\(host.vhosts)")
        switch news {
        case .set(let target):
            add("target", "\(target)")
            add("weight", host.vhosts == 0 ? "drained" : "step")
        case .restored(let wasDrained):
            add("weight", "restored")
            add("note", wasDrained ? "as before the maintenance" : "slow start is over")
        case .left(let target, let wasDrained):
            add("target", "\(target)")
            add("weight", "left")
            add(
                "note",
                "others have changed its vhosts: left to them, "
                    + (wasDrained ? "and not restored" : "and slow start is over"))
        }
    }

    private mutating func append(_ window: Maintenance) {
        add("by", window.who)
        add("reason", window.reason.isEmpty ? nil : window.reason)
        add("drain", window.drains ? "yes" : "no")
    }
}
