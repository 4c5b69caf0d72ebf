internal import DirectorAdmin
internal import Health
internal import Monitor
internal import Site

/// The pool guard, whose down it is, and quarrels.
extension Referee {
    /// How many backends of a pool have to be left, by the rows of a list.
    private func needed(_ monitor: MonitorProcess, _ rows: [Host?], tag: String) -> Int {
        let members = rows.indices.count { backend in
            rows[backend].map { $0.tag == tag && $0.vhosts > 0 && !isInWindow(monitor, backend) } ?? false
        }
        return monitor.policy.deciding.minHealthy.needed(of: members)
    }

    private func isInWindow(_ monitor: MonitorProcess, _ backend: Int) -> Bool {
        ledgers[monitor.number].backends[backend].window != nil
    }

    /// By the monitor's own polls: a HOST-DOWN leaves enough others.
    func requireGuard(_ monitor: MonitorProcess, _ backend: Int, _ name: String) {
        let ledger = ledgers[monitor.number]
        let faulty = ledger.backends[backend].polls.filter { $0.failures > 0 }
        guard let list = ledger.list, let began = faulty.compactMap(\.failedAt).min() else { return }
        let tag = list.rows[backend]?.tag ?? world.tags[backend]
        let needed = needed(monitor, list.rows, tag: tag)
        guard needed > 0 else { return }
        let left = list.rows.indices.count { other in
            guard other != backend, let row = list.rows[other], row.tag == tag else {
                return false
            }
            let known = ledger.backends[other]
            let isServing =
                row.state == .up && row.vhosts > 0 && known.window == nil
                && now >= max(known.downHeldUntil, known.formerDownUntil)
            let isGoingDown = ledger.commands.values.contains { $0.backend == other && $0.verb == .hostDown }
            let isFresh = known.polls.allSatisfy { $0.failures == 0 && ($0.goodSince.map { $0 >= began } ?? false) }
            return isServing && !isGoingDown && isFresh
        }
        require(left >= needed, .poolGuard, "\(name) leaves \(left) of \(needed)")
        // What failed before an outage and in it has still to fail once more when it is over, unless it had failed often enough
        // before.
        let enough = max(2, monitor.policy.deciding.rapidRounds > 0 ? 1 : monitor.policy.failuresNeeded)
        require(
            !faulty.contains(where: \.failedWithAll) || faulty.contains { $0.failuresByItself >= enough },
            .everythingAtOnce, "\(name), when everything failed for the monitor")
    }

    /// Whether everything fails for a monitor in a poll that was started then.
    func isInOutage(_ monitor: Int, _ start: Instant) -> Bool {
        outages[monitor].map { start >= $0.since && start < $0.end ?? .distantFuture } ?? false
    }

    /// The file has it, unless the disk is slower than a HOST-DOWN may wait.
    func requireState(_ monitor: MonitorProcess, _ backend: Int, _ name: String) {
        guard !monitor.policy.isDryRun else { return }
        let address = world.address(backend)
        require(monitor.hasWritten { $0.intents[address] != nil }, .stateFirst, "\(name), which is not written down")
    }

    /// Whether the guard may withhold the HOST-DOWN of a backend: too few others have long been truly healthy and up.
    func isGuarded(_ monitor: MonitorProcess, _ backend: Int) -> Bool {
        let policy = monitor.policy
        let rows = world.ring.directors[monitor.director].rows
        let tag = world.tags[backend]
        let members = rows.indices.count {
            world.tags[$0] == tag && rows[$0].isListed && rows[$0].vhosts > 0 && !isInWindow(monitor, $0)
        }
        let needed = policy.deciding.minHealthy.needed(of: members)
        let healthy = rows.indices.count { other in
            let known = ledgers[monitor.number].backends[other]
            let isServing =
                rows[other].isListed && rows[other].isUp && rows[other].vhosts > 0 && known.window == nil
            return other != backend && world.tags[other] == tag && isServing && known.truth == .healthy
        }
        return healthy < needed
    }

    /// A monitor leaves a healthy backend down for a while.
    func heldDown(_ monitor: MonitorProcess, _ backend: Int, _ hold: Raising.Hold) {
        let margin = monitor.policy.timeToUp
        let known = ledgers[monitor.number].backends[backend]
        switch hold {
        case .notOwn: break
        case .war(let time):
            ledgers[monitor.number].backends[backend].heldDownUntil = max(known.heldDownUntil, now + time + margin)
        case .flapping(_, let time):
            ledgers[monitor.number].backends[backend].flapHold = time + margin
            flapHoldBegins(monitor.number, backend)
        }
    }

    /// The time of unbroken success that a flapping backend needs begins anew.
    func flapHoldBegins(_ monitor: Int, _ backend: Int) {
        guard let hold = ledgers[monitor].backends[backend].flapHold else { return }
        let known = ledgers[monitor].backends[backend]
        ledgers[monitor].backends[backend].heldDownUntil = max(known.heldDownUntil, now + hold)
    }

    /// A monitor hears that a switch is another; it puts up what others keep taking down twice in ten minutes at most, also
    /// where it does not reach it with every poll.
    func requireNoQuarrel(_ monitor: MonitorProcess, _ backend: Int, _ host: Host, isForeign: Bool) {
        let number = monitor.number
        var known = ledgers[number].backends[backend]
        defer { ledgers[number].backends[backend] = known }
        let wasRaised = known.isRaised
        known.isRaised = host.state == .up && !isForeign
        let isFaulty = known.polls.contains { poll in
            // Some of the rapid polls that have the last word may have succeeded: what they come to, the monitor tells.
            let isTold = known.toldFaultyAt.map { told in poll.failedAt.map { $0 <= told } ?? false } ?? false
            return isTold || poll.failures >= monitor.policy.failuresNeeded
        }
        guard wasRaised, host.state == .down, isForeign, !known.isOwnDown, known.window == nil, !isFaulty else {
            return
        }
        known.quarrels.append(now)
        guard monitor.policy.deciding.raising.warHold >= .seconds(600) else { return }
        let since = max(quarrelsSince, now + .seconds(-600))
        let count = known.quarrels.count { $0 >= since }
        require(count <= 2, .noWar, "m\(number) has put up backend \(backend) \(count) times in ten minutes")
    }

    /// A monitor's command has moved a switch: not too often, while nothing else has happened to the backend.
    func executed(_ order: Director.Order) {
        changes[order.backend].append(now)
        guard world.scenario.variant.deciding.raising.warHold >= .seconds(600) else { return }
        let truths = ledgers.map { $0.backends[order.backend].truth }
        guard !truths.contains(.unclear) else { return }
        let quiet = ledgers.map { $0.backends[order.backend].truthSince }.max() ?? .origin
        let since = max(max(quiet, quarrelsSince), now + .seconds(-600))
        let count = changes[order.backend].count { $0 >= since }
        // One for each that sees it otherwise, and what answers that.
        require(
            count <= max(4, 2 * world.scenario.monitors), .noWar,
            "\(count) changes of backend \(order.backend) in ten minutes")
    }
}
