import Site
import Testing

@testable import Health

private let imap = Service(.imap, port: 143)
private let pop3 = Service(.pop3, port: 110)
private let lmtp = Service(.lmtp, port: 24)
private let refused = PollFailure(phase: .connect, kind: .refused, text: "Connection refused")
private let rejected = PollFailure(phase: .login, kind: .rejected, code: "AUTHENTICATIONFAILED", text: "no")
private let local = PollFailure(phase: .connect, kind: .local, text: "Too many open files")

private func at(_ seconds: Int) -> Instant { .origin + .seconds(seconds) }

extension BackendHealth {
    fileprivate func verdict(failuresNeeded: Int) -> Verdict { verdict(Rules(failuresNeeded: failuresNeeded)) }

    fileprivate func faultyServices(failuresNeeded: Int) -> [(service: Service, streak: Streak)] {
        faultyServices(Rules(failuresNeeded: failuresNeeded))
    }
}

@Suite struct BackendHealthTests {
    private var health = BackendHealth()

    /// One whole round.
    private mutating func round(_ outcomes: KeyValuePairs<Service, PollFailure?>, at seconds: Int = 0) {
        health.roundStarted(outcomes.map(\.key), at: at(seconds))
        for (service, failure) in outcomes { _ = end(service, failure, at: seconds) }
    }

    private mutating func end(_ service: Service, _ failure: PollFailure?, at seconds: Int = 0) -> BackendHealth.Streak?
    {
        health.pollEnded(service, failure, .init(failuresNeeded: 3), at: at(seconds)).streak
    }

    /// However long a poll of another backend took, or waited for its turn: there is a round before it that is not much
    /// older than it took; and there are never many.
    @Test(arguments: [0.1, 0.5, 3, 10, 3600]) mutating func ofLongAgoAFewRoundsAreRemembered(interval: Double) {
        let period = Duration.milliseconds(Int(interval * 1000))
        for number in 1...3000 {
            let start = Instant.origin + period * number
            health.roundStarted([imap], at: start)
            _ = health.pollEnded(imap, nil, .init(failuresNeeded: 3), at: start + .milliseconds(5))
            guard let rounds = health.goodRun?.latest, number > 100, number.isMultiple(of: 7) else { continue }
            #expect(rounds.count <= 24)
            #expect(zip(rounds, rounds.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
            var age = period
            while age < min(.seconds(60), period * number / 4) || age < period * 4 {
                let from = start + age * -2 + period * -2
                let to = start + age * -1
                #expect(rounds.contains { $0.lowerBound >= from && $0.upperBound <= to }, "none \(age) ago")
                age = age * 1.3
            }
        }
    }

    /// With where it waited for a place, or for others of its round; not what it takes to start a few polls.
    @Test(arguments: [(0.0, 0.0), (0.2, 0), (5, 5)])
    mutating func whenTheLatestFailedPollWasStartedIsKnown(waited: Double, known: Double) {
        let rules = BackendHealth.Rules(failuresNeeded: 3)
        health.roundStarted([imap], at: at(10))
        let wait = Duration.milliseconds(Int(waited * 1000))
        _ = health.pollEnded(imap, refused, took: .seconds(3), rules, at: at(13) + wait)
        #expect(health.failing(rules)?.latestRound == at(10))
        #expect(health.failing(rules)?.latestPoll == at(10) + .milliseconds(Int(known * 1000)))
    }

