internal import DirectorAdmin
internal import Site

/// The directors, and how changes go round among them: from each to the next one, until they are back where they began.
final class Ring {
    let directors: [Director]
    /// How many users are assigned to each backend.
    private(set) var users: [Int]
    /// What an update takes from one director to the next, beside its millisecond.
    var hop = Duration.zero
    private let agenda: Agenda
    private var random: SeededRandom
    private var updates = 0
    /// A director's rows have changed: this one's, for this backend.
    var changed: (_ director: Int, _ backend: Int) -> Void = { _, _ in }
    /// A director's process has changed, or what it knows by itself.
    var disturbed: (_ director: Int) -> Void = { _ in }
    /// An administrator's weight is set: behind a stop of the director, not when it was asked for.
    var administered: (_ backend: Int, _ vhosts: Int) -> Void = { _, _ in }
    /// A monitor's command has moved a switch.
    var executed: (_ order: Director.Order) -> Void = { _ in }

    /// A director skips its neighbour when that has not answered for so long.
    private static let neighbourPatience = Duration.seconds(60)
    /// How long a command waits for the ring, before it runs and again for its reply.
    private static let syncPatience = Duration.seconds(30)
    static let usersOfEach = 40
    /// The simulated clock's origin in seconds since 1970.
    static let unixOrigin = 1_790_000_000

    init(directors: Int, backends: Int, agenda: Agenda, random: SeededRandom) {
        self.directors = (0..<directors).map { Director(number: $0, backends: backends) }
        self.users = Array(repeating: Self.usersOfEach, count: backends)
        self.agenda = agenda
        self.random = random
    }

    /// Wall-clock seconds, as the directors write them down.
    private var seconds: Int { Self.unixOrigin + Int(agenda.now.nanoseconds / 1_000_000_000) }
}

// MARK: - Changes

extension Ring {
    /// Changes something at one director; `done` is called when all have it.
    private func change(_ director: Director, _ backend: Int, _ change: Director.Change, done: @escaping () -> Void) {
        updates += 1
        let stamp = Director.Stamp(time: agenda.now, director: director.number, number: updates)
        let update = Director.Update(backend: backend, change: change, stamp: stamp)
        guard director.apply(update, at: seconds) else { return done() }
        changed(director.number, backend)
        let id = updates
        director.pending.append((id, backend))
        let incarnation = director.incarnation
        forward(update, from: director.number, hopsLeft: directors.count - 1) { [self] in
            guard director.incarnation == incarnation else { return }
            director.pending.removeAll { $0.id == id }
            done()
            if director.pending.isEmpty { ringSynced(director) }
        }
    }

    private func forward(_ update: Director.Update, from: Int, hopsLeft: Int, done: @escaping () -> Void) {
        guard hopsLeft > 0 else {
            return agenda.after(random.time(.microseconds(100), .milliseconds(1)) + hop, done)
        }
        let next = directors[(from + 1) % directors.count]
        agenda.after(random.time(.microseconds(100), .milliseconds(1)) + hop) { [self] in
            let goOn = { [self] in forward(update, from: next.number, hopsLeft: hopsLeft - 1, done: done) }
            let take = { [self] in
                if next.apply(update, at: seconds) { changed(next.number, update.backend) }
                goOn()
            }
            switch next.process {
            case .running: take()
            case .gone: goOn()
            case .stopped:
                var isTaken = false
                next.inbox.append {
                    if isTaken { return }
                    isTaken = true
                    take()
                }
                agenda.at(next.awaySince + Self.neighbourPatience) { [self] in
                    if isTaken { return }
                    isTaken = true
                    goOn()
                    // It hears of it when it is back.
                    next.whenRunning { [self] in
                        if next.apply(update, at: seconds) { changed(next.number, update.backend) }
                    }
                }
            }
        }
    }

    private func ringSynced(_ director: Director) {
        guard director.process == .running, !director.isHandshaking else { return }
        // The newest first, as the real one does.
        let waiting = director.held.reversed()
        director.held = []
        for order in waiting { handle(order, director, isNew: false) }
    }

    func administer(_ number: Int, _ backend: Int, _ administration: Scenario.Administration) {
        let director = directors[number]
        director.whenRunning { [self] in
            let what: Director.Change =
                switch administration {
                case .down: .up(false)
                case .up: .up(true)
                case .remove: .presence(false)
                case .add: .presence(true)
                case .weight(let vhosts): .weight(vhosts)
                }
            if case .weight(let vhosts) = administration { administered(backend, vhosts) }
            change(director, backend, what) {}
        }
    }
}

// MARK: - Commands and lists

extension Ring {
    /// A director's answer to DIRECTOR-LIST and HOST-LIST; with the moment at which it was true.
    func list(_ number: Int, hosts: @escaping (Director) -> [Host], reply: @escaping (Listing, Instant) -> Void) {
        let director = directors[number]
        agenda.after(random.time(.microseconds(50), .milliseconds(1))) { [self] in
            director.whenRunning { [self] in
                let listing = Listing(ring: director.ring, hosts: hosts(director))
                let now = agenda.now
                agenda.after(random.time(.microseconds(50), .milliseconds(2))) { reply(listing, now) }
            }
        }
    }

