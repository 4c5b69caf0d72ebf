import DirectorAdmin
import Site
import Testing

/// Whatever the director and the backends do: what must never happen does not, and in the end wanted and listed meet.
@Suite struct ReconciliationPropertyTests {
    @Test(arguments: 1...40)
    func aRandomRunKeepsTheRulesAndEndsWell(seed: UInt64) {
        let mischief = [0.0, 0.2, 0.6, 0.95][Int(seed % 4)]
        var run = RandomRun(backends: [1, 3, 12, 30][Int(seed / 4 % 4)], mischief: mischief, seed: seed)
        for _ in 0..<1500 { run.step() }
        run.settle()
        #expect(run.complaints.isEmpty, "seed \(seed): \(run.complaints.prefix(5))")
    }

    @Test(arguments: 41...60)
    func aRandomRunWithFlushesKeepsTheRulesAndEndsWell(seed: UInt64) {
        var run = RandomRun(backends: [3, 12][Int(seed % 2)], mischief: [0.1, 0.6][Int(seed / 2 % 2)], seed: seed) {
            $0.flushes = true
        }
        for _ in 0..<1500 { run.step() }
        run.settle()
        #expect(run.complaints.isEmpty, "seed \(seed): \(run.complaints.prefix(5))")
    }

    /// It ends with as many backends wanted down as the rule allows.
    @Test(arguments: 61...80)
    func aRandomRunWithDelayedDownsKeepsTheLimit(seed: UInt64) {
        let backends = [4, 12][Int(seed % 2)]
        var run = RandomRun(backends: backends, mischief: [0.1, 0.6][Int(seed / 2 % 2)], seed: seed) {
            $0.delayedDown = .init(delay: .seconds(5), limit: backends / 2)
            $0.parallelMoves = 7
        }
        for _ in 0..<1500 { run.step() }
        run.settle()
        #expect(run.complaints.isEmpty, "seed \(seed): \(run.complaints.prefix(5))")
    }

    @Test(arguments: 91...120)
    func aRandomRunWithAGuardLeavesEnoughHealthyBackends(seed: UInt64) {
        let backends = [2, 5, 12][Int(seed % 3)]
        var run = RandomRun(backends: backends, mischief: [0.0, 0.1, 0.6][Int(seed / 3 % 3)], seed: seed) {
            // In the end half of them are to be down.
            $0.minHealthy = backends == 2 ? .count(1) : [.count(1), .count(2), .percent(50)][Int(seed / 9 % 3)]
            $0.recordsDowns = true
        }
        for _ in 0..<1500 { run.step() }
        run.settle()
        #expect(run.complaints.isEmpty, "seed \(seed): \(run.complaints.prefix(5))")
    }

    @Test(arguments: 81...90)
    func aRandomDryRunCommandsNothing(seed: UInt64) {
        var run = RandomRun(backends: 6, mischief: [0.0, 0.4][Int(seed % 2)], seed: seed) { $0.isDryRun = true }
        for _ in 0..<1500 { run.step() }
        #expect(run.complaints.isEmpty, "seed \(seed): \(run.complaints.prefix(5))")
        #expect(run.told > 0)
    }
}

/// A reconciliation and a model director, driven by random events.
private struct RandomRun {
    let backends: Int
    var now = Instant.origin + .seconds(100)
    var machine: Reconciliation
    var director: ModelDirector
    var wanted: [IPAddress: HostState] = [:]
    var wantedSince: [IPAddress: Instant] = [:]
    var recalledSince: [IPAddress: Instant] = [:]
    /// The latest listing that is to be believed.
    var believed: [IPAddress: Host] = [:]
    var lastRing: RingState?
    var readAt: Instant?
    var isAway = false
    /// When a command of this backend that was given up stops to count.
    var held: [IPAddress: Instant] = [:]
    /// The same of its HOST-DOWN.
    var heldDowns: [IPAddress: Instant] = [:]
    /// When a move that was given up stops to count.
    var heldMoves: [IPAddress: Instant] = [:]
    var ownDowns: Set<IPAddress> = []
    /// What was done within the current second.
    var recent: [Instant] = []
    /// How often it was told what would be sent.
    var told = 0
    var complaints: [String] = []
    var evidence: [IPAddress: PollEvidence] = [:]
    /// The failed polls in a row of those that fail.
    var failures: [IPAddress: [PollEvidence.Failing]] = [:]
    /// Polls out of turn, and when they end.
    var polls: [(at: Instant, start: Instant, address: IPAddress)] = []
    /// Records, when they are written, and what is in them.
    var records: [(at: Instant, id: Reconciliation.RecordID, intents: [IPAddress: DownIntent])] = []
    /// What is on the disk.
    var recorded: [IPAddress: DownIntent] = [:]

