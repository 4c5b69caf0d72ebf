internal import DirectorAdmin
internal import Monitor
internal import Site

extension Referee {
    /// A list has come; it is judged against what was told once the machine has had it.
    func listed(_ monitor: MonitorProcess, _ listing: Listing, startedAt: Instant, takenAt: Instant) {
        let number = monitor.number
        var rows: [Host?] = Array(repeating: nil, count: world.scenario.backends)
        for host in listing.hosts {
            if let backend = world.number(of: host.address) { rows[backend] = host }
        }
        world.timeline.note(5, number, rows.count { $0?.state == .up }, rows.count { $0?.state == .down }) {
            "m\(number) reads: " + rows.map { $0?.letter ?? "-" }.joined() + " \(listing.ring.map { "\($0)" } ?? "")"
        }
        if listing.ring == .handshaking {
            ledgers[number].list?.ring = .handshaking
            return
        }
        ledgers[number].list = Ledger.List(ring: listing.ring, rows: rows, startedAt: startedAt, receivedAt: now)
        weightsRead(number, rows)
        world.agenda.after(.zero) { [unowned self] in requireTold(monitor, startedAt: startedAt) }
    }

    func listFailed(_ monitor: MonitorProcess) {
        excuse(monitor.number)
        world.timeline.note("m\(monitor.number) cannot read the director")
    }

    /// What was told is what is listed, but where a command is under way.
    private func requireTold(_ monitor: MonitorProcess, startedAt: Instant) {
        guard monitor.isRunning, let list = ledgers[monitor.number].list, list.startedAt == startedAt else { return }
        for (backend, row) in list.rows.enumerated() {
            let known = ledgers[monitor.number].backends[backend]
            require(
                known.isKnown == (row != nil), .alerts,
                "m\(monitor.number) has not told whether backend \(backend) is listed")
            // A list that was begun before the reply does not show what came of the command.
            guard let row, ledgers[monitor.number].switches(of: backend) == 0, list.startedAt >= known.repliedAt
            else { continue }
            if row.state == .down { ledgers[monitor.number].backends[backend].formerDownUntil = .origin }
            if known.owed?.state != row.state { ledgers[monitor.number].backends[backend].owed = nil }
            guard now >= known.heldUntil else { continue }
            if row.state == .up, list.ring == .synced { ledgers[monitor.number].backends[backend].isOwnDown = false }
            require(
                known.told == row.state, .alerts,
                "m\(monitor.number) has not told that backend \(backend) is \(row.state?.rawValue ?? "nothing known")")
        }
    }

    func told(_ monitor: MonitorProcess, _ event: MonitorEvent) {
        let number = monitor.number
        var event = event
        var isQuiet = false
        if case .underMaintenance(let inner) = event { (event, isQuiet) = (inner, true) }
        switch event {
        case .pollSucceeded, .pollFailed, .pollUndetermined, .pollWarned, .rapidPollFailed: return
        case .backendFaulty(let spelling, _, _):
            guard let backend = IPAddress(spelling).flatMap(world.number) else { return }
            ledgers[number].backends[backend].toldFaultyAt = now
        case .stateChanged(let host, let cause, _):
            guard let backend = world.number(of: host.address) else { return }
            let known = ledgers[number].backends[backend]
            require(isQuiet || known.window == nil, .maintenance, "m\(number) tells of backend \(backend) aloud")
            require(known.isKnown, .alerts, "m\(number) tells of backend \(backend), which it does not know")
            require(
                known.told != host.state || cause == .unwatched, .alerts,
                "m\(number) tells of backend \(backend) twice the same")
            if let list = ledgers[number].list {
                require(
                    list.rows[backend]?.state == host.state, .alerts,
                    "m\(number) tells of backend \(backend) what is not listed")
            }
            ledgers[number].backends[backend].told = host.state
            if host.state == .up { ledgers[number].backends[backend].flapHold = nil }
            if known.owed?.state == host.state { ledgers[number].backends[backend].owed = nil }
            if host.state == .up, cause == .foreign { ledgers[number].backends[backend].raisedByOthersAt = now }
            if host.state == .down, cause == .foreign { ledgers[number].backends[backend].goodRounds = 0 }
            requireNoQuarrel(monitor, backend, host, isForeign: cause == .foreign)
        case .director(.undoneByOthers(let host)):
            guard let backend = world.number(of: host.address) else { return }
            ledgers[number].backends[backend].isOwnDown = false
            ledgers[number].backends[backend].goodRounds = 0
        case .leftDown(let spelling, let hold):
            guard let backend = IPAddress(spelling).flatMap(world.number) else { return }
            heldDown(monitor, backend, hold)
        case .director(.hostAppeared(let host)):
            guard let backend = world.number(of: host.address) else { return }
            require(
                !ledgers[number].backends[backend].isKnown, .alerts, "m\(number) tells twice that \(backend) is new")
            ledgers[number].backends[backend].isKnown = true
            ledgers[number].backends[backend].knownSince = now
            ledgers[number].backends[backend].told = host.state
        case .maintenanceEnded(let spelling, _, _):
            if let backend = IPAddress(spelling).flatMap(world.number) { maintenanceEnds(number, backend) }
        case .director(.weightChanged(let host, let news)):
            if let backend = world.number(of: host.address) { weightChanged(number, backend, news) }
        case .director(.hostDisappeared(let host)):
            guard let backend = world.number(of: host.address) else { return }
            forget(number, backend)
        default: break
        }
        world.timeline.note("   m\(number) tells: \(event)")
    }

    /// The monitor knows nothing of a backend that is not listed, but that something may be under way for it.
    private func forget(_ monitor: Int, _ backend: Int) {
        let former = ledgers[monitor].backends[backend]
        var next = Ledger.Backend(polls: former.polls.map { _ in Ledger.Polls() })
        next.heldUntil = former.heldUntil
        next.downHeldUntil = former.downHeldUntil
        next.moveHeldUntil = former.moveHeldUntil
        next.repliedAt = former.repliedAt
        next.calmSince = former.calmSince
        next.truth = former.truth
        next.truthSince = former.truthSince
        next.version = former.version
        next.isOwnDown = former.isOwnDown
        next.window = former.window
        next.weightBefore = former.weightBefore
        next.isDrained = former.isDrained
        next.isRejected = former.isRejected
        ledgers[monitor].backends[backend] = next
    }
}

extension Host {
    fileprivate var letter: String {
        switch state {
        case .up: vhosts == 0 ? "u" : "U"
        case .down: vhosts == 0 ? "d" : "D"
        case nil: "?"
        }
    }
}
