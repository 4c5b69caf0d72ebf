internal import Site

/// How one service of a backend fares: its failures in a row, the rapid stage that may follow them, and how long its polls
/// may take.
struct ServiceHealth: Sendable {
    /// Whether the round that is going on waits for it.
    var isAwaited = false
    private(set) var streak: BackendHealth.Streak?
    /// When the round of the latest poll that failed was started, and when that poll itself was.
    var latestFailure = (round: Instant.origin, poll: Instant.origin)
    /// The rapid stage that is going on.
    private var stage: BackendHealth.RapidStage?
    /// Whether a rapid stage has borne out the streak.
    private var isConfirmed = false
    /// How many polls of rounds have timed out since the last success.
    private var timeouts = 0

    func isFaulty(_ rules: BackendHealth.Rules) -> Bool {
        guard let streak, streak.count >= rules.failuresNeeded else { return false }
        return isConfirmed || rules.rapidRounds == 0
    }

    /// A streak whose latest failure does not count any more is over; a rapid stage has still to end.
    mutating func meaningsChanged(_ meaning: (PollFailure) -> PollFailure.Meaning) {
        if let streak, meaning(streak.latest) != .fault { recovered() }
    }

    /// How long the next poll of a round may take.
    func timeout(_ rules: BackendHealth.Rules) -> Duration {
        guard rules.timeoutGrows else { return rules.timeout }
        let grown = rules.timeout * min(timeouts + 1, rules.failuresNeeded)
        return max(rules.timeout, rules.interval == .zero ? grown : min(grown, rules.interval))
    }

    /// A poll has ended.
    mutating func ended(
        _ failure: PollFailure?, _ rules: BackendHealth.Rules, at now: Instant
    ) -> BackendHealth.Outcome {
        let fault = failure.flatMap { $0.meaning == .fault ? $0 : nil }
        let tellsNothing = failure?.meaning == .nothing
        if let fault { count(fault, at: now) }
        if let stage { return rapidPollEnded(stage, fault, tellsNothing: tellsNothing, rules) }
        guard let fault else {
            if !tellsNothing { recovered() }
            return BackendHealth.Outcome(streak: nil)
        }
        if fault.kind == .timeout { timeouts = min(timeouts + 1, rules.failuresNeeded) }
        // A rejected account is not to be tried without a pause, and a rapid poll looks for no message of another's.
        if fault.isAccountRejected || fault.kind == .messageLost, (streak?.count ?? 0) >= rules.failuresNeeded {
            isConfirmed = true
        }
        let isDoubted = rules.rapidRounds > 0 && !isConfirmed && (streak?.count ?? 0) >= rules.failuresNeeded
        if isDoubted { stage = BackendHealth.RapidStage(needed: min(rules.rapidFailuresNeeded, rules.rapidRounds)) }
        return BackendHealth.Outcome(streak: streak, pollsAgain: isDoubted)
    }

    private mutating func rapidPollEnded(
        _ former: BackendHealth.RapidStage, _ fault: PollFailure?, tellsNothing: Bool, _ rules: BackendHealth.Rules
    ) -> BackendHealth.Outcome {
        var next = former
        if !tellsNothing { next.polls += 1 }
        if fault != nil { next.failures += 1 }
        let streak = fault == nil ? nil : streak
        if tellsNothing {
            next.result = .aborted
        } else if fault?.kind == .timeout || next.failures >= next.needed {
            next.result = .failed
            isConfirmed = true
        } else if next.polls >= rules.rapidRounds {
            next.result = .passed
            recovered()
        }
        stage = next.result == nil ? next : nil
        return BackendHealth.Outcome(streak: streak, stage: next, pollsAgain: next.result == nil)
    }

    private mutating func count(_ fault: PollFailure, at now: Instant) {
        streak = BackendHealth.Streak(count: (streak?.count ?? 0) + 1, since: streak?.since ?? now, latest: fault)
    }

    private mutating func recovered() {
        streak = nil
        isConfirmed = false
        timeouts = 0
    }
}