    init(
        backends: Int, mischief: Double, seed: UInt64, manners change: (inout Reconciliation.Manners) -> Void = { _ in }
    ) {
        self.backends = backends
        var manners = Reconciliation.Manners(interval: .seconds(10))
        change(&manners)
        machine = Reconciliation(manners: manners)
        director = ModelDirector(backends: backends, mischief: mischief, seed: seed)
        perform(machine.woke(at: now))
    }

    mutating func complain(_ text: String) { complaints.append("\(now.nanoseconds / 1_000_000) ms: \(text)") }

    mutating func step() {
        switch director.below(20) {
        case 0..<6: want()
        case 6, 7: director.meddle(backends: backends)
        default: pass(.milliseconds(director.below(director.chance(0.1) ? 20_000 : 800)))
        }
    }

    /// A backend's health has changed.
    mutating func want() {
        let host = row(1 + director.below(backends))
        let state: HostState? = [.up, .down, .down, nil][director.below(4)]
        // The monitor forgets the health of a backend that is not listed.
        guard believed[host.address] != nil else { return }
        wish(state, for: host.address)
        perform(machine.polled(polled(host.address, state), wanted: state, for: host.address, at: now))
    }

    mutating func wish(_ state: HostState?, for address: IPAddress) {
        if wanted[address] != state { wantedSince[address] = state == .down ? recalledSince[address] ?? now : now }
        if state != nil { recalledSince[address] = nil }
        wanted[address] = state
    }

    /// Others had their say: a down has to be asked for anew, and is as old as it was.
    mutating func recallDown(_ address: IPAddress) {
        guard wanted[address] == .down else { return }
        recalledSince[address] = wantedSince[address]
        wanted[address] = nil
    }

    /// What its polls now show.
    mutating func polled(_ address: IPAddress, _ state: HostState?) -> PollEvidence {
        let former = evidence[address]
        let next: PollEvidence =
            switch state {
            case .up: PollEvidence(goodRounds: (former?.goodRounds ?? []) + [now...now])
            case .down: PollEvidence(failing: .init(since: former?.failing?.since ?? now, asOf: now))
            case nil: PollEvidence()
            }
        note(next, of: address)
        return next
    }

    mutating func pass(_ time: Duration) {
        let end = now + time
        while true {
            let own = min(records.map(\.at).min() ?? .distantFuture, polls.map(\.at).min() ?? .distantFuture)
            let next = min(min(machine.nextWake, director.nextEvent), own)
            guard next <= end else { break }
            now = max(now, next)
            director.advance(to: now)
            if let index = records.firstIndex(where: { $0.at <= now }) {
                let record = records.remove(at: index)
                recorded = record.intents
                perform(machine.recorded(record.id, at: now))
            } else if let index = polls.firstIndex(where: { $0.at <= now }) {
                pollEnded(polls.remove(at: index))
            } else if let list = director.finishedList(at: now) {
                take(list.result, startedAt: list.startedAt)
            } else if let answer = director.finishedCommand(at: now) {
                perform(machine.replied(answer.id, answer.reply, at: now))
            } else {
                perform(machine.woke(at: now))
                guard machine.nextWake > now else { return complain("it wants to be woken without a pause") }
            }
        }
        now = end
        director.advance(to: now)
    }

