internal import Site

/// The backends, and the way to them from each monitor: what a poll meets, and what is true.
final class Network {
    /// What a poll meets: an answer after so long, or never.
    struct Answer {
        var after: Duration?
        var failure: PollFailure?
        /// What is being waited for.
        var phase = Phase.greeting
    }

    private struct Penalty {
        /// How often in a row a login was rejected.
        var rejections = 0
        var latest = Instant.origin
    }

    private var conditions: [[Condition]]
    private var paths: [[Path]]
    private var troubles: [OwnTrouble]
    private var penalties: [[Penalty]]
    /// Counts the changes of what a monitor meets at a backend's service.
    private var versions: [[[Int]]]
    private let services: [Service]
    private var random: SeededRandom

    /// Dovecot rejects logins late, and later each time.
    private static let rejectionDelays: [Duration] = [.seconds(2), .seconds(6), .seconds(10), .seconds(17)]
    /// So long after the last rejection it has forgotten, as long as a right login is late, too.
    private static let penaltyTime = Duration.seconds(60)
    private static let penaltyDelay = Duration.seconds(15)

    init(monitors: Int, backends: Int, services: [Service], random: SeededRandom) {
        self.services = services
        self.random = random
        conditions = Array(repeating: Array(repeating: .healthy, count: services.count), count: backends)
        paths = Array(repeating: Array(repeating: .clear, count: backends), count: monitors)
        troubles = Array(repeating: .none, count: monitors)
        penalties = Array(repeating: Array(repeating: Penalty(), count: backends), count: monitors)
        versions = Array(
            repeating: Array(repeating: Array(repeating: 0, count: services.count), count: backends), count: monitors)
    }

    func set(_ condition: Condition, backend: Int, service: Int) {
        conditions[backend][service] = condition
        for monitor in versions.indices { versions[monitor][backend][service] += 1 }
    }

    func set(_ path: Path, monitor: Int, backend: Int) {
        paths[monitor][backend] = path
        changed(monitor, backend)
    }

    func set(_ trouble: OwnTrouble, monitor: Int) {
        troubles[monitor] = trouble
        for backend in conditions.indices { changed(monitor, backend) }
    }

    func heal() {
        for backend in conditions.indices {
            for service in services.indices { set(.healthy, backend: backend, service: service) }
            for monitor in paths.indices { set(Path.clear, monitor: monitor, backend: backend) }
        }
        for monitor in troubles.indices { set(OwnTrouble.none, monitor: monitor) }
    }

    func trouble(_ monitor: Int) -> OwnTrouble { troubles[monitor] }
    func version(_ monitor: Int, _ backend: Int, _ service: Int) -> Int { versions[monitor][backend][service] }

    private func changed(_ monitor: Int, _ backend: Int) {
        for service in services.indices { versions[monitor][backend][service] += 1 }
    }
}

extension Network {
    /// What a poll meets that starts now.
    func answer(_ monitor: Int, _ backend: Int, _ service: Int, at now: Instant) -> Answer {
        let soon = random.time(.milliseconds(2), .milliseconds(60))
        switch troubles[monitor] {
        case .cut: return Answer(phase: .connect)
        case .networkDown: return Answer(after: .microseconds(50), failure: .ownNetwork)
        case .none, .wrongPassword: break
        }
        switch paths[monitor][backend] {
        case .cut: return Answer(phase: .connect)
        case .unreachable: return Answer(after: soon, failure: .unreachable)
        case .lossy(let part):
            if random.chance(part) {
                return random.chance(0.5) ? Answer(phase: .connect) : Answer(after: soon, failure: .closed)
            }
        case .clear: break
        }
        switch conditions[backend][service] {
        case .healthy: return login(monitor, backend, service, soon, at: now)
        case .slow(let time): return login(monitor, backend, service, time + soon, at: now)
        case .refused: return Answer(after: soon, failure: .refused)
        case .hanging: return Answer()
        case .closing: return Answer(after: soon, failure: .closed)
        case .malformed: return Answer(after: soon, failure: .malformed)
        case .rejecting: return rejection(monitor, backend, at: now)
        case .unavailable: return Answer(after: soon, failure: .unavailable)
        case .lossy(let part):
            guard random.chance(part) else { return login(monitor, backend, service, soon, at: now) }
            return random.chance(0.5) ? Answer() : Answer(after: soon, failure: .closed)
        }
    }

    private func login(
        _ monitor: Int, _ backend: Int, _ service: Int, _ time: Duration, at now: Instant
    ) -> Answer {
        guard services[service].mailProtocol != .lmtp else { return Answer(after: time, phase: .command) }
        if troubles[monitor] == .wrongPassword { return rejection(monitor, backend, at: now) }
        let time = isPenalized(monitor, backend, at: now) ? max(time, Self.penaltyDelay) : time
        return Answer(after: time, phase: .login)
    }

    private func rejection(_ monitor: Int, _ backend: Int, at now: Instant) -> Answer {
        var penalty = penalties[monitor][backend]
        if now - penalty.latest > Self.penaltyTime { penalty.rejections = 0 }
        let delay = Self.rejectionDelays[min(penalty.rejections, Self.rejectionDelays.count - 1)]
        penalty.rejections += 1
        penalty.latest = now
        penalties[monitor][backend] = penalty
        return Answer(after: delay, failure: .rejected, phase: .login)
    }

    private func isPenalized(_ monitor: Int, _ backend: Int, at now: Instant) -> Bool {
        let penalty = penalties[monitor][backend]
        return penalty.rejections >= Self.rejectionDelays.count && now - penalty.latest <= Self.penaltyTime
    }

    /// What there is to be seen of a backend from a monitor, whose polls take at most `patience`, the first one `timeout`.
    ///
    /// Where a rejected account is only told, a backend that rejects it is none of the two.
    func truth(
        _ monitor: Int, _ backend: Int, timeout: Duration, patience: Duration, countsRejections: Bool, at now: Instant
    ) -> Truth {
        if troubles[monitor] == .cut { return .faulty }
        if troubles[monitor] == .networkDown { return .unclear }
        switch paths[monitor][backend] {
        case .cut, .unreachable: return .faulty
        case .clear, .lossy: break
        }
        let truths = services.indices.map { service -> Truth in
            let logsIn = services[service].mailProtocol != .lmtp
            switch conditions[backend][service] {
            case .healthy, .slow, .lossy:
                if logsIn, troubles[monitor] == .wrongPassword { return countsRejections ? .faulty : .unclear }
                if logsIn, isPenalized(monitor, backend, at: now) { return .unclear }
            case .rejecting: return countsRejections ? .faulty : .unclear
            default: return .faulty
            }
            switch conditions[backend][service] {
            case .lossy: return .unclear
            case .slow(let time):
                if time + .milliseconds(60) < timeout { return .healthy }
                return time > patience ? .faulty : .unclear
            default: return .healthy
            }
        }
        if truths.contains(.faulty) { return .faulty }
        if case .lossy = paths[monitor][backend] { return .unclear }
        return truths.contains(.unclear) ? .unclear : .healthy
    }
}

extension Network {
    /// How a conversation ends in whose middle things have become worse; nil when they have not.
    func interruption(_ monitor: Int, _ backend: Int, _ service: Int) -> PollFailure? {
        switch conditions[backend][service] {
        case .refused, .closing: .closed
        default: nil
        }
    }
}
