internal import DirectorAdmin
internal import Monitor
internal import Site

/// Maintenance windows and weights.
extension Referee {
    func maintenanceBegins(_ monitor: MonitorProcess, _ backend: Int, _ window: Maintenance) {
        ledgers[monitor.number].backends[backend].window = window
        world.timeline.note("   m\(monitor.number): a window for backend \(backend), drains: \(window.drains)")
    }

    func maintenanceEnds(_ monitor: Int, _ backend: Int) {
        ledgers[monitor].backends[backend].window = nil
        ledgers[monitor].backends[backend].goodRounds = 0
        excuse(monitor, backend, until: now)
    }

    /// A window ends by itself, whatever has happened meanwhile.
    func watchWindows(_ monitor: MonitorProcess) {
        guard monitor.isRunning else { return }
        for (backend, known) in ledgers[monitor.number].backends.enumerated() {
            guard let window = known.window else { continue }
            require(
                now - window.until <= .seconds(2) || now - monitor.startedAt <= .seconds(2), .maintenance,
                "m\(monitor.number) has not ended the window of backend \(backend)")
        }
    }

    /// Whoever kills a monitor and takes its file away takes its memory.
    func killed(_ monitor: MonitorProcess, keepsState: Bool) {
        guard !ledgers.isEmpty else { return }
        for backend in ledgers[monitor.number].backends.indices {
            let known = ledgers[monitor.number].backends[backend]
            let address = world.address(backend)
            let written = monitor.file?.weights[address]
            // A command may have gone of which the file does not know.
            let isBehind = monitor.overdue.contains { $0.weights[address] != written }
            if known.weightBefore != nil, !keepsState || isBehind || written == nil { rightWeights[backend] = nil }
            if !keepsState || monitor.file?.windows[address] != known.window {
                ledgers[monitor.number].backends[backend].window = keepsState ? monitor.file?.windows[address] : nil
            }
        }
    }

    /// What an administrator sets is right; at the moment in which a monitor sets something else, that may be the later word.
    func administratorSets(_ vhosts: Int, _ backend: Int) {
        let others = ledgers.compactMap { $0.backends[backend].weightBefore }
        guard rightWeights[backend] != nil else { return }
        // Of two that cross on the ring, either may be the later one.
        let isAlone = others.isEmpty && weightsKnownAt[backend] < now
        weightsKnownAt[backend] = now + world.ring.hop * world.ring.directors.count
        rightWeights[backend] = isAlone ? [vhosts] : rightWeights[backend]?.union(others + [vhosts])
    }

    /// All that the directors knew of weights is gone.
    func weightsAreReset() {
        for backend in rightWeights.indices { rightWeights[backend]?.insert(100) }
    }

    /// A monitor has read a list: what is no step of another one's is a weight to come back to.
    func weightsRead(_ monitor: Int, _ rows: [Host?]) {
        for (backend, row) in rows.enumerated() {
            guard let vhosts = row?.vhosts, vhosts > 0, let right = rightWeights[backend] else { continue }
            guard right.contains(vhosts) else { continue }
            ledgers[monitor].backends[backend].wholeWeight = vhosts
        }
    }

    func requireWeight(_ monitor: MonitorProcess, _ backend: Int, _ vhosts: Int, _ name: String) {
        let number = monitor.number
        let known = ledgers[number].backends[backend]
        guard let row = ledgers[number].list?.rows[backend] else { return }
        require(row.vhosts != vhosts, .commandNeeded, "\(name), which has that")
        // One that wanted it up as well goes on with another's slow start.
        let others = ledgers.compactMap { $0.backends[backend].weightBefore }
        let before = known.weightBefore ?? (vhosts == 0 ? row.vhosts : max(row.vhosts, others.max() ?? 0))
        // It may have decided that before the list showed the other's step, and the other have ended it since.
        let isStep = rightWeights[backend].map { !$0.contains(row.vhosts) } ?? false
        let target = known.weightBefore ?? (isStep ? max(before, known.wholeWeight ?? 0) : before)
        require((0...target).contains(vhosts), .weights, "\(name), which had \(target)")
        if vhosts == 0 {
            require(known.window?.drains == true, .maintenance, name)
        } else {
            require(known.window == nil, .maintenance, name)
            require(row.vhosts > 0 || known.isDrained, .maintenance, name)
            require(
                row.vhosts > 0 || row.state == .down || known.goodRounds >= monitor.policy.deciding.goodRoundsNeeded,
                .evidence, "\(name) after \(known.goodRounds) good rounds")
            let isServing = row.state == .up && row.vhosts > 0
            require(!isServing || vhosts > row.vhosts, .weights, "\(name), which has more")
        }
        let address = world.address(backend)
        require(
            monitor.hasWritten { $0.weights[address]?.asked == vhosts }, .stateFirst,
            "\(name), which is not written down")
        // A drain in another monitor's slow start gives back the step that it was at, as docs/configuration.md says.
        let isOthers = ledgers.indices.contains { $0 != number && ledgers[$0].backends[backend].weightBefore != nil }
        if vhosts == 0, isOthers { rightWeights[backend]?.insert(before) }
        // Nor does it know what an administrator has set since it read the list.
        if let list = ledgers[number].list, list.startedAt <= weightsKnownAt[backend] {
            rightWeights[backend]?.insert(before)
        }
        ledgers[number].backends[backend].weightBefore = target
        if vhosts == 0 { ledgers[number].backends[backend].isDrained = true }
    }

    func weightChanged(_ monitor: Int, _ backend: Int, _ news: WeightNews) {
        if case .set = news { return }
        if case .left(_, wasDrained: true) = news, let window = ledgers[monitor].backends[backend].window {
            // An administrator's word against the drain holds for the rest of the window.
            ledgers[monitor].backends[backend].window = Maintenance(
                who: window.who, reason: window.reason, since: window.since, until: window.until, drains: false)
        }
        ledgers[monitor].backends[backend].weightBefore = nil
        ledgers[monitor].backends[backend].isDrained = false
    }

    /// The faults have been over for longer than any slow start takes.
    func requireRightWeight(_ backend: Int, _ row: Director.Row) {
        guard let right = rightWeights[backend], row.isListed else { return }
        if row.isUp, world.monitors.contains(where: { $0.hasPlan(backend) && isWaiting($0, backend) }) { return }
        require(
            right.contains(row.vhosts), .weights,
            "backend \(backend) has \(row.vhosts) in the end, and not \(right.sorted())")
        // The plan of a first step that had no effect, or was not sent, as another monitor was quicker, ends when a hold does.
        guard row.isUp else { return }
        for monitor in world.monitors {
            require(!monitor.hasPlan(backend), .weights, "m\(monitor.number) has not done with backend \(backend)")
        }
    }

    /// The next step waits until a backend that the pool guard keeps up is well again; one that a hold kept down has come up
    /// late.
    private func isWaiting(_ monitor: MonitorProcess, _ backend: Int) -> Bool {
        let steps = monitor.policy.deciding.slowStart?.duration ?? .zero
        return ledgers[monitor.number].backends[backend].truth != .healthy
            || now - rowSince[monitor.director][backend] <= steps * 2
    }
}
