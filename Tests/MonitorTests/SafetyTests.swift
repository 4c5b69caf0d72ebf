import DirectorAdmin
import Health
import Monitor
import Site
import Testing

private let rejected = PollFailure(phase: .login, kind: .rejected, code: "AUTHENTICATIONFAILED", text: "no")

@Suite struct SafetyTests {
    // MARK: The guard

    /// However the failures arrive: by every combination of retries, nothing goes down when all fail.
    @Test(arguments: [1, 3], [nil, 1.0])
    func whenEverythingFailsAtOnceNothingGoesDown(failuresNeeded: Int, retry: Double?) {
        let policy = Policy.polling(imap, failuresNeeded: failuresNeeded).deciding {
            $0.minHealthy = .count(1)
            $0.retryInterval = retry.map { .milliseconds(Int($0 * 1000)) }
        }
        var watch = Watch(policy, row(1), row(2), row(3), row(4), row(5))
        watch.run(to: 33)
        for number in 1...5 { watch.faults[row(number).address] = [imap: refused] }
        watch.run(to: 700)
        #expect(watch.sent == [])
        #expect(Set(watch.guardAlerts.flatMap(\.hosts).map(\.address)).count == 5)
        for number in 1...5 { watch.faults[row(number).address] = nil }
        watch.run(to: 750)
        #expect(watch.sent == [])
        #expect(watch.told.contains { if case .director(.guardReleased) = $0 { true } else { false } })
    }

    /// Most are not polled while it lasts: that they were healthy before and are healthy after it says nothing of those that
    /// were.
    @Test(arguments: [1, 3], [2.5, 5, 9, 12])
    func aShortOutageOfTheMonitorsOwnNetworkTakesNothingDown(failuresNeeded: Int, length: Double) {
        for start in [100, 101.3, 104.9, 108] {
            let policy = Policy.polling(imap, failuresNeeded: failuresNeeded).deciding {
                $0.minHealthy = .count(1)
                $0.retryInterval = .seconds(1)
            }
            var watch = Watch(policy)
            watch.rows = (1...60).map { row($0) }
            watch.outages = [start..<(start + length)]
            watch.run(to: 130)
            #expect(watch.switches == [], "from \(start) on")
        }
    }

