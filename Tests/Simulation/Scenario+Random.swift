internal import DirectorAdmin
internal import Health
internal import Monitor
internal import Probes
internal import Site

extension Scenario {
    /// The scenario of a seed.
    package init(seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: 1)
        let services = Self.services(&random)
        let directors = random.one(of: [1, 2, 2, 3, 3])
        let monitors = random.one(of: [1, directors, directors])
        let backends = 2 + random.below(6)
        let hasTags = random.chance(0.3)
        let peace = random.time(.seconds(400), .seconds(1200))
        var writer = Script(
            random: SeededRandom(seed: seed, stream: 2), directors: directors, monitors: monitors, backends: backends,
            services: services.count, end: peace)
        let variant = Self.variant(&random)
        writer.write(variant)
        self.init(
            seed: seed, directors: directors, monitors: monitors,
            tags: (0..<backends).map { hasTags && $0 % 2 == 1 ? "b" : "" }, services: services, variant: variant,
            script: writer.sorted, peace: peace, end: peace + .seconds(420))
    }

    private static func services(_ random: inout SeededRandom) -> [Service] {
        let all = [Service(.imap, port: 143), Service(.pop3, port: 110), Service(.lmtp, port: 24)]
        return Array(all.prefix(random.one(of: [1, 1, 2, 3])))
    }

    /// Settings that somebody could have; the usual ones most often.
    static func variant(_ random: inout SeededRandom) -> Policy.Variant {
        var variant = Policy.Variant()
        variant.interval = random.one(of: [
            .seconds(10), .seconds(10), .seconds(10), .seconds(10), .seconds(5), .seconds(5), .seconds(30), .seconds(1),
        ])
        variant.timeout = random.one(of: [.seconds(3), .seconds(3), .seconds(2), .seconds(5)])
        variant.failuresNeeded = random.one(of: [3, 3, 3, 2, 1, 5])
        variant.deciding.retryInterval = random.one(of: [nil, .seconds(1), .seconds(3)])
        variant.deciding.timeoutGrows = random.chance(0.4)
        variant.deciding.goodRoundsNeeded = random.one(of: [1, 1, 2, 3])
        variant.deciding.rapidRounds = random.one(of: [0, 0, 0, 10])
        variant.deciding.flushes = random.chance(0.3)
        if random.chance(0.1) {
            variant.deciding.delayedDown = Deciding.DelayedDown(delay: .seconds(60), limit: 2)
        }
        variant.isDryRun = random.chance(0.05)
        variant.deciding.minHealthy = random.one(of: [
            .off, .count(1), .count(1), .count(1), .count(2), .percent(50), .percent(34),
        ])
        variant.deciding.raising.ownOnly = random.chance(0.25)
        variant.deciding.raising.warHold = random.one(of: [.seconds(600), .seconds(600), .seconds(60)])
        variant.deciding.raising.flapLimit = random.one(of: [0, 0, 0, 3])
        variant.deciding.rejection.account = random.one(of: [.fault, .fault, .fault, .warning])
        variant.removal = random.one(of: [.no, .no, .no, .marked])
        variant.deciding.slowStart = random.one(of: [
            nil, nil, SlowStart(duration: .seconds(60), steps: 5), SlowStart(duration: .seconds(120), steps: 3),
        ])
        return variant
    }
}

/// Writes the script of a scenario: each fault begins and ends.
private struct Script {
    var random: SeededRandom
    let directors: Int
    let monitors: Int
    let backends: Int
    let services: Int
    let end: Duration
    private var entries: [Scenario.Entry] = []

    init(random: SeededRandom, directors: Int, monitors: Int, backends: Int, services: Int, end: Duration) {
        self.random = random
        self.directors = directors
        self.monitors = monitors
        self.backends = backends
        self.services = services
        self.end = end
    }