    mutating func pollEnded(_ poll: (at: Instant, start: Instant, address: IPAddress)) {
        guard believed[poll.address] != nil else { return }
        let state = wanted[poll.address]
        let former = evidence[poll.address]
        if state != .down {
            let rounds = (former?.goodRounds ?? []) + [poll.start...now]
            note(PollEvidence(goodRounds: rounds), of: poll.address)
        } else {
            let since = former?.failing?.since ?? now
            note(PollEvidence(failing: .init(since: since, asOf: poll.start)), of: poll.address)
        }
        perform(
            machine.polled(
                evidence[poll.address] ?? PollEvidence(), wanted: state, for: poll.address, at: now))
    }

    mutating func note(_ next: PollEvidence, of address: IPAddress) {
        evidence[address] = next
        failures[address] = next.failing.map { (failures[address] ?? []) + [$0] }
    }

    mutating func take(_ result: Result<Listing, DirectorFailure>, startedAt: Instant) {
        switch result {
        case .success(let listing):
            isAway = false
            lastRing = listing.ring
            if listing.ring != .handshaking {
                believed = Dictionary(listing.hosts.map { ($0.address, $0) }) { first, _ in first }
                readAt = now
                wanted = wanted.filter { believed[$0.key] != nil }
                wantedSince = wantedSince.filter { believed[$0.key] != nil }
                recalledSince = recalledSince.filter { believed[$0.key] != nil }
                evidence = evidence.filter { believed[$0.key] != nil }
                failures = failures.filter { believed[$0.key] != nil }
            }
            perform(machine.listed(listing, at: now))
        case .failure(let failure):
            isAway = true
            perform(machine.listFailed(failure, at: now))
        }
    }

    mutating func perform(_ actions: [Action]) {
        for action in actions {
            switch action {
            case .list:
                if director.isListing { complain("a second list") }
                director.startList(at: now)
                count()
            case .send(let id, let command):
                check(command)
                director.send(id, command, at: now)
                count()
            case .abandon(let id): abandon(id)
            case .report(.stateChanged(let host, .command)) where host.state == .down: ownDowns.insert(host.address)
            case .report(.stateChanged(let host, let cause)):
                ownDowns.remove(host.address)
                if cause == .foreign, host.state == .down, wanted[host.address] == .up { wanted[host.address] = nil }
                if cause == .foreign, host.state == .up { recallDown(host.address) }
            case .report(.maintenanceChanged(let host)) where !host.isInMaintenance: recallDown(host.address)
            case .report(.hostDisappeared(let host)): ownDowns.remove(host.address)
            case .report(.wouldSend): told += 1
            case .record(let id):
                // One after the other, as a disk does.
                let start = max(now, records.last?.at ?? now)
                records.append((start + .milliseconds(director.below(500)), id, machine.intents))
            case .poll(let address):
                if machine.manners.minHealthy.isOff { complain("a poll that nobody needs") }
                _ = machine.pollsStarted(address, at: now)
                polls.append((now + .milliseconds(1 + director.below(2000)), now, address))
            case .report: break
            }
        }
    }

    mutating func abandon(_ id: Int) {
        let command = director.command(id)
        guard let reply = director.abandon(id, at: now) else { return complain("nothing to give up") }
        if let command, let address = IPAddress(command.spelling) {
            if command.verb == .hostResetUsers {
                heldMoves[address] = now + .seconds(60)
            } else {
                held[address] = now + .seconds(60)
                if command.verb == .hostDown { heldDowns[address] = now + .seconds(60) }
            }
        }
        perform(machine.replied(id, reply, at: now))
    }

    /// At most so many lists and commands a second, whatever happens.
    mutating func count() {
        recent.removeAll { $0 + .seconds(1) <= now }
        recent.append(now)
        let most = 30 + 6 * backends
        if recent.count > most { complain("\(recent.count) lists and commands in a second") }
    }

