internal import DirectorAdmin
internal import Monitor
internal import Site

extension Referee {
    /// A list may be old by so much when a command rests on it, counted from its request.
    private static let oldestList = Duration.seconds(6)

    func sent(_ monitor: MonitorProcess, _ id: Int, _ backend: Int, _ verb: DirectorCommand.Verb, _ vhosts: Int?) {
        let number = monitor.number
        let name = "m\(number): \(verb.rawValue)\(vhosts.map { " \($0)" } ?? "") for backend \(backend)"
        world.timeline.note(4, number, id, backend, verb.rawValue.utf8.count) { ">> \(name)" }
        count(verb)
        require(!monitor.policy.isDryRun, .dryRun, name)
        requireList(monitor, backend, verb, name)
        requireRoom(monitor, backend, verb, name)
        let known = ledgers[number].backends[backend]
        switch verb {
        case .hostDown:
            let failures = known.polls.map(\.failures).max() ?? 0
            // Some of the rapid polls that have the last word may succeed.
            let needed = monitor.policy.deciding.rapidRounds > 0 ? 1 : monitor.policy.failuresNeeded
            require(
                failures >= needed, .evidence, "\(name) after \(failures) failures in a row")
            let begun = known.polls.map(\.failureBegunAt).max() ?? .origin
            require(begun >= known.raisedByOthersAt, .evidence, "\(name) by polls of before others had put it up")
            // By the interval of before, where that was another one.
            let since = max(known.truthSince, ledgers[number].settingsSince)
            let isLongHealthy = known.truth == .healthy && now - since > monitor.policy.period * 2
            require(!isLongHealthy, .falseDown, "\(name), which has been healthy for long")
            requireGuard(monitor, backend, name)
            requireState(monitor, backend, name)
            ledgers[number].backends[backend].isOwnDown = true
        case .hostUp:
            require(
                known.goodRounds >= monitor.policy.deciding.goodRoundsNeeded, .evidence,
                "\(name) after \(known.goodRounds) good rounds")
            let isAllowed = known.isOwnDown || !monitor.policy.deciding.raising.ownOnly
            require(isAllowed, .ownDowns, "\(name), which others took down")
        case .hostUpdate: requireWeight(monitor, backend, vhosts ?? -1, name)
        case .hostResetUsers, .hostFlush:
            require(known.isOwnDown, .usersOfOwnDowns, "\(name), which others took down")
            let isRapid = monitor.policy.deciding.rapidRounds > 0
            require(known.goodRounds == 0 || isRapid, .usersOfOwnDowns, "\(name), which polls well")
        }
        ledgers[number].commands[id] = Ledger.Command(backend: backend, verb: verb)
    }

    private func count(_ verb: DirectorCommand.Verb) {
        switch verb {
        case .hostDown: counts.downs += 1
        case .hostUp: counts.ups += 1
        case .hostUpdate: counts.updates += 1
        case .hostResetUsers, .hostFlush: counts.moves += 1
        }
    }

    /// The list that it rests on.
    private func requireList(_ monitor: MonitorProcess, _ backend: Int, _ verb: DirectorCommand.Verb, _ name: String) {
        guard let list = ledgers[monitor.number].list else { return violated(.freshList, "\(name) without a list") }
        require(now - list.receivedAt <= .seconds(1), .freshList, "\(name) on a list that was read too long ago")
        require(now - list.startedAt <= Self.oldestList, .freshList, "\(name) on a list that was begun too long ago")
        require(list.ring == .synced || list.ring == nil, .freshList, "\(name) on a ring that is not synced")
        guard let row = list.rows[backend] else { return violated(.commandNeeded, "\(name), which is not listed") }
        let known = ledgers[monitor.number].backends[backend]
        // A weight of 0 may be left of its own drain.
        let isFree = (row.vhosts > 0 || known.isDrained) && known.window == nil
        require(isFree || verb == .hostUpdate, .maintenance, name)
        switch verb {
        case .hostDown: require(row.state == .up, .commandNeeded, "\(name), which is down already")
        case .hostUp: require(row.state == .down, .commandNeeded, "\(name), which is up already")
        case .hostUpdate: break
        case .hostResetUsers, .hostFlush: require(row.state == .down, .commandNeeded, "\(name), which is up")
        }
    }

    /// What else is under way.
    private func requireRoom(_ monitor: MonitorProcess, _ backend: Int, _ verb: DirectorCommand.Verb, _ name: String) {
        let ledger = ledgers[monitor.number]
        let known = ledger.backends[backend]
        require(ledger.switches(of: backend) == 0, .oneCommand, "\(name) beside another")
        require(ledger.moves(of: backend) == 0, .oneCommand, "\(name) while its users are moved")
        require(now >= known.heldUntil, .oneCommand, "\(name) while a former one may be held")
        if verb == .hostResetUsers {
            require(now >= known.moveHeldUntil, .oneCommand, "\(name) while a former one may go on")
        }
        require(ledger.commands.count < 8, .connections, "\(name) as the ninth")
        guard verb == .hostResetUsers || verb == .hostFlush else { return }
        let moves = ledger.commands.values.count { $0.verb == .hostResetUsers || $0.verb == .hostFlush }
        require(moves < 4, .connections, "\(name) as the fifth move")
    }

    func replied(_ monitor: MonitorProcess, _ id: Int, _ reply: CommandReply) {
        guard let command = ledgers[monitor.number].commands.removeValue(forKey: id) else { return }
        world.timeline.note("<< m\(monitor.number): \(command.verb.rawValue) for backend \(command.backend): \(reply)")
        if reply != .ok { counts.refusals += 1 }
        ledgers[monitor.number].backends[command.backend].repliedAt = now
        guard command.verb != .hostResetUsers else { return }
        guard reply == .ok, let state = command.verb.wantedState else {
            excuse(monitor.number, command.backend, until: now + monitor.policy.interval + .seconds(5))
            return
        }
        ledgers[monitor.number].backends[command.backend].owed = (state, at: now)
    }

    func abandoned(_ monitor: MonitorProcess, _ id: Int) {
        guard let command = ledgers[monitor.number].commands.removeValue(forKey: id) else { return }
        world.timeline.note("<< m\(monitor.number) gives up \(command.verb.rawValue) for backend \(command.backend)")
        counts.refusals += 1
        if command.verb == .hostResetUsers {
            ledgers[monitor.number].backends[command.backend].moveHeldUntil = now + .seconds(60)
        } else {
            ledgers[monitor.number].backends[command.backend].heldUntil = now + .seconds(60)
            if command.verb == .hostDown {
                ledgers[monitor.number].backends[command.backend].downHeldUntil = now + .seconds(60)
            }
            excuse(monitor.number, command.backend, until: now + .seconds(75))
        }
    }

    func excuse(_ monitor: Int, _ backend: Int, until time: Instant) {
        ledgers[monitor].backends[backend].calmSince = max(ledgers[monitor].backends[backend].calmSince, time)
    }
}

extension DirectorCommand.Verb {
    /// The state that it asks for.
    var wantedState: HostState? {
        switch self {
        case .hostDown: .down
        case .hostUp: .up
        case .hostUpdate, .hostResetUsers, .hostFlush: nil
        }
    }
}