    /// In order of time; of the same moment, as they were written.
    var sorted: [Scenario.Entry] {
        entries.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    mutating func write(_ variant: Policy.Variant) {
        for _ in 0..<(2 + random.below(14)) { fault(variant) }
        add(end, .peace)
        // One may stay dead for good.
        if random.chance(0.3) {
            let dead = Scenario.Happening.condition(backend: random.below(backends), service: 0, .refused)
            entries.append(Scenario.Entry(at: end + .seconds(1), what: dead))
        }
    }

    private mutating func add(_ at: Duration, _ what: Scenario.Happening) {
        entries.append(Scenario.Entry(at: min(at, end), what: what))
    }

    private mutating func fault(_ variant: Policy.Variant) {
        let at = random.time(.seconds(20), end)
        let until = at + random.time(.seconds(5), .seconds(200))
        let backend = random.below(backends)
        let monitor = random.below(monitors)
        let director = random.below(directors)
        switch random.below(26) {
        case 0, 1, 2: breaks(backend, random.one(of: Condition.dead), at, until)
        case 3: breaks(backend, .slow(random.time(.milliseconds(100), .seconds(12))), at, until)
        case 4: breaks(backend, .lossy(random.one(of: [0.05, 0.2, 0.5])), at, until)
        case 5: flaps(backend, at, until)
        case 6:
            let condition = random.one(of: Condition.dead)
            for backend in 0..<backends where random.chance(0.8) { breaks(backend, condition, at, until) }
        case 7, 8:
            add(at, .path(monitor: monitor, backend: backend, random.one(of: [.cut, .unreachable, .lossy(0.4)])))
            if random.chance(0.3), monitors > 1 { quarrels(monitor, backend, at, until) }
            // Long enough for a quarrel with those who can reach it.
            let clear = random.chance(0.5) ? until : at + random.time(.seconds(100), .seconds(900))
            add(clear, .path(monitor: monitor, backend: backend, .clear))
        case 9, 10:
            add(at, .trouble(monitor: monitor, random.one(of: [.cut, .networkDown, .wrongPassword])))
            // Most outages are short: some backends are not polled in them.
            let isShort = random.chance(0.6)
            add(isShort ? at + random.time(.seconds(1), .seconds(15)) : until, .trouble(monitor: monitor, .none))
        case 11:
            add(at, .stall(monitor: monitor, random.time(.milliseconds(100), .seconds(90))))
        case 12:
            let away = random.time(.milliseconds(100), .seconds(30))
            add(at, .kill(monitor: monitor, away: away, keepsState: random.chance(0.7)))
        case 13: add(at, .stopDirector(director, random.time(.seconds(1), .seconds(90))))
        case 14:
            random.chance(0.3)
                ? add(at, .restartRing) : add(at, .restartDirector(director, away: random.time(.zero, .seconds(2))))
        case 15:
            add(at, .mischief(random.one(of: [50, 200, 500])))
            add(until, .mischief(0))
        case 16:
            add(at, .slowRing(random.time(.milliseconds(5), .seconds(2))))
            add(until, .slowRing(.zero))
        case 17: administrators(backend, director, at, until)
        case 18, 19: maintenance(monitor, backend, at, until)
        case 20: weights(backend, director, at)
        case 23: brownout(monitor, at)
        case 24: moves(backend, at, until)
        default: reload(monitor, variant, at)
        }
    }

    private mutating func breaks(_ backend: Int, _ condition: Condition, _ at: Duration, _ until: Duration) {
        let service = random.below(services)
        for other in 0..<services where other == service || random.chance(0.5) {
            add(at, .condition(backend: backend, service: other, condition))
            add(until, .condition(backend: backend, service: other, .healthy))
        }
    }

    /// A network that loses some of what is sent before it loses everything.
    private mutating func brownout(_ monitor: Int, _ at: Duration) {
        let cut = at + random.time(.seconds(2), .seconds(15))
        for backend in 0..<backends { breaks(backend, .lossy(random.one(of: [0.1, 0.2, 0.3])), at, cut) }
        add(cut, .trouble(monitor: monitor, .cut))
        add(cut + random.time(.seconds(1), .seconds(20)), .trouble(monitor: monitor, .none))
    }

    /// Backends are sorted into other pools.
    private mutating func moves(_ backend: Int, _ at: Duration, _ until: Duration) {
        add(at, .tag(backend: backend, random.one(of: ["", "b", "c"])))
        if random.chance(0.7) { add(until, .tag(backend: backend, "")) }
    }

    private mutating func flaps(_ backend: Int, _ at: Duration, _ until: Duration) {
        var time = at
        while time < until {
            let dead = random.time(.seconds(1), .seconds(40))
            breaks(backend, random.one(of: [.refused, .hanging]), time, time + dead)
            time += dead + random.time(.seconds(1), .seconds(40))
        }
    }

    private mutating func administrators(_ backend: Int, _ director: Int, _ at: Duration, _ until: Duration) {
        let pair: (Scenario.Administration, Scenario.Administration) = random.one(of: [
            (.down, .up), (.weight(0), .weight(100)), (.weight(0), .weight(100)), (.remove, .add), (.up, .up),
        ])
        add(at, .administrator(director: director, backend: backend, pair.0))
        guard random.chance(0.8) else { return }
        add(until, .administrator(director: random.below(directors), backend: backend, pair.1))
    }

    /// Somebody works on a backend, which goes away and comes back, and may come back later than they thought.
    private mutating func maintenance(_ monitor: Int, _ backend: Int, _ at: Duration, _ until: Duration) {
        let drains = random.chance(0.6)
        add(at, .maintenance(monitor: monitor, backend: backend, min(until, end) - min(at, end), drains: drains))
        if random.chance(0.7) {
            let dead = at + random.time(.zero, .seconds(10))
            breaks(backend, .refused, dead, until + random.time(.seconds(-20), .seconds(20)))
        }
        if random.chance(0.4) { add(random.time(at, until), .maintenanceEnd(monitor: monitor, backend: backend)) }
        if random.chance(0.2) {
            let again = random.time(at, until)
            add(again, .maintenance(monitor: monitor, backend: backend, .seconds(60), drains: random.chance(0.5)))
        }
        if random.chance(0.3) {
            let away = random.time(.seconds(1), .seconds(90))
            add(random.time(at, until), .kill(monitor: monitor, away: away, keepsState: true))
        }
    }

    /// An administrator gives a backend another weight, one that no step has; most likely when it has just come back.
    private mutating func weights(_ backend: Int, _ director: Int, _ at: Duration) {
        let dead = random.time(.seconds(30), .seconds(60))
        breaks(backend, .refused, at, at + dead)
        let change = Scenario.Administration.weight(random.one(of: [50, 70, 3]))
        add(at + dead + random.time(.zero, .seconds(90)), .administrator(director: director, backend: backend, change))
    }

    /// One monitor does not reach a backend at all, another one now and then.
    private mutating func quarrels(_ monitor: Int, _ backend: Int, _ at: Duration, _ until: Duration) {
        let other = (monitor + 1) % monitors
        add(at, .path(monitor: other, backend: backend, .lossy(random.one(of: [0.2, 0.5]))))
        add(until + .seconds(600), .path(monitor: other, backend: backend, .clear))
    }

    private mutating func reload(_ monitor: Int, _ variant: Policy.Variant, _ at: Duration) {
        var other = variant
        other.interval = random.one(of: [.seconds(10), .seconds(5), .seconds(7)])
        // Few, as they are many polls.
        if random.chance(0.1) { other.interval = .milliseconds(500) }
        other.failuresNeeded = random.one(of: [2, 3, 4])
        if random.chance(0.5) { other.deciding.slowStart = nil }
        other.deciding.goodRoundsNeeded = random.one(of: [1, 1, 3])
        other.deciding.raising.ownOnly = random.chance(0.4)
        other.deciding.rejection.account = random.one(of: [.fault, .warning])
        if random.chance(0.5) {
            other.deciding.minHealthy = random.one(of: [.off, .count(1), .count(2), .percent(50)])
        }
        add(at, .reload(monitor: monitor, other))
    }
}