    /// Found by a simulated seed: one lost poll of LMTP bore out what an outage had done to IMAP.
    @Test mutating func anotherServicesFailureIsNoneOfTheOneThatIsFaulty() {
        let rules = BackendHealth.Rules(failuresNeeded: 2)
        for round in 1...2 {
            health.roundStarted([imap, pop3], at: at(round * 10))
            _ = health.pollEnded(imap, refused, took: .seconds(1), rules, at: at(round * 10 + 1))
            _ = health.pollEnded(pop3, nil, took: .seconds(1), rules, at: at(round * 10 + 1))
        }
        health.roundStarted([imap, pop3], at: at(30))
        _ = health.pollEnded(pop3, refused, took: .seconds(1), rules, at: at(31))
        #expect(health.failing(rules) == .init(since: at(11), latestRound: at(20), latestPoll: at(20)))
        _ = health.pollEnded(imap, refused, took: .seconds(2), rules, at: at(32))
        #expect(health.failing(rules)?.latestPoll == at(30))
        health.roundStarted([imap, pop3], at: at(40))
        _ = health.pollEnded(imap, nil, took: .seconds(1), rules, at: at(41))
        #expect(health.failing(rules)?.since == at(31))
    }

    /// A firewall of the monitor's own keeps it from the first one meanwhile.
    @Test mutating func aFaultyServiceThatSaysNothingDoesNotSpeakForAnother() {
        let rules = BackendHealth.Rules(failuresNeeded: 1)
        for (round, failure) in [refused, local, local].enumerated() {
            health.roundStarted([imap, pop3], at: at(round * 10 + 10))
            _ = health.pollEnded(imap, failure, took: .seconds(1), rules, at: at(round * 10 + 11))
            let other = round == 0 ? nil : refused
            _ = health.pollEnded(pop3, other, took: .seconds(1), rules, at: at(round * 10 + 11))
        }
        #expect(health.failing(rules) == .init(since: at(21), latestRound: at(30), latestPoll: at(30)))
    }

    @Test func nothingIsSaidBeforeTheFirstRound() {
        #expect(health.verdict(failuresNeeded: 1) == .undecided)
        #expect(health.roundIsOver)
        #expect(health.faultyServices(failuresNeeded: 1).isEmpty)
    }

    @Test mutating func oneGoodRoundIsHealthy() {
        round([imap: nil])
        #expect(health.verdict(failuresNeeded: 3) == .healthy)
    }

    @Test mutating func nothingIsSaidUntilTheWholeRoundIsGood() {
        health.roundStarted([imap, pop3, lmtp], at: at(0))
        #expect(!health.roundIsOver)
        _ = end(imap, nil)
        _ = end(lmtp, nil)
        #expect(health.verdict(failuresNeeded: 3) == .undecided)
        #expect(!health.roundIsOver)
        _ = end(pop3, nil)
        #expect(health.verdict(failuresNeeded: 3) == .healthy)
        #expect(health.roundIsOver)
    }

    @Test mutating func theFirstFailureCountsWhereOneIsEnough() {
        round([imap: refused])
        #expect(health.verdict(failuresNeeded: 1) == .faulty)
    }

    @Test mutating func threeFailuresInARowAreNeededWhereThreeAre() {
        round([imap: refused])
        #expect(health.verdict(failuresNeeded: 3) == .undecided)
        round([imap: rejected])
        #expect(health.verdict(failuresNeeded: 3) == .undecided)
        round([imap: refused])
        #expect(health.verdict(failuresNeeded: 3) == .faulty)
    }

    @Test mutating func oneSuccessBeginsTheCountAnew() {
        for _ in 0..<10 {
            round([imap: refused])
            round([imap: refused])
            round([imap: nil])
            #expect(health.verdict(failuresNeeded: 3) == .healthy)
        }
    }

    @Test mutating func theRelaysTroubleIsAsGoodAsASuccess() {
        let relay = PollFailure(phase: .login, kind: .relay, code: "451", text: "4.4.0 no relay")
        round([imap: nil, pop3: relay])
        #expect(health.verdict(failuresNeeded: 1) == .healthy)
        for _ in 0..<3 { round([imap: refused, pop3: refused]) }
        #expect(health.verdict(failuresNeeded: 3) == .faulty)
        health.roundStarted([imap], at: at(0))
        #expect(end(imap, relay) == nil)
        #expect(health.verdict(failuresNeeded: 1) == .healthy, "it ends a streak as a success does")
        round([imap: relay, pop3: refused])
        #expect(health.verdict(failuresNeeded: 3) == .undecided, "a round with a real failure is not good")
    }