    /// Without another poll, where others were polled while it failed.
    @Test func aDeadBackendIsDownWithItsLastFailure() {
        let policy = Policy.polling(imap).deciding { $0.minHealthy = .count(1) }
        var watch = Watch(policy, row(1), row(2))
        watch.run(to: 25)
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 50.5)
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1"])
        // The other one was polled twice out of its turn: when the first poll had failed, and with the last one.
        #expect(watch.plans.count == 12)
    }

    /// The other one's turn does not come in the two seconds that this takes.
    @Test func aDeadBackendIsDownWithItsLastFailureWhereRetriesComeSoon() {
        let policy = Policy.polling(imap).deciding {
            $0.minHealthy = .count(1)
            $0.retryInterval = .seconds(1)
        }
        var watch = Watch(policy, row(1), row(2))
        watch.run(to: 25)
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 32.1)
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1"])
    }

    @Test func oneFaultyBackendGoesDownSoonWhereAnotherIsHealthy() {
        let policy = Policy.polling(imap, failuresNeeded: 1).deciding { $0.minHealthy = .count(1) }
        var watch = Watch(policy, row(1), row(2))
        watch.run(to: 25)
        watch.faults[row(1).address] = [imap: refused]
        let polls = watch.plans.count
        // The other one is polled out of its turn, as it was last seen before the failure; and then the faulty one again, with it.
        watch.run(to: 30.5)
        #expect(watch.switches == [])
        #expect(watch.plans.count - polls == 3)
        watch.run(to: 31.5)
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1"])
        #expect(watch.plans.count - polls == 5)
        watch.run(to: 60)
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1"])
    }

    @Test func aBackendWithoutAnAccountIsNotHealthy() {
        var policy = Policy.polling(imap, failuresNeeded: 1).deciding { $0.minHealthy = .count(1) }
        policy.accounts = [row(1).address: Account(username: "u", password: Password("p"))]
        policy.pollsUnknownBackends = false
        var watch = Watch(policy, row(1), row(2))
        watch.run(to: 25)
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 100)
        #expect(watch.sent == [])
        #expect(watch.guardAlerts.count == 1)
    }

    // MARK: Whose down it is

    @Test func onlyItsOwnDownsAreEndedWherePolicySaysSo() {
        let policy = Policy.polling(imap, failuresNeeded: 1).deciding { $0.raising.ownOnly = true }
        var watch = Watch(policy, row(1), row(2, .down))
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 30)
        watch.faults[row(1).address] = nil
        watch.run(to: 100)
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1", "HOST-UP 10.0.0.1"])
        #expect(watch.holds == [.notOwn])
    }

    @Test func aDownIsSavedBeforeItIsSentAndItsConfirmationAfter() {
        var watch = Watch(Policy.polling(imap, failuresNeeded: 1).keepingState(), row(1), row(2))
        watch.diskHangs = true
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 15)
        #expect(watch.sent == [])
        #expect(watch.states.last?.intents.keys.map(\.description) == ["10.0.0.1"])
        watch.diskHangs = false
        watch.handle(.saved(version: watch.states.count))
        watch.run(to: 18)
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1"])
        #expect(watch.states.last?.intents[row(1).address]?.change != nil)
        watch.faults[row(1).address] = nil
        watch.run(to: 40)
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1", "HOST-UP 10.0.0.1"])
        #expect(watch.states.last?.intents.isEmpty == true)
    }

    @Test func aRestartKnowsWhoseDownItIs() {
        let policy = Policy.polling(imap, failuresNeeded: 1).deciding { $0.raising.ownOnly = true }
        let intents = [
            row(1).address: DownIntent(at: Watch.start, change: 0),
            row(2).address: DownIntent(at: Watch.start, change: 5),
        ]
        var watch = Watch(policy, row(1, .down), row(2, .down), restored: MonitorState(intents: intents))
        watch.run(to: 40)
        #expect(watch.switches == ["HOST-UP 10.0.0.1"])
    }

    /// It was killed, or ended, before it had seen what became of its command.
    @Test func `A restart tells what the run before it could not tell any more`() {
        let intents = [
            row(1).address: DownIntent(at: .origin), row(2).address: DownIntent(at: .origin, change: 0),
            row(3).address: DownIntent(at: .origin, change: 0), row(4).address: DownIntent(at: .origin),
        ]
        var watch = Watch(
            .polling(imap), row(1, .down), row(2), row(3, .down), row(4), restored: MonitorState(intents: intents))
        watch.run(to: 0.5)
        let told = watch.told.filter { if case .stateChanged = $0 { true } else { false } }
        #expect(
            told == [
                .stateChanged(row(1, .down), .unwatched, nil), .stateChanged(row(2), .unwatched, nil),
            ])
        let down = LogLine(.stateChanged(row(1, .down), .unwatched, nil))
        #expect(down.text == #"backend=10.0.0.1 state=down by=dovemon note="while dovemon was not running""#)
        #expect(down.level == .error && down.isChange)
        let up = LogLine(.stateChanged(row(2), .unwatched, nil))
        #expect(up.text == #"backend=10.0.0.2 state=up by=unknown note="while dovemon was not running""#)
    }

    /// The clock was an hour ahead when it was decided, just before the former run was killed.
    @Test func aDownFromTheFutureIsNotAwaitedUntilThen() {
        let policy = Policy.polling(imap).deciding { $0.minHealthy = .count(1) }
        let state = MonitorState(intents: [row(2).address: DownIntent(at: Watch.start + .seconds(3600))])
        var watch = Watch(policy, row(1), row(2), restored: state.clamped(at: Watch.start))
        watch.run(to: 130)
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 170)
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1"])
    }

    /// They may name another file.
    @Test func otherSettingsHaveTheStateWrittenDown() {
        let policy = Policy.polling(imap, failuresNeeded: 1).keepingState()
        var watch = Watch(policy, row(1), row(2))
        watch.run(to: 20)
        let count = watch.states.count
        watch.handle(.policyChanged(policy))
        #expect(watch.states.count == count + 1)
    }

    @Test func aDryRunSavesNothing() {
        var policy = Policy.polling(imap, failuresNeeded: 1).keepingState()
        policy.isDryRun = true
        var watch = Watch(policy, row(1), row(2, .down))
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 100)
        #expect(watch.states == [])
    }

    // MARK: Others' word

    /// Whenever somebody puts it up between two polls.
    @Test(arguments: [1, 2.5, 4, 5.5, 7, 8.5], [false, true])
    func `What others put up goes down only for a poll that was started since`(after pause: Double, isMended: Bool) {
        var watch = Watch(Policy.polling(imap, failuresNeeded: 2), row(1), row(2))
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 35.5)
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1"])
        watch.run(to: 35.5 + pause)
        if isMended { watch.faults = [:] }
        watch.others(1, .up)
        let polls = watch.starts[row(1).address]?.count ?? 0
        while watch.switches.count == 1, watch.now < Watch.start + .seconds(70) {
            watch.run(to: (watch.now - Watch.start).inSeconds + 0.1)
        }
        #expect(watch.switches.count == (isMended ? 1 : 2))
        #expect(watch.starts[row(1).address]?.count ?? 0 > polls)
    }

    @Test(arguments: [false, true]) func `Behind a maintenance it goes down only for a poll that was started since`(
        isMended: Bool
    ) {
        var watch = Watch(Policy.polling(imap, failuresNeeded: 1), row(1, vhosts: 0), row(2))
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 35.5)
        if isMended { watch.faults = [:] }
        watch.rows = [row(1), row(2)]
        watch.run(to: 60)
        #expect(watch.switches == (isMended ? [] : ["HOST-DOWN 10.0.0.1"]))
    }

    // MARK: What counts

    /// The account was rejected, and then the backend's logins hang: nobody knows how it is.
    @Test func aLoginThatHangsBehindARejectedAccountRaisesNothingAndSpeaksForNobody() {
        let policy = Policy.polling(imap, failuresNeeded: 1).deciding {
            $0.rejection.account = .warning
            $0.minHealthy = .count(1)
        }
        var watch = Watch(policy, row(1), row(2))
        watch.faults[row(1).address] = [imap: rejected]
        watch.run(to: 25)
        watch.faults[row(1).address] = [imap: PollFailure(phase: .login, kind: .timeout, text: "no answer")]
        watch.run(to: 45)
        watch.faults[row(2).address] = [imap: refused]
        watch.run(to: 100)
        #expect(watch.sent == [] && watch.guardAlerts.count == 1)
        watch.others(1, .down)
        watch.run(to: 200)
        #expect(watch.sent == [])
        // It is asked again, and answers.
        watch.faults[row(1).address] = [imap: rejected]
        watch.run(to: 230)
        #expect(watch.switches.first == "HOST-UP 10.0.0.1")
    }

    /// Dovecot answers as late as before, whoever was started anew here, or was not told of the backend for a while.
    @Test(arguments: [false, true])
    func `A late rejection is known for one after a restart or an absence`(isRestarted: Bool) throws {
        var policy = Policy.polling(imap, failuresNeeded: 1).deciding { $0.rejection.account = .warning }
        policy.hasStateFile = true
        var watch = Watch(policy, row(1), row(2))
        watch.run(to: 15)
        watch.faults[row(1).address] = [imap: rejected]
        watch.run(to: 35)
        let late = PollFailure(phase: .login, kind: .timeout, text: "no answer")
        if isRestarted {
            watch = Watch(policy, row(1), row(2), restored: try #require(watch.states.last))
        } else {
            watch.rows = [row(2)]
            watch.run(to: 55)
            watch.rows = [row(1), row(2)]
        }
        watch.faults[row(1).address] = [imap: late]
        watch.run(to: 100)
        #expect(watch.sent == [])
        watch.faults = [:]
        watch.reports[imap] = PollReport(failure: nil, phases: [.init(.login, .zero)], duration: .zero)
        watch.run(to: 120)
        watch.faults[row(1).address] = [imap: late]
        watch.run(to: 140)
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1"])
        #expect(watch.states.last?.rejections == [])
    }

    @Test func aRejectedAccountOnlyAlertsWherePolicySaysSo() {
        let policy = Policy.polling(imap, failuresNeeded: 1).deciding { $0.rejection.account = .warning }
        var watch = Watch(policy, row(1))
        watch.faults[row(1).address] = [imap: rejected]
        watch.run(to: 290)
        #expect(watch.sent == [])
        let news = watch.told.compactMap { event -> Bool? in
            if case .pollUndetermined(_, _, _, let isNews) = event { isNews } else { nil }
        }
        #expect(news.count > 20 && news.first == true && news.dropFirst().allSatisfy { !$0 })
    }

    @Test func aRejectedAccountIsNotTriedAgainSoon() {
        let policy = Policy.polling(imap).deciding {
            $0.retryInterval = .seconds(1)
            $0.rapidRounds = 5
        }
        var watch = Watch(policy, row(1))
        watch.faults[row(1).address] = [imap: rejected]
        watch.run(to: 60)
        #expect((6...7).contains(watch.plans.count))
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1"])
    }

    /// The guard would like to know at once how it is; that it is healthy is known at its turn.
    @Test(arguments: [12.0, 26]) func theGuardHasNoRejectedAccountTriedSooner(isRejectedFrom time: Double) {
        let policy = Policy.polling(imap, failuresNeeded: 1).deciding {
            $0.rejection.account = .warning
            $0.minHealthy = .count(1)
        }
        var watch = Watch(policy, row(1), row(2))
        watch.run(to: time)
        watch.faults[row(2).address] = [imap: rejected]
        watch.run(to: 27)
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 60)
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1"])
        let starts = watch.starts[row(2).address] ?? []
        let known = starts.filter { $0 - Watch.start >= .milliseconds(Int(time * 1000)) }
        #expect(zip(known, known.dropFirst()).allSatisfy { $1 - $0 >= .seconds(10) }, "\(starts)")
        #expect(known.count >= 2)
    }

    /// Another service of the backend is in trouble, and would be polled again soon.
    @Test func anotherServicesTroubleHasNoRejectedAccountTriedSooner() {
        let policy = Policy.polling(imap, lmtp).deciding { $0.retryInterval = .seconds(1) }
        var watch = Watch(policy, row(1))
        watch.faults[row(1).address] = [imap: rejected, lmtp: refused]
        watch.run(to: 60)
        let starts = (watch.starts[row(1).address] ?? []).enumerated().filter { $0.offset.isMultiple(of: 2) }.map(
            \.element)
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 >= .seconds(10) }, "\(starts)")
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1"])
    }

    @Test func aBackendThatDoesNotComeAsFarAsTheLoginIsTriedAgainSoonAllTheSame() {
        var watch = Watch(Policy.polling(imap).deciding { $0.retryInterval = .seconds(1) }, row(1))
        watch.faults[row(1).address] = [imap: rejected]
        watch.run(to: 15)
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 25)
        let starts = watch.starts[row(1).address] ?? []
        #expect(starts.map { Int(($0 - Watch.start).inSeconds) } == [10, 20, 21])
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1"])
    }

    // MARK: Maintenance

    @Test func whatHappensUnderMaintenanceAlarmsNobody() {
        var watch = Watch(.polling(imap, failuresNeeded: 1), row(1, vhosts: 0), row(2))
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 50)
        watch.rows = [row(1, .down, vhosts: 0), row(2)]
        watch.run(to: 100)
        #expect(watch.sent == [])
        let grave = watch.told.map(LogLine.init).filter { $0.level > .info && $0.text.contains("10.0.0.1") }
        #expect(grave.map(\.text) == [])
    }
}
