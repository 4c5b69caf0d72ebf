import Site
import Testing

@testable import Health

private let imap = Service(.imap, port: 143)
private let pop3 = Service(.pop3, port: 110)
private let refused = PollFailure(phase: .connect, kind: .refused, text: "Connection refused")
private let slow = PollFailure(phase: .greeting, kind: .timeout, text: "no answer in time")
private let local = PollFailure(phase: .connect, kind: .local, text: "Too many open files")
private let relay = PollFailure(phase: .login, kind: .relay, code: "451", text: "later")

/// What the rules ask for beyond failures in a row.
@Suite struct RapidStageTests {
    private var health = BackendHealth()
    private var rules = BackendHealth.Rules(failuresNeeded: 2, rapidRounds: 5, rapidFailuresNeeded: 3)

    private mutating func end(_ service: Service, _ failure: PollFailure?) -> BackendHealth.Outcome {
        health.pollEnded(service, failure, rules, at: .origin)
    }

    private mutating func round(_ failure: PollFailure?) -> BackendHealth.Outcome {
        health.roundStarted([imap], at: .origin)
        return end(imap, failure)
    }

    /// Into the stage.
    private mutating func fail() {
        #expect(!round(refused).pollsAgain)
        #expect(round(refused).pollsAgain)
        #expect(!health.roundIsOver)
        #expect(health.verdict(rules) == .undecided)
    }

    /// The stage's polls, but for the last; gives how the stage ended.
    private mutating func rapid(_ failures: PollFailure?...) -> BackendHealth.RapidStage? {
        for failure in failures.dropLast() {
            let outcome = end(imap, failure)
            #expect(outcome.pollsAgain)
            #expect(outcome.stage?.result == nil)
            #expect(health.verdict(rules) == .undecided)
        }
        let outcome = end(imap, failures.last ?? nil)
        #expect(!outcome.pollsAgain)
        #expect(health.roundIsOver)
        return outcome.stage
    }

    @Test mutating func enoughRapidFailuresMakeItFaulty() {
        fail()
        let stage = rapid(refused, nil, refused, refused)
        #expect(stage?.result == .failed)
        #expect(stage?.failures == 3)
        #expect(health.verdict(rules) == .faulty)
        #expect(health.faultyServices(rules).first?.streak.count == 5)
    }

    @Test mutating func tooFewMakeCountingBeginAnew() {
        fail()
        let stage = rapid(refused, refused, nil, nil, nil)
        #expect(stage?.result == .passed)
        #expect(stage?.polls == 5)
        #expect(health.verdict(rules) == .undecided)
        #expect(!health.awaitsRetry(rules))
        fail()
    }

    @Test mutating func aRapidPollThatTimesOutSettlesIt() {
        fail()
        #expect(rapid(nil, nil, nil, nil, slow)?.result == .failed)
        #expect(health.verdict(rules) == .faulty)
    }

    @Test mutating func theOwnMachinesTroubleEndsTheStageWithoutAVerdict() {
        fail()
        #expect(rapid(refused, refused, local)?.result == .aborted)
        #expect(health.verdict(rules) == .undecided)
        // The next failure begins another one, from the start.
        #expect(round(refused).pollsAgain)
        #expect(rapid(refused, refused, refused)?.result == .failed)
    }

