package import Site

/// Whether one backend is healthy, by the polls of its services.
///
/// A service is faulty after so many failed polls in a row, a backend when any of its services is. It is healthy when the
/// latest round of polls succeeded in every service; in between nothing can be said.
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

    /// The failed polls of one service in a row, up to now.
    package struct Streak: Hashable, Sendable {
        /// How many polls failed.
        package var count: Int
        /// When the first of them had failed.
        package var since: Instant
        /// Why the latest of them failed.
        package var latest: PollFailure
    }

    private var streaks: [Service: Streak] = [:]
    /// The services of the round that is going on that have not reported yet.
    private var awaited: Set<Service> = []
    private var roundFailed = false
    /// Whether the latest whole round succeeded, and no poll failed since.
    private var lastRoundSucceeded = false

    /// A backend of which nothing is known.
    package init() {}

    /// A round has started that polls these services. Services that are not polled any more are forgotten.
    package mutating func roundStarted(_ services: [Service]) {
        awaited = Set(services)
        roundFailed = false
        streaks = streaks.filter { awaited.contains($0.key) }
    }

    /// A poll of the round has ended; gives the service's failures in a row, nil when it succeeded or tells nothing.
    ///
    /// A failure that is only a warning shows that the service is well. One of the monitor's own machine says nothing of the backend: it neither counts nor ends a streak, but the
    /// round has not succeeded.
    package mutating func pollEnded(_ service: Service, _ failure: PollFailure?, at now: Instant) -> Streak? {
        guard awaited.remove(service) != nil else { return nil }
        guard let failure, failure.meaning != .warning else {
            streaks[service] = nil
            if awaited.isEmpty { lastRoundSucceeded = !roundFailed }
            return nil
        }
        roundFailed = true
        lastRoundSucceeded = false
        guard failure.countsAgainstBackend else { return nil }
        let former = streaks[service]
        let streak = Streak(count: (former?.count ?? 0) + 1, since: former?.since ?? now, latest: failure)
        streaks[service] = streak
        return streak
    }

    /// Other services are polled from now on: what is known of dropped ones is forgotten, and the round that is going on, which
    /// lacks the new ones, shows nothing.
    package mutating func servicesChanged(to services: [Service]) {
        streaks = streaks.filter { services.contains($0.key) }
        lastRoundSucceeded = false
        roundFailed = true
    }

    /// Others have taken the backend down: only a round that ends from now on shows that it is healthy.
    package mutating func successIsPast() { lastRoundSucceeded = false }

    /// Whether all polls of the round have ended.
    package var roundIsOver: Bool { awaited.isEmpty }

    /// What the polls say, when `failuresNeeded` in a row make a service faulty.
    package func verdict(failuresNeeded: Int) -> Verdict {
        if streaks.values.contains(where: { $0.count >= failuresNeeded }) { return .faulty }
        return lastRoundSucceeded ? .healthy : .undecided
    }

    /// The services that are faulty, the longest faulty first.
    package func faultyServices(failuresNeeded: Int) -> [(service: Service, streak: Streak)] {
        streaks.filter { $0.value.count >= failuresNeeded }
            .sorted { ($0.value.since, $0.key.port) < ($1.value.since, $1.key.port) }
            .map { (service: $0.key, streak: $0.value) }
    }
}
