internal import Glibc
internal import Site

/// What happens to the backend of a trial.
enum Fault: Hashable, Sendable {
    /// From some moment on nobody listens.
    case crash
    /// From some moment on it takes connections and says nothing.
    case hang
    /// It says nothing for so long, and then answers what has waited.
    case pause(Duration)
    /// For so long nobody listens.
    case restart(Duration)
}

/// What years of random failures did to one backend.
struct Years: Sendable {
    /// How many were simulated.
    var years = 0.0
    /// How often the backend was marked down.
    var falseDowns = 0
    /// How long it was down, in hours.
    var hoursDown = 0.0
}

extension Watcher {
    /// Watches a healthy backend of whose polls this part fails by chance, half of them without an answer, until it has been
    /// marked down often enough or so many polls have failed.
    ///
    /// Stretches of good polls are leapt over, as they leave a monitor as it was; what happens from a failure until the
    /// monitor is as before is played out.
    mutating func years(_ failing: Double, downs: Int, failures: Int, _ random: inout SeededRandom) -> Years {
        var result = Years()
        var seconds = 0.0
        var failed = 0
        var downSince: Instant?
        while result.falseDowns < downs, failed < failures {
            var fails = random.chance(failing)
            if isFresh {
                let good = (log(1 - random.fraction()) / log(1 - failing)).rounded(.down)
                seconds += good * pace.inSeconds
                fails = true
            }
            if fails { failed += 1 }
            let outcome: PollResult = fails ? (random.chance(0.5) ? .timeout : .quick) : .good
            let poll = next
            let wasDown = isDown
            let end = poll.at + (outcome == .timeout ? poll.within : shortPoll)
            ended(outcome, at: end)
            seconds += (next.at - poll.at).inSeconds
            if isDown, !wasDown {
                result.falseDowns += 1
                downSince = end
            } else if wasDown, !isDown, let since = downSince {
                result.hoursDown += (end - since).inSeconds / 3600
            }
        }
        result.years = seconds / (365.25 * 86_400)
        return result
    }

    /// How long a fault lasts until the backend is marked down; nil when it never is, or already was when the fault began.
    mutating func timeToDown(_ fault: Fault, failing: Double, _ random: inout SeededRandom) -> Duration? {
        let begin = Instant.origin + pace * 8 + random.time(.zero, pace)
        let end: Instant
        switch fault {
        case .crash, .hang: end = .distantFuture
        case .pause(let time), .restart(let time): end = begin + time
        }
        while next.at < end {
            let poll = next
            let failsAnyway = random.chance(failing)
            var outcome: PollResult = failsAnyway ? (random.chance(0.5) ? .timeout : .quick) : .good
            var time = outcome == .timeout ? poll.within : shortPoll
            if poll.at >= begin {
                switch fault {
                case .crash, .restart: (outcome, time) = (.quick, .milliseconds(1))
                case .hang: (outcome, time) = (.timeout, poll.within)
                case .pause where end - poll.at < poll.within: (outcome, time) = (.good, end - poll.at)
                case .pause: (outcome, time) = (.timeout, poll.within)
                }
            }
            ended(outcome, at: poll.at + time)
            if isDown { return poll.at < begin ? nil : poll.at + time - begin }
        }
        return nil
    }
}