    @Test mutating func thereIsOneStageForEachFault() {
        fail()
        _ = rapid(refused, refused, refused)
        for _ in 0..<10 { #expect(!round(refused).pollsAgain) }
        #expect(health.verdict(rules) == .faulty)
        _ = round(nil)
        #expect(health.verdict(rules) == .healthy)
        fail()
    }

    @Test mutating func withoutRapidRoundsThereIsNoStage() {
        rules.rapidRounds = 0
        _ = round(refused)
        #expect(!round(refused).pollsAgain)
        #expect(health.verdict(rules) == .faulty)
    }

    @Test mutating func noMoreFailuresAreNeededThanThereArePolls() {
        rules.rapidFailuresNeeded = 7
        fail()
        #expect(rapid(refused, refused, refused, refused, refused)?.result == .failed)
    }

    @Test mutating func theOtherServicesOfTheRoundAreNotAskedAgain() {
        for _ in 0..<2 {
            health.roundStarted([imap, pop3], at: .origin)
            #expect(!end(pop3, nil).pollsAgain)
            _ = end(imap, refused)
        }
        #expect(!end(pop3, refused).pollsAgain)
        #expect(rapid(refused, refused, refused)?.result == .failed)
    }

    @Test mutating func aServiceThatIsDroppedInTheMiddleEndsItsRound() {
        fail()
        health.serviceDropped(imap, at: .origin)
        #expect(health.roundIsOver)
        #expect(health.verdict(rules) == .undecided)
        #expect(health.faultyServices(rules).isEmpty)
    }

    // MARK: Timeouts

    private mutating func timeouts(_ failures: PollFailure?...) -> [Duration] {
        rules.rapidRounds = 0
        return failures.map { failure in
            health.roundStarted([imap], at: .origin)
            let time = health.timeout(imap, rules)
            _ = end(imap, failure)
            return time
        }
    }

    @Test mutating func timeoutsStayTheSameUnlessTheyAreToGrow() {
        #expect(timeouts(slow, slow, slow) == [.seconds(3), .seconds(3), .seconds(3)])
    }

    @Test mutating func aTimeoutGrowsAfterEachPollThatTimedOutUntilASuccess() {
        rules.timeoutGrows = true
        rules.failuresNeeded = 3
        #expect(timeouts(slow, slow, slow, slow, nil, slow).map(\.inSeconds) == [3, 6, 9, 9, 9, 3])
    }

    @Test mutating func otherFailuresLeaveItAsItIs() {
        rules.timeoutGrows = true
        rules.failuresNeeded = 3
        #expect(timeouts(refused, slow, refused, local, nil, refused).map(\.inSeconds) == [3, 3, 6, 6, 6, 3])
    }

    @Test mutating func aTimeoutNeverGrowsPastTheInterval() {
        rules.timeoutGrows = true
        rules.failuresNeeded = 5
        #expect(timeouts(slow, slow, slow, slow, slow).map(\.inSeconds) == [3, 6, 9, 10, 10])
        rules.interval = .seconds(2)
        #expect(timeouts(slow) == [.seconds(3)])
        rules.interval = .zero
        #expect(timeouts(slow) == [.seconds(15)])
    }

    // MARK: Retries, warnings and good rounds

    @Test mutating func aRetryIsAwaitedUntilTheVerdict() {
        rules = .init(failuresNeeded: 3)
        for expected in [true, true, false, false] {
            _ = round(refused)
            #expect(health.awaitsRetry(rules) == expected)
        }
        _ = round(nil)
        #expect(!health.awaitsRetry(rules))
    }

    @Test mutating func theOwnMachinesTroubleIsNoReasonForARetry() {
        rules = .init(failuresNeeded: 3)
        _ = round(local)
        #expect(!health.awaitsRetry(rules))
        _ = round(refused)
        _ = round(local)
        #expect(!health.awaitsRetry(rules))
    }

    @Test mutating func aWarningIsASuccess() {
        rules = .init(failuresNeeded: 2)
        _ = round(refused)
        #expect(round(relay).streak == nil)
        #expect(health.verdict(rules) == .healthy)
        _ = round(refused)
        #expect(health.verdict(rules) == .undecided)
    }

    @Test mutating func goodRoundsAreCountedInARow() {
        for expected in 1...3 {
            _ = round(nil)
            #expect(health.goodRounds == expected)
        }
        _ = round(refused)
        #expect(health.goodRounds == 0)
        _ = round(nil)
        _ = round(local)
        #expect(health.goodRounds == 0)
        _ = round(nil)
        health.successIsPast()
        #expect(health.goodRounds == 0)
    }
}
