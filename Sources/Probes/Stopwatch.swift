internal import Site

/// Takes the time of a poll's phases.
struct Stopwatch: Sendable {
    private let start: Instant
    private var phase = Phase.connect
    private var phaseStart: Instant
    private var phases: [PhaseTime] = []

    init(startedAt start: Instant) {
        self.start = start
        self.phaseStart = start
    }

    mutating func enter(_ next: Phase, at now: Instant) {
        phases.append(PhaseTime(phase, now - phaseStart))
        phase = next
        phaseStart = now
    }

    /// The report of a poll that ended now, the last phase's time included.
    func report(failure: PollFailure?, at now: Instant) -> PollReport {
        PollReport(
            failure: failure, phases: phases + [PhaseTime(phase, now - phaseStart)], duration: now - start)
    }
}