    @Test mutating func failuresOfDifferentServicesDoNotAddUp() {
        round([imap: refused, pop3: nil])
        round([imap: nil, pop3: refused])
        round([imap: refused, pop3: nil])
        #expect(health.verdict(failuresNeeded: 2) == .undecided)
    }

    @Test mutating func oneFaultyServiceMakesTheBackendFaulty() {
        for _ in 0..<3 { round([imap: nil, pop3: refused, lmtp: nil]) }
        #expect(health.verdict(failuresNeeded: 3) == .faulty)
        #expect(health.faultyServices(failuresNeeded: 3).map { $0.service } == [pop3])
    }

    @Test mutating func aFaultyBackendIsHealthyAfterAWholeGoodRound() {
        for _ in 0..<3 { round([imap: refused, pop3: refused]) }
        health.roundStarted([imap, pop3], at: at(0))
        _ = end(imap, nil, at: 9)
        #expect(health.verdict(failuresNeeded: 3) == .faulty)
        _ = end(pop3, nil, at: 9)
        #expect(health.verdict(failuresNeeded: 3) == .healthy)
    }

    @Test mutating func theFaultyServiceThatRecoversDoesNotMakeTheRoundGood() {
        for _ in 0..<3 { round([imap: refused, pop3: nil]) }
        health.roundStarted([imap, pop3], at: at(0))
        _ = end(imap, nil, at: 9)
        #expect(health.verdict(failuresNeeded: 3) == .undecided)
        _ = end(pop3, refused, at: 9)
        #expect(health.verdict(failuresNeeded: 3) == .undecided)
    }

    @Test mutating func aHealthyBackendIsUndecidedAtItsFirstFailure() {
        round([imap: nil, pop3: nil])
        health.roundStarted([imap, pop3], at: at(0))
        #expect(health.verdict(failuresNeeded: 3) == .healthy)
        _ = end(imap, refused, at: 1)
        #expect(health.verdict(failuresNeeded: 3) == .undecided)
        _ = end(pop3, nil, at: 1)
        #expect(health.verdict(failuresNeeded: 3) == .undecided)
    }

    @Test mutating func aStreakTellsSinceWhenAndWhatWasLast() {
        health.roundStarted([imap], at: at(0))
        #expect(end(imap, refused, at: 5) == .init(count: 1, since: at(5), latest: refused))
        health.roundStarted([imap], at: at(0))
        #expect(end(imap, rejected, at: 15) == .init(count: 2, since: at(5), latest: rejected))
        health.roundStarted([imap], at: at(0))
        #expect(end(imap, nil, at: 25) == nil)
        health.roundStarted([imap], at: at(0))
        #expect(end(imap, rejected, at: 35) == .init(count: 1, since: at(35), latest: rejected))
    }

    @Test mutating func theLongestFaultyServiceComesFirst() {
        round([pop3: refused, imap: nil, lmtp: nil], at: 1)
        round([pop3: refused, imap: refused, lmtp: refused], at: 2)
        #expect(health.faultyServices(failuresNeeded: 1).map { $0.service } == [pop3, lmtp, imap])
        #expect(health.faultyServices(failuresNeeded: 2).map { $0.service } == [pop3])
    }

    @Test mutating func aFailureOfTheOwnMachineDoesNotCount() {
        for _ in 0..<10 {
            health.roundStarted([imap], at: at(0))
            #expect(end(imap, local, at: 1) == nil)
            #expect(health.roundIsOver)
            #expect(health.verdict(failuresNeeded: 1) == .undecided)
        }
    }

    @Test mutating func aFailureOfTheOwnMachineDoesNotBreakAStreak() {
        round([imap: refused], at: 1)
        round([imap: local], at: 2)
        #expect(health.verdict(failuresNeeded: 2) == .undecided)
        health.roundStarted([imap], at: at(0))
        #expect(end(imap, rejected, at: 3) == .init(count: 2, since: at(1), latest: rejected))
        round([imap: local], at: 4)
        #expect(health.verdict(failuresNeeded: 2) == .faulty)
    }