    mutating func check(_ command: DirectorCommand) {
        let out = director.outstanding
        if machine.manners.isDryRun { complain("\(command) in a dry run") }
        if out.count >= 8 { complain("more than eight connections") }
        if out.contains(where: { $0.spelling == command.spelling }) { complain("two commands out for one backend") }
        guard let address = IPAddress(command.spelling), let host = believed[address] else {
            return complain("\(command) for a backend that is not listed")
        }
        if isAway { complain("\(command) to a director that is away") }
        if lastRing != .synced, lastRing != nil { complain("\(command) while the ring is not synced") }
        if readAt.map({ now - $0 > .seconds(1) }) ?? true { complain("\(command) on an old list") }
        if host.isInMaintenance { complain("\(command) under maintenance") }
        if let until = held[address], now < until { complain("\(command) while another may be held") }
        switch command.verb {
        case .hostDown:
            if host.state == .down { complain("down twice") }
            if wanted[address] != .down { complain("a down that is not wanted") }
            if let rule = machine.manners.delayedDown { check(rule, address) }
            if machine.manners.recordsDowns, recorded[address] == nil { complain("a down that is not written down") }
            checkGuard(address)
        case .hostUp:
            if host.state == .up { complain("up twice") }
            if wanted[address] != .up { complain("an up that is not wanted") }
        case .hostUpdate: complain("a weight that nobody has asked for")
        case .hostResetUsers, .hostFlush:
            if let until = heldMoves[address], now < until { complain("a move while another may go on") }
            if out.count(where: \.movesUsers) >= 4 { complain("more than four moves") }
            if (command.verb == .hostFlush) != machine.manners.flushes { complain("\(command) is the wrong one") }
            if command.parallelMoves != machine.manners.parallelMoves { complain("\(command) has the wrong number") }
            if !ownDowns.contains(address) { complain("a move after no down of its own") }
            if host.state != .down || wanted[address] == .up { complain("a move from a backend that is up") }
        }
    }

    /// The pool has to be able to spare it: by others that were seen healthy before one of its failed polls, and by others that
    /// were since.
    mutating func checkGuard(_ address: IPAddress) {
        let pool = believed.values.filter { !$0.isInMaintenance }
        let serving = pool.filter { host in
            let isGoingDown =
                director.outstanding.contains { $0.verb == .hostDown && $0.spelling == host.spelling }
                || heldDowns[host.address].map { now < $0 } ?? false
            return host.state == .up && !isGoingDown
        }.compactMap { evidence[$0.address]?.goodRounds }
        let needed = machine.manners.minHealthy.needed(of: pool.count)
        let left = (failures[address] ?? []).map { failed in
            let before = serving.count { rounds in
                rounds.contains { $0.lowerBound >= failed.since && $0.upperBound <= failed.asOf }
            }
            let after = serving.count { ($0.last?.lowerBound ?? .origin) >= failed.startedAt }
            return min(before, after)
        }.max()
        if left ?? 0 < needed { complain("a down that leaves \(left ?? 0) of \(needed)") }
    }

    /// A down that is put off.
    mutating func check(_ rule: Reconciliation.DelayedDown, _ address: IPAddress) {
        let downs = believed.values.count { host in
            !host.isInMaintenance && (host.state == .down || wanted[host.address] == .down)
        }
        if downs > rule.limit { complain("a down where \(downs) are") }
        if wantedSince[address].map({ now - $0 < rule.delay }) ?? true { complain("a hasty down") }
    }

    /// The faults end: within a few minutes everything is as it is wanted, and nothing is done any more.
    mutating func settle() {
        director.heal(backends: backends)
        pass(.seconds(180))
        for number in 1...backends {
            let host = row(number)
            let state: HostState = number.isMultiple(of: 2) ? .down : .up
            // A wish that stands is as old as it is.
            wish(state, for: host.address)
            perform(machine.polled(polled(host.address, state), wanted: state, for: host.address, at: now))
        }
        // Their turns come, the others' halfway between.
        for _ in 1...6 {
            for rest in 0...1 {
                pass(.seconds(5))
                for number in 1...backends where number % 2 == rest {
                    pollEnded((at: now, start: now, address: row(number).address))
                }
            }
        }
        for host in director.listing.hosts where host.state != wanted[host.address] {
            complain("\(host.spelling) is \(String(describing: host.state)) in the end")
        }
        pass(.seconds(120))
        if !director.outstanding.isEmpty { complain("\(director.outstanding) is still out in the end") }
        let before = recent
        pass(.seconds(10))
        if before.count + 1 < recent.count { complain("it does not come to rest") }
    }
}

extension DirectorCommand {
    fileprivate var movesUsers: Bool { verb == .hostResetUsers || verb == .hostFlush }
}
