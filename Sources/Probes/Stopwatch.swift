internal import Site

/// Takes the time of a poll's phases.
struct Stopwatch: Sendable {
    private let start: Instant
    private var phase: Phase
    private var phaseStart: Instant
    private var phases: [PhaseTime] = []

    init(startedAt start: Instant, in phase: Phase = .connect) {
        self.start = start
        self.phase = phase
        self.phaseStart = start
        // As many as a poll mostly has: they would be moved at each second phase.
        phases.reserveCapacity(6)
    }

    mutating func enter(_ next: Phase, at now: Instant) {
        phases.append(PhaseTime(phase, now - phaseStart))
        phase = next
        phaseStart = now
    }

    /// The report of a poll that ended now, the last phase's time included.
    mutating func report(
        failure: PollFailure?, warnings: [PollWarning] = [], deliveredMessage: String? = nil,
        transcript: Transcript? = nil, at now: Instant
    ) -> PollReport {
        phases.append(PhaseTime(phase, now - phaseStart))
        return PollReport(
            failure: failure, phases: phases, duration: now - start, warnings: warnings,
            deliveredMessage: deliveredMessage, transcript: transcript)
    }
}