    @Test mutating func aFailureOfTheOwnMachineMakesNoRoundGood() {
        round([imap: local, pop3: nil])
        #expect(health.verdict(failuresNeeded: 3) == .undecided)
        round([pop3: nil, imap: local])
        #expect(health.verdict(failuresNeeded: 3) == .undecided)
        round([imap: nil, pop3: nil])
        #expect(health.verdict(failuresNeeded: 3) == .healthy)
        round([pop3: nil, imap: local])
        #expect(health.verdict(failuresNeeded: 3) == .undecided)
    }

    /// Unbroken success is no failed poll: what says nothing does not break it, and is no evidence either.
    @Test mutating func aFailureOfTheOwnMachineDoesNotEndARunOfSuccessAndItsTimeDoesNotCount() {
        round([imap: nil], at: 10)
        round([imap: nil], at: 20)
        round([imap: local], at: 30)
        #expect(health.verdict(failuresNeeded: 1) == .undecided)
        #expect(health.goodRun?.since == at(10) && health.goodRun?.latest == [])
        round([imap: local], at: 40)
        round([imap: nil], at: 50)
        #expect(health.goodRun?.since == at(30) && health.goodRun?.latest == [at(50)...at(50)])
        #expect(health.verdict(failuresNeeded: 1) == .healthy && health.goodRounds == 1)
        round([imap: nil], at: 60)
        #expect(health.goodRun?.since == at(30))
        round([imap: refused], at: 70)
        #expect(health.goodRun == nil)
    }

    /// A login that a rejected account lets nobody finish: nobody has answered.
    @Test mutating func aWarningThatWasWaitedForInVainIsNoSignOfLife() {
        var late = PollFailure(phase: .login, kind: .timeout, text: "no answer")
        late.meaning = .warning
        var answered = PollFailure(phase: .login, kind: .rejected, code: "AUTH", text: "no")
        answered.meaning = .warning
        round([imap: nil])
        round([imap: late])
        #expect(health.verdict(failuresNeeded: 1) == .undecided && health.goodRun?.latest == [])
        round([imap: answered])
        #expect(health.verdict(failuresNeeded: 1) == .healthy)
        round([imap: refused])
        round([imap: late])
        #expect(health.failing(.init(failuresNeeded: 3)) == nil, "nor is it one more failure")
    }

    @Test mutating func aReportThatIsNotAwaitedIsPassedOver() {
        #expect(end(imap, refused) == nil)
        health.roundStarted([imap, pop3], at: at(0))
        #expect(end(lmtp, refused) == nil)
        _ = end(imap, nil)
        #expect(end(imap, refused) == nil)
        _ = end(pop3, nil)
        #expect(health.verdict(failuresNeeded: 1) == .healthy)
    }

    @Test mutating func aServiceThatIsNotPolledAnyMoreIsForgotten() {
        for _ in 0..<3 { round([imap: nil, lmtp: refused]) }
        health.roundStarted([imap], at: at(0))
        #expect(health.verdict(failuresNeeded: 3) == .undecided)
        _ = end(imap, nil, at: 1)
        #expect(health.verdict(failuresNeeded: 3) == .healthy)
        round([imap: nil, lmtp: refused])
        #expect(health.verdict(failuresNeeded: 3) == .undecided)
    }

    @Test mutating func aNewServiceHasToBeGoodToo() {
        round([imap: nil])
        round([imap: nil, pop3: refused])
        #expect(health.verdict(failuresNeeded: 3) == .undecided)
    }

    @Test mutating func theNumberOfFailuresNeededMayChange() {
        for _ in 0..<4 { round([imap: refused]) }
        #expect(health.verdict(failuresNeeded: 5) == .undecided)
        #expect(health.verdict(failuresNeeded: 4) == .faulty)
        #expect(health.verdict(failuresNeeded: 1) == .faulty)
    }
}
