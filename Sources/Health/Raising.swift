package import Site

/// When a backend that is down may go up again, although it polls well: not where others keep taking it down, not while it
/// goes up and down, and not what others took down, where that is theirs to end.
package struct Raising: Hashable, Sendable {
    /// What holds a backend down.
    package struct Rules: Hashable, Sendable {
        /// Only what this monitor took down is put up by it.
        package var ownOnly = false
        /// How long a backend that others took down again, right after this monitor had put it up, is left to them; twice as
        /// long each time, up to `longestWar`.
        package var warHold = Duration.seconds(600)
        /// So many downs within `flapWindow` are flapping; 0 for never.
        package var flapLimit = 0
        /// See `flapLimit`.
        package var flapWindow = Duration.seconds(600)
        /// How long a flapping backend has to be healthy without a break; twice as long each time, up to `longestFlap`.
        package var flapHold = Duration.seconds(120)

        /// The usual rules.
        package init() {}
    }

    /// Why a healthy backend stays down.
    package enum Hold: Hashable, Sendable {
        /// It was not this monitor that took it down.
        case notOwn
        /// Others took it down again; left to them for so long.
        case war(Duration)
        /// It has gone down so often within the window; it has to be healthy for so long.
        case flapping(downs: Int, Duration)

        /// Whether both have the same reason, however long each may last.
        package func isOfTheKind(of other: Hold) -> Bool {
            switch (self, other) {
            case (.notOwn, .notOwn), (.war, .war), (.flapping, .flapping): true
            case (.notOwn, _), (.war, _), (.flapping, _): false
            }
        }
    }

    private static let longestWar = Duration.seconds(4 * 3600)
    private static let longestFlap = Duration.seconds(3600)
    /// The largest `flapLimit` that the settings allow.
    private static let mostDowns = 1000

    /// When this monitor put it up, if it was the last to do so.
    package var raisedAt: Instant?
    /// How long it was last left to the others that took it down again; nil when there was no such quarrel.
    package var warHold: Duration?
    /// When that is over.
    package var warEnd: Instant?
    /// When such a time last ended early, as the backend failed here, too.
    package var truceAt: Instant?
    /// How long it has to be healthy without a break; nil when it is not flapping.
    package var flapHold: Duration?
    /// When it went down within the window, the oldest first; at most as many as the limit.
    package var downs: [Instant] = []
    /// When it last came up.
    package var upAt: Instant?

    /// Nothing is known yet.
    package init() {}

    /// What there is to be remembered; nil when that is nothing.
    package var memory: Raising? { self == Raising() ? nil : self }

    /// The backend was taken down, by this monitor or by others, where its polls here say `verdict`; gives what holds it from
    /// now on, where that is news.
    package mutating func wentDown(
        byOthers: Bool, here verdict: BackendHealth.Verdict, _ rules: Rules, at now: Instant
    ) -> Hold? {
        // A backend that is not healthy has more to be told of than this.
        let hold = quarrel(byOthers: byOthers, here: verdict, rules, at: now)
        let flapping = countDown(rules, at: now)
        (raisedAt, upAt) = (nil, nil)
        return verdict == .healthy ? hold ?? flapping : nil
    }

    /// Others that take down what is not faulty here disagree, also where not every poll from here succeeds.
    private mutating func quarrel(
        byOthers: Bool, here verdict: BackendHealth.Verdict, _ rules: Rules, at now: Instant
    ) -> Hold? {
        if !byOthers { failedHere(rules, at: now) }
        guard byOthers, verdict != .faulty else { return nil }
        // Where it had stayed up for longer than the last time it was left alone, that quarrel is over.
        let longest = max(warHold ?? .zero, rules.warHold)
        let isRecent = upAt.map { now - $0 <= longest } ?? false
        // Whoever put it up: where three monitors watch a ring, two could otherwise take turns.
        guard raisedAt != nil || isRecent else { return nil }
        let former = isRecent ? warHold : nil
        let hold = min(former.map { $0 * 2 } ?? rules.warHold, max(Self.longestWar, rules.warHold))
        warHold = hold
        warEnd = now + hold
        return hold > .zero ? .war(hold) : nil
    }

    /// The backend is faulty by this monitor's polls: nobody disagrees any more about its being down, whoever takes it down.
    ///
    /// Once in a while only: where some polls from here fail, and all from elsewhere, it would never be left to them.
    package mutating func failedHere(_ rules: Rules, at now: Instant) {
        guard let warEnd, now < warEnd else { return self.warEnd = nil }
        if let truceAt, now - truceAt < max(rules.warHold, warHold ?? .zero) { return }
        truceAt = now
        self.warEnd = nil
    }

    /// The backend was put up, by this monitor or by others.
    package mutating func wentUp(byOthers: Bool, at now: Instant) {
        raisedAt = byOthers ? nil : now
        upAt = now
        // Where a third monitor puts it up, that ends nobody else's quarrel: two could otherwise take turns for ever.
        if !byOthers { warEnd = nil }
    }

    /// What holds a backend that is listed down and healthy since `goodSince`; nil when it may go up.
    package func hold(isOwn: Bool, goodSince: Instant?, _ rules: Rules, at now: Instant) -> Hold? {
        if rules.ownOnly, !isOwn { return .notOwn }
        if rules.warHold > .zero, let warEnd, now < warEnd { return .war(warEnd - now) }
        if let flapHold, rules.flapLimit > 0, goodSince.map({ now - $0 < flapHold }) ?? true {
            return .flapping(downs: downs.count, flapHold)
        }
        return nil
    }

    /// What holds a backend down, as another run has written it down.
    package mutating func takeHolds(of other: Raising) {
        warHold = [warHold, other.warHold].compactMap(\.self).max()
        warEnd = [warEnd, other.warEnd].compactMap(\.self).max()
        truceAt = [truceAt, other.truceAt].compactMap(\.self).max()
        flapHold = [flapHold, other.flapHold].compactMap(\.self).max()
        downs = Array(Set(downs + other.downs).sorted().suffix(Self.mostDowns))
    }

    /// The same as it can be by the clock of now: what was written down under a wrong one must not hold for years.
    package func clamped(at now: Instant) -> Raising {
        var clamped = self
        clamped.raisedAt = raisedAt.map { min($0, now) }
        clamped.upAt = upAt.map { min($0, now) }
        clamped.warHold = warHold.map { min($0, Self.longestWar) }
        clamped.warEnd = warEnd.map { min($0, now + (clamped.warHold ?? .zero)) }
        clamped.truceAt = truceAt.map { min($0, now) }
        clamped.flapHold = flapHold.map { min($0, Self.longestFlap) }
        clamped.downs = downs.filter { $0 <= now }
        return clamped
    }

    private mutating func countDown(_ rules: Rules, at now: Instant) -> Hold? {
        guard rules.flapLimit > 0 else { return nil }
        downs = downs.filter { now - $0 < rules.flapWindow } + [now]
        if let former = flapHold, let upAt, now - upAt < rules.flapWindow {
            flapHold = min(former * 2, max(Self.longestFlap, rules.flapHold))
        } else {
            flapHold = downs.count >= rules.flapLimit ? rules.flapHold : nil
        }
        downs = Array(downs.suffix(rules.flapLimit))
        return flapHold.map { .flapping(downs: downs.count, $0) }
    }
}
