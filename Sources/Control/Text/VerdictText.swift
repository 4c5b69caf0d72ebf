extension DetailDocument {
    /// Why the backend is in the state it is in, in one sentence.
    var verdict: String {
        let address = backend.address
        if backend.guarded {
            let also = dryRun ? ", and in a dry run nothing is commanded" : ""
            return "\(address) is up although it is faulty: the pool guard withholds its HOST-DOWN\(also)."
        }
        if let maintenance = backend.maintenanceText(dryRun: dryRun) {
            return "\(address) is left alone: \(maintenance)."
        }
        switch (backend.state, backend.healthy) {
        case ("down", true):
            let coming = backend.slowStart == nil ? "HOST-UP" : "HOST-UPDATE to its first step, and then HOST-UP,"
            return
                "\(address) is down although it polls well: "
                + "\(backend.hold?.text ?? obstacle ?? "\(coming) is on its way, or waits for its turn")."
        case ("down", _):
            return backend.ownDown
                ? "\(address) is down: dovemon took it down, for it failed."
                : "\(address) is down: others took it down."
        case ("up", true):
            return backend.slowStart == nil
                ? "\(address) is up and healthy."
                : "\(address) is up and healthy, and gets its users back step by step."
        case ("up", false):
            return
                "\(address) is up although it is faulty: "
                + "\(obstacle ?? delayedDown?.text ?? "HOST-DOWN is on its way, or waits for its turn")."
        default:
            return backend.failures > 0
                ? "\(address) is up and fails, but not often enough yet." : "\(address): not known yet."
        }
    }

    /// What keeps commands for all backends back; nil when nothing does.
    private var obstacle: String? {
        if !director.connected { return "the director is away, and nothing can be commanded" }
        if dryRun { return "this is a dry run, and nothing is commanded" }
        // Of an old director that does not tell of its ring, nothing is known, and nothing waits.
        if ["syncing", "handshaking"].contains(ring.state) {
            return "the ring is \(ring.state), and commands wait until it is synced"
        }
        return nil
    }
}

extension DirectorDocument {
    /// In a few words.
    var text: String { connected ? "connected" : "NOT CONNECTED: \(error ?? "not asked yet")" }
}

extension DelayedDownDocument {
    /// In a few words.
    var text: String {
        if seconds > 0 { return "use_delayed_down puts its HOST-DOWN off for another \(shortTime(seconds: seconds))" }
        return "its HOST-DOWN is only logged: more than delayed_down_limit backends are down or about to be"
    }
}

extension SlowStartDocument {
    /// In a few words.
    func text(isDown: Bool) -> String {
        isDown && vhosts == target
            ? "begins when it is up, \(target) vhosts in the end" : "\(vhosts) of \(target) vhosts"
    }
}
