internal import DirectorAdmin
internal import Monitor
internal import Site

extension Referee {
    /// What a list, a command and their answers take on a ring that is well, and a monitor's own second thoughts.
    private static let ringDelay = Duration.seconds(3)

    /// Looks at one backend while nothing excuses the monitor.
    func watchTimes(_ monitor: MonitorProcess, _ backend: Int) {
        let number = monitor.number
        let known = ledgers[number].backends[backend]
        guard known.isKnown else { return }
        let policy = monitor.policy
        if let owed = known.owed, ledgers[number].calmSince < owed.at {
            require(
                now - owed.at <= Self.ringDelay, .alertsInTime,
                "m\(number) has not told that backend \(backend) is \(owed.state.rawValue), as it commanded")
        }
        let calmSince = max(known.calmSince, ledgers[number].calmSince)
        // A poll of before a reload has the time that it was given then.
        let lastRound = max(
            known.roundStartedAt ?? .origin, known.knownSince, calmSince, ledgers[number].settingsSince + .seconds(10))
        require(
            now - lastRound <= policy.period * 2 + .seconds(1), .pollsGoOn,
            "m\(number) does not poll backend \(backend)")

        let row = world.ring.directors[monitor.director].rows[backend]
        guard row.isListed, !policy.isDryRun, known.window == nil else { return }
        let isOwnZero = row.vhosts == 0 && known.isDrained && monitor.hasPlan(backend)
        guard row.vhosts > 0 || isOwnZero else { return }
        if isPutOff(policy, number) { return excuse(number, backend, until: now) }
        let since = max(calmSince, max(known.truthSince, rowSince[monitor.director][backend], known.knownSince))
        switch (known.truth, row.isUp) {
        case (.faulty, true):
            // A login that times out behind a rejected account is the account's trouble, whatever is the backend's.
            if known.isRejected, policy.deciding.rejection.account != .fault {
                return excuse(number, backend, until: now)
            }
            let guardedSince = now - ledgers[number].backends[backend].guardedAt
            if isGuarded(monitor, backend) { return ledgers[number].backends[backend].guardedAt = now }
            // Others may have to be polled first.
            // One without users is not polled out of its turn for that.
            let proof = policy.timeToProve(known) + (isOwnZero ? policy.period : .zero)
            guard guardedSince > policy.period + policy.patience + proof + Self.ringDelay else { return }
            counts.timed += 1
            require(
                now - since <= policy.timeToDown + proof + Self.ringDelay, .downInTime,
                "backend \(backend) has been faulty for m\(number) for \(padded(now - since)) s and is not down")
        case (.healthy, false):
            if policy.deciding.raising.ownOnly, !known.isOwnDown { return }
            if now < known.heldDownUntil { return excuse(number, backend, until: now) }
            counts.timed += 1
            // Its first step comes before it.
            let steps = policy.deciding.slowStart == nil ? Duration.zero : Self.ringDelay
            require(
                now - since <= policy.timeToUp + Self.ringDelay + steps, .upInTime,
                "backend \(backend) has been healthy for m\(number) for \(padded(now - since)) s and is not up")
        case (.healthy, true) where isOwnZero:
            counts.timed += 1
            require(
                now - since <= policy.timeToUp + Self.ringDelay, .weights,
                "backend \(backend) has been healthy for m\(number) for \(padded(now - since)) s and has no users")
        default: break
        }
    }

    /// Whether so many backends are down or about to be that delayed HOST-DOWNs may be withheld.
    private func isPutOff(_ policy: Policy, _ monitor: Int) -> Bool {
        guard let rule = policy.deciding.delayedDown else { return false }
        let director = world.ring.directors[world.monitors[monitor].director]
        let doubtful = ledgers[monitor].backends.enumerated().count { number, backend in
            backend.truth != .healthy || !director.rows[number].isUp
                || now - backend.truthSince < policy.timeToUp
        }
        return doubtful > rule.limit
    }

    /// The faults have been over for long.
    func end() {
        for backend in 0..<world.scenario.backends {
            // The last step of a slow start, behind a long hold, may be on its way just now.
            if ledgers.contains(where: { $0.commands.values.contains { $0.backend == backend } }) { continue }
            let rows = world.ring.directors.map { $0.rows[backend] }
            guard let first = rows.first else { continue }
            for row in rows {
                require(
                    row.isUp == first.isUp && row.vhosts == first.vhosts && row.isListed == first.isListed,
                    .convergence,
                    "the directors do not agree on backend \(backend)")
            }
            requireRightWeight(backend, first)
            for monitor in world.monitors where first.isListed {
                let known = ledgers[monitor.number].backends[backend]
                require(
                    known.told == (first.isUp ? .up : .down), .convergence,
                    "m\(monitor.number) has told something else of backend \(backend)")
            }
            guard first.isListed, first.vhosts > 0, !world.scenario.variant.isDryRun else { continue }
            let truths = Set(ledgers.map { $0.backends[backend].truth })
            if truths == [.healthy] {
                let isHeld = world.monitors.allSatisfy { monitor in
                    let known = ledgers[monitor.number].backends[backend]
                    return now < known.heldDownUntil || monitor.policy.deciding.raising.ownOnly && !known.isOwnDown
                }
                if isHeld { continue }
                require(first.isUp, .convergence, "backend \(backend) is healthy, and not up")
            } else if truths == [.faulty], world.scenario.variant.deciding.delayedDown == nil {
                if world.monitors.allSatisfy({ isGuarded($0, backend) }) { continue }
                require(!first.isUp, .convergence, "backend \(backend) is faulty, and not down")
            }
        }
    }
}

extension Policy {
    /// Between the starts of two rounds at most: one that takes as long as the interval misses its next place.
    var period: Duration { patience < interval ? interval : max(interval * 2, patience + interval) }

    /// From a fault to the HOST-DOWN.
    var timeToDown: Duration {
        period * failuresNeeded + patience + deciding.rapidTimeout * deciding.rapidRounds
            + (deciding.delayedDown?.delay ?? .zero)
    }

    /// The pool guard may want one more failed poll: out of its turn, where the account is not rejected.
    func timeToProve(_ known: Ledger.Backend) -> Duration {
        guard !deciding.minHealthy.isOff else { return .zero }
        let keepsItsTurn = known.isRejected || known.polls.contains(where: \.isRejecting)
        // Others are asked only now, then, and a poll in its turn may begin before they have answered.
        let inVain = failuresNeeded == 1 ? patience : .zero
        return patience + (keepsItsTurn ? period : .seconds(1)) + inVain
    }

    /// From recovery to the HOST-UP; one interval more, as the list may have to be read first.
    var timeToUp: Duration { period * (deciding.goodRoundsNeeded + 1) + timeout }
}
