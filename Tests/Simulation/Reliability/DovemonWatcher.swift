internal import Health
internal import Monitor
internal import Site

/// dovemon's own schedule and health code, wired up as in `MonitorMachine`.
struct DovemonWatcher: Watcher {
    private static let service = Service(.imap, port: 143)
    private let address: IPAddress
    private let rules: BackendHealth.Rules
    private let deciding: Deciding
    private var schedule: Schedule
    private var health = BackendHealth()
    private(set) var next: (at: Instant, within: Duration)
    private(set) var isDown = false
    private(set) var isFresh = true
    let pace: Duration

    init?(interval: Duration, timeout: Duration, failuresNeeded: Int, deciding: Deciding) {
        guard let address = IPAddress("10.0.0.1") else { return nil }
        self.address = address
        self.deciding = deciding
        pace = interval
        rules = BackendHealth.Rules(
            failuresNeeded: failuresNeeded, timeout: timeout, timeoutGrows: deciding.timeoutGrows, interval: interval,
            rapidRounds: deciding.rapidRounds, rapidFailuresNeeded: deciding.rapidFailuresNeeded)
        schedule = Schedule(interval: interval, from: .origin)
        next = (.origin, timeout)
        schedule.add(address, at: .origin)
        startRound()
    }

    private mutating func startRound() {
        let start = schedule.nextWake ?? .distantFuture
        _ = schedule.due(at: start)
        health.roundStarted([Self.service], at: start)
        next = (start, health.timeout(Self.service, rules))
    }

    mutating func ended(_ result: PollResult, at now: Instant) {
        let failure: PollFailure? =
            switch result {
            case .good: nil
            case .quick: .closed
            case .timeout: .timedOut(.greeting)
            }
        let outcome = health.pollEnded(Self.service, failure, rules, at: now)
        switch health.verdict(rules) {
        case .faulty: isDown = true
        case .healthy where health.goodRounds >= deciding.goodRoundsNeeded: isDown = false
        case .healthy, .undecided: break
        }
        isFresh = !isDown && result == .good && health.roundIsOver
        guard !outcome.pollsAgain else { return next = (now, deciding.rapidTimeout) }
        schedule.roundEnded(address, retry: health.awaitsRetry(rules) ? deciding.retryInterval : nil, at: now)
        startRound()
    }
}
