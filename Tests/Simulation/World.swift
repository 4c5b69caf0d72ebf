internal import DirectorAdmin
internal import Monitor
internal import Site

/// A whole site under a clock of its own: backends, directors in their ring, monitors, and the referee who watches them.
final class World {
    let scenario: Scenario
    let mistake: Mistake?
    let agenda: Agenda
    let timeline: Timeline
    let network: Network
    let ring: Ring
    var random: SeededRandom
    /// So many commands and lists of a thousand go wrong.
    private(set) var mischief = 0
    /// The tag of each backend, which all directors know at once.
    private(set) var tags: [String]
    private(set) var monitors: [MonitorProcess] = []
    private(set) lazy var referee = Referee(self)
    private let addresses: [IPAddress]
    private let numbers: [IPAddress: Int]

    init(_ scenario: Scenario, mistake: Mistake?, write: ((String) -> Void)?) {
        self.scenario = scenario
        tags = scenario.tags
        self.mistake = mistake
        agenda = Agenda(from: .origin + .seconds(1))
        timeline = Timeline(agenda: agenda, write: write)
        let stream = { (number: UInt64) in SeededRandom(seed: scenario.seed, stream: number) }
        random = stream(3)
        network = Network(
            monitors: scenario.monitors, backends: scenario.backends, services: scenario.services, random: stream(4))
        ring = Ring(directors: scenario.directors, backends: scenario.backends, agenda: agenda, random: stream(5))
        addresses = (0..<scenario.backends).compactMap { IPAddress("10.0.0.\($0 + 1)") }
        numbers = Dictionary(uniqueKeysWithValues: addresses.enumerated().map { ($0.element, $0.offset) })
    }

    func number(of address: IPAddress) -> Int? { numbers[address] }

    func address(_ backend: Int) -> IPAddress { addresses[backend] }

    /// HOST-LIST's rows, as a director has them.
    func hosts(_ director: Director) -> [Host] {
        director.rows.enumerated().filter(\.element.isListed).map { number, row in
            Host(
                address: addresses[number], spelling: addresses[number].description, vhosts: row.vhosts,
                users: ring.users[number], tag: tags[number], state: row.isUp ? .up : .down,
                lastChange: row.changedAt)
        }
    }

    /// Runs from the beginning to the end, or to the first violation.
    func run() {
        ring.changed = { [self] director, backend in referee.rowChanged(director, backend) }
        ring.executed = { [self] order in referee.executed(order) }
        ring.administered = { [self] backend, vhosts in referee.administratorSets(vhosts, backend) }
        ring.disturbed = { [self] director in referee.directorDisturbed(director) }
        monitors = (0..<scenario.monitors).map { number in
            MonitorProcess(
                number: number, director: number % scenario.directors,
                policy: scenario.variant.policy(scenario.services, monitor: number), world: self)
        }
        for entry in scenario.script { agenda.at(agenda.now + entry.at) { [self] in happen(entry.what) } }
        referee.begin()
        for monitor in monitors {
            agenda.after(random.time(.zero, .seconds(3))) { monitor.start() }
        }
        agenda.run(until: agenda.now + scenario.end)
        if !agenda.isOver { referee.end() }
        // The closures hold the world, and the world holds them.
        ring.changed = { _, _ in }
        ring.disturbed = { _ in }
        ring.administered = { _, _ in }
        ring.executed = { _ in }
    }

    /// Whether something at the director goes wrong for a monitor.
    func mischief(_ monitor: Int) -> Bool { mischief > 0 && random.chance(Double(mischief) / 1000) }

    /// Takes a command to a director, where it gets there.
    func carry(_ order: Director.Order, to director: Int, after delay: Duration) {
        let take = { [self] in agenda.after(delay) { [self] in ring.take(order, at: director) } }
        guard mischief(order.monitor) else { return take() }
        let soon = random.time(.milliseconds(1), .seconds(1))
        let late = random.time(.milliseconds(1), .seconds(60))
        let answer = { [agenda] (reply: CommandReply, time: Duration) in
            agenda.after(time) {
                if !order.isMute { order.reply(reply) }
                order.isMute = true
            }
        }
        switch random.below(8) {
        case 0: answer(.notSent("refused"), soon)
        case 1: answer(.closed, late)
        case 2: answer(.tryAgainLater, soon)
        case 3: answer(.other("odd"), soon)
        case 4: order.isMute = true
        case 5:
            order.isMute = true
            take()
        case 6: agenda.after(random.time(.seconds(1), .seconds(30)), take)
        default:
            take()
            answer(.closed, late)
        }
    }
}

extension World {
    private func happen(_ what: Scenario.Happening) {
        timeline.note("== \(what)")
        switch what {
        case .condition(let backend, let service, let condition):
            network.set(condition, backend: backend, service: service)
        case .path(let monitor, let backend, let path): network.set(path, monitor: monitor, backend: backend)
        case .trouble(let monitor, let trouble): network.set(trouble, monitor: monitor)
        case .tag(let backend, let tag):
            tags[backend] = tag
            // Its former pool is another one now, and so is its new one.
            for monitor in monitors.indices { referee.monitorDisturbed(monitor) }
        case .stall(let monitor, let time):
            monitors[monitor].stop()
            agenda.after(time) { [self] in
                referee.monitorDisturbed(monitor)
                monitors[monitor].resume()
            }
        case .kill(let monitor, let away, let keepsState):
            monitors[monitor].kill(keepsState: keepsState)
            agenda.after(away) { [self] in
                // Killed twice, it is started once.
                if !monitors[monitor].isAlive { monitors[monitor].start() }
            }
        case .reload(let monitor, let variant):
            monitors[monitor].reload(variant.policy(scenario.services, monitor: monitor))
            referee.monitorDisturbed(monitor)
        case .stopDirector(let director, let time): ring.stop(director, for: time)
        case .restartDirector(let director, let away):
            referee.weightsAreReset()
            ring.restart(director, away: away)
        case .restartRing:
            referee.weightsAreReset()
            ring.restartAll(away: random.time(.zero, .seconds(2)))
        case .mischief(let part):
            mischief = part
            referee.mischiefChanged()
        case .slowRing(let hop): ring.hop = hop
        case .administrator(let director, let backend, let administration):
            ring.administer(director, backend, administration)
        case .maintenance(let monitor, let backend, let time, let drains):
            monitors[monitor].startMaintenance(backend, lasting: time, drains: drains)
        case .maintenanceEnd(let monitor, let backend): monitors[monitor].endMaintenance(backend)
        case .peace:
            network.heal()
            ring.heal()
            mischief = 0
            referee.mischiefChanged()
        }
        referee.worldChanged()
        switch what {
        case .condition, .path, .trouble, .maintenance, .maintenanceEnd: break
        default: referee.quarrelsSince = agenda.now
        }
    }
}
