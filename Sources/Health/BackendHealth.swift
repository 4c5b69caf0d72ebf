package import Site

/// Whether one backend is healthy, by the polls of its services.
///
/// A service is faulty after so many failed polls in a row, where the rules want it only once a stage of rapid polls has
/// borne that out; a backend is when any of its services is. It is healthy when the latest round of polls succeeded in every
/// service; in between nothing can be said.
package struct BackendHealth: Sendable {
    /// What health asks for.
    package enum Verdict: Hashable, Sendable {
        /// Nothing can be said: not polled yet, or some polls failed, but not enough.
        case undecided
        /// The latest round succeeded everywhere.
        case healthy
        /// A service has failed too often in a row.
        case faulty
    }

    /// The failed polls of one service in a row, up to now; those of a rapid stage are among them.
    package struct Streak: Hashable, Sendable {
        /// How many polls failed.
        package var count: Int
        /// When the first of them had failed.
        package var since: Instant
        /// Why the latest of them failed.
        package var latest: PollFailure
    }

    /// When the failed polls were made that the verdict rests on.
    package struct Failing: Hashable, Sendable {
        /// When the first of them had failed.
        package let since: Instant
        /// When the round of the latest of them was started.
        package let latestRound: Instant
        /// When the latest of them was itself started: later than its round where it had to wait for a place, or for others of
        /// the round.
        package let latestPoll: Instant
    }

    /// The rapid polls that follow the last failure that is needed: one after the other, without a pause.
    package struct RapidStage: Hashable, Sendable {
        /// How a stage ends.
        package enum Result: Hashable, Sendable {
            /// Enough of them failed, or one timed out: the service is faulty.
            case failed
            /// Too few of them failed: the service is not faulty, and counting begins anew.
            case passed
            /// The monitor's own machine was in the way: no verdict. The next failed poll of a round begins another stage.
            case aborted
        }

        /// How many have ended.
        package var polls = 0
        /// How many of these failed.
        package var failures = 0
        /// So many failures make the service faulty.
        package var needed: Int
        /// How it ended; nil while it goes on.
        package var result: Result?

        /// A stage in which nothing was polled yet.
        package init(needed: Int) { self.needed = needed }
    }

    /// Whole rounds that have succeeded in a row.
    package struct GoodRun: Hashable, Sendable {
        /// When the first of them had succeeded; later by the times in between in which nothing could be seen.
        package let since: Instant
        /// The latest of them since something last could not be seen, from the start to the end of each, the oldest first; of
        /// earlier ones fewer and fewer, up to some minutes back at least.
        package let latest: [ClosedRange<Instant>]
        /// Since when nothing can be seen; nil when the last poll said something.
        var blindSince: Instant?
    }

    /// What a poll's end means.
    package struct Outcome: Hashable, Sendable {
        /// The service's failures in a row; nil when the poll succeeded or tells nothing.
        package var streak: Streak?
        /// The rapid stage that the poll belonged to, as it now stands; nil for a poll of a round.
        package var stage: RapidStage?
        /// Whether a rapid poll of the service is to follow at once.
        package var pollsAgain = false
    }

    private var services: [Service: ServiceHealth] = [:]
    private var roundFailed = false
    /// Whether a poll of the round has failed that is to be tried again soon.
    private var roundIsDoubtful = false
    private var roundStart = Instant.origin
    /// The rounds that have succeeded in a row; nil when something has failed since.
    package private(set) var goodRun: GoodRun?
    /// How many whole rounds have succeeded in a row, without a failed poll since.
    package private(set) var goodRounds = 0

    /// What a round takes to start its first polls, at most: those that are started together are to count as such.
    private static let start = Duration.milliseconds(250)

    /// A backend of which nothing is known.
    package init() {}

    /// A round has started that polls these services. Services that are not polled any more are forgotten.
    package mutating func roundStarted(_ polled: [Service], at now: Instant) {
        if !services.keys.allSatisfy(polled.contains) {
            services = services.filter { polled.contains($0.key) }
        }
        for service in polled { services[service, default: ServiceHealth()].isAwaited = true }
        roundFailed = false
        roundIsDoubtful = false
        roundStart = now
    }

    /// How long the next poll of a service may take in a round.
    package func timeout(_ service: Service, _ rules: Rules) -> Duration {
        services[service]?.timeout(rules) ?? rules.timeout
    }

    /// A poll of the round has ended; one that is not awaited means nothing.
    ///
    /// A failure that is only a warning shows that the service is well, where it was an answer: to have waited in vain shows
    /// no more than that it does not count. One of the monitor's own machine says nothing of the backend: it neither counts
    /// nor ends a streak, but the round has not succeeded.
    /// `took` is the poll's own time, without what it waited for its turn; nil for the whole time since the round's start.
    package mutating func pollEnded(
        _ service: Service, _ failure: PollFailure?, took: Duration? = nil, _ rules: Rules, at now: Instant
    ) -> Outcome {
        guard var health = services[service], health.isAwaited else { return Outcome() }
        let outcome = health.ended(failure, rules, at: now)
        health.isAwaited = outcome.pollsAgain
        services[service] = health
        switch failure?.meaning {
        case .fault:
            // A server that has rejected an account answers later with each try.
            if failure?.isAccountRejected == false { roundIsDoubtful = true }
            roundFailed = true
            let pollStart = took.map { now + $0 * -1 } ?? roundStart
            let start = pollStart - roundStart <= Self.start ? roundStart : pollStart
            services[service]?.latestFailure = (roundStart, start)
            successIsPast()
        case .nothing:
            roundFailed = true
            isBlind(since: now)
        case .warning where failure?.kind == .timeout:
            roundFailed = true
            isBlind(since: now)
        case .warning, nil: countGoodRound(at: now)
        }
        return outcome
    }

    /// A service that the round polled is not polled any more, and says nothing.
    package mutating func serviceDropped(_ service: Service, at now: Instant) {
        guard services.removeValue(forKey: service)?.isAwaited == true else { return }
        countGoodRound(at: now)
    }

    /// Other services are polled from now on: what is known of dropped ones is forgotten, and the round that is going on,
    /// which lacks the new ones, shows nothing.
    package mutating func servicesChanged(to polled: [Service]) {
        for (service, health) in services where !polled.contains(service) {
            // Its poll still ends the round.
            var forgotten = ServiceHealth()
            forgotten.isAwaited = health.isAwaited
            services[service] = health.isAwaited ? forgotten : nil
        }
        successIsPast()
        roundFailed = true
    }

    /// Only a round that ends from now on shows that the backend is healthy: others have taken it down, for example.
    package mutating func successIsPast() {
        goodRounds = 0
        goodRun = nil
    }

    /// Since then nothing could be seen of it: what was seen before shows nothing of now, and only a round that ends from now
    /// on shows that it is healthy. A success is not broken by it, but the time does not count.
    package mutating func isBlind(since time: Instant) {
        goodRounds = 0
        goodRun = goodRun.map { GoodRun(since: $0.since, latest: [], blindSince: $0.blindSince ?? time) }
    }

    /// By other meanings of failures, streaks whose latest failure does not count any more are over.
    package mutating func meaningsChanged(_ meaning: (PollFailure) -> PollFailure.Meaning) {
        for service in services.keys { services[service]?.meaningsChanged(meaning) }
    }

    /// Whether all polls of the round have ended.
    package var roundIsOver: Bool { !services.values.contains(where: \.isAwaited) }

    /// Whether the next round is to come sooner than usual: a poll of the last one failed, and more failures are needed to
    /// know. A backend that is faulty already must not be hammered.
    package func awaitsRetry(_ rules: Rules) -> Bool {
        roundIsDoubtful && services.values.contains { $0.streak != nil } && verdict(rules) != .faulty
    }

    /// What the polls say.
    package func verdict(_ rules: Rules) -> Verdict {
        if services.values.contains(where: { $0.isFaulty(rules) }) { return .faulty }
        return goodRounds > 0 ? .healthy : .undecided
    }

    /// The services that are faulty, the longest faulty first.
    package func faultyServices(_ rules: Rules) -> [(service: Service, streak: Streak)] {
        services.compactMap { service, health in
            health.isFaulty(rules) ? health.streak.map { (service: service, streak: $0) } : nil
        }.sorted { ($0.streak.since, $0.service.port) < ($1.streak.since, $1.service.port) }
    }

    /// The service that has failed most often in a row, and how; nil when none fails.
    package var worst: (service: Service, streak: Streak)? {
        let failing = services.compactMap { service, health in health.streak.map { (service: service, streak: $0) } }
        return failing.max { ($0.streak.count, $1.service.port) < ($1.streak.count, $0.service.port) }
    }

    /// Whether one more failed poll may make it faulty, or it is.
    package func isNearlyFaulty(_ rules: Rules) -> Bool {
        services.values.contains { ($0.streak?.count).map { $0 + 1 >= rules.failuresNeeded } ?? false }
    }

    /// Failed polls in a row of the service that is faulty, of several the one that has failed last, or else of that which failed
    /// first: what another service's polls show is not what it is to be taken down for. Nil when none fails.
    package func failing(_ rules: Rules) -> Failing? {
        let failing = services.compactMap { service, health in
            health.streak.map { streak in
                let (round, poll) = health.latestFailure
                let polls = Failing(since: streak.since, latestRound: round, latestPoll: poll)
                return (isFaulty: health.isFaulty(rules), port: service.port, polls: polls)
            }
        }
        // Polls of a faulty one that say nothing any more must not speak for the others.
        let faulty = failing.filter(\.isFaulty).max {
            ($0.polls.latestRound, $1.polls.since, $1.port) < ($1.polls.latestRound, $0.polls.since, $0.port)
        }
        return (faulty ?? failing.min { ($0.polls.since, $0.port) < ($1.polls.since, $1.port) })?.polls
    }

    private mutating func countGoodRound(at now: Instant) {
        guard roundIsOver, !roundFailed else { return }
        goodRounds += 1
        let latest = (goodRun?.latest ?? []) + [roundStart...max(roundStart, now)]
        let blind = goodRun?.blindSince.map { max(.zero, now - $0) } ?? .zero
        goodRun = GoodRun(since: goodRun.map { $0.since + blind } ?? now, latest: GoodRun.thinned(latest))
    }
}