    /// A command arrives at a director.
    func take(_ order: Director.Order, at number: Int) {
        let director = directors[number]
        agenda.after(random.time(.microseconds(50), .milliseconds(1))) { [self] in
            director.whenRunning { [self] in handle(order, director, isNew: true) }
        }
    }

    private func answer(_ order: Director.Order, _ reply: CommandReply) {
        guard !order.isAnswered else { return }
        order.isAnswered = true
        for director in directors { director.open.removeAll { $0 === order } }
        agenda.after(random.time(.microseconds(50), .milliseconds(1))) {
            if !order.isMute { order.reply(reply) }
        }
    }

    private func handle(_ order: Director.Order, _ director: Director, isNew: Bool) {
        if isNew { director.open.append(order) }
        if order.verb == .hostResetUsers { return moveUsers(order, director) }
        let isUpdating = director.pending.contains { $0.backend == order.backend }
        if isNew, isUpdating, director.pending.count == 1 { return answer(order, .tryAgainLater) }
        guard director.ring == .synced else { return hold(order, director, isNew: isNew) }
        guard director.rows[order.backend].isListed else { return answer(order, .notFound) }
        if order.verb == .hostFlush {
            users[order.backend] = 0
            return answer(order, .ok)
        }
        agenda.after(Self.syncPatience) { [self] in answer(order, .ringSyncTimedOut) }
        if let vhosts = order.vhosts {
            return change(director, order.backend, .weight(vhosts)) { [self] in answer(order, .ok) }
        }
        let isUp = order.verb == .hostUp
        guard director.rows[order.backend].isUp != isUp else { return answer(order, .ok) }
        executed(order)
        if isUp { assignUsers(order.backend, director) }
        change(director, order.backend, .up(isUp)) { [self] in answer(order, .ok) }
    }

    private func hold(_ order: Director.Order, _ director: Director, isNew: Bool) {
        director.held.append(order)
        guard isNew else { return }
        agenda.after(Self.syncPatience) { [self] in
            guard director.held.contains(where: { $0 === order }) else { return }
            director.held.removeAll { $0 === order }
            answer(order, .ringSyncTimedOut)
        }
    }

    private func moveUsers(_ order: Director.Order, _ director: Director) {
        guard director.rows[order.backend].isListed else { return answer(order, .notFound) }
        let incarnation = director.incarnation
        agenda.after(random.time(.seconds(2), .seconds(9))) { [self] in
            guard director.incarnation == incarnation else { return }
            users[order.backend] = 0
            answer(order, .ok)
        }
    }

    /// Users come back to a backend that is up.
    private func assignUsers(_ backend: Int, _ director: Director) {
        agenda.after(.seconds(5)) { [self] in
            if director.rows[backend].isUp { users[backend] = Self.usersOfEach }
        }
    }
}

// MARK: - Processes

extension Ring {
    /// SIGSTOP, and SIGCONT later.
    func stop(_ number: Int, for time: Duration) {
        let director = directors[number]
        guard director.process == .running else { return }
        director.process = .stopped
        director.awaySince = agenda.now
        disturbed(number)
        let incarnation = director.incarnation
        agenda.after(time) { [self] in
            guard director.incarnation == incarnation, director.process == .stopped else { return }
            resume(director)
            reconnect(director)
        }
    }

    /// Its neighbours and a director that was away tell each other what they know.
    private func reconnect(_ director: Director) {
        let others = directors.filter { $0 !== director && $0.process == .running }
        for other in others {
            director.merge(other.rows)
            other.merge(director.rows)
        }
        for other in others + [director] {
            for backend in other.rows.indices { changed(other.number, backend) }
        }
    }

    private func resume(_ director: Director) {
        director.process = .running
        disturbed(director.number)
        let waiting = director.inbox
        director.inbox = []
        for work in waiting { work() }
    }

    /// The process dies, and another comes after `away`; it learns from the others within a second.
    func restart(_ number: Int, away: Duration) {
        let director = directors[number]
        guard director.process != .gone else { return }
        director.process = .gone
        director.awaySince = agenda.now
        director.incarnation += 1
        director.pending = []
        for order in director.held + director.open { answer(order, .closed) }
        director.held = []
        disturbed(number)
        agenda.after(away) { [self] in
            director.rows = Array(repeating: Director.Row(), count: director.rows.count)
            director.isHandshaking = true
            for backend in director.rows.indices { changed(number, backend) }
            resume(director)
            let incarnation = director.incarnation
            agenda.after(random.time(.milliseconds(100), .seconds(1))) { [self] in
                if director.incarnation == incarnation { handshake(director) }
            }
        }
    }

    private func handshake(_ director: Director) {
        director.isHandshaking = false
        // A director that hangs cannot tell, and one that is new itself knows nothing.
        for other in directors where other !== director && other.process == .running && !other.isHandshaking {
            director.merge(other.rows)
        }
        for backend in director.rows.indices { changed(director.number, backend) }
        disturbed(director.number)
        ringSynced(director)
    }

    func restartAll(away: Duration) {
        for director in directors where director.process == .stopped { resume(director) }
        for director in directors { restart(director.number, away: away) }
    }

    /// Every director runs again.
    func heal() {
        hop = .zero
        for director in directors where director.process == .stopped {
            resume(director)
            reconnect(director)
        }
    }
}
