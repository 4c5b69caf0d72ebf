import DirectorAdmin
import Health
import Monitor
import Site
import Testing

private let rejected = PollFailure(phase: .login, kind: .rejected, code: "AUTHENTICATIONFAILED", text: "no")

extension Policy {
    fileprivate func deciding(_ change: (inout Deciding) -> Void) -> Policy {
        var policy = self
        change(&policy.deciding)
        return policy
    }

    fileprivate func keepingState() -> Policy {
        var policy = self
        policy.hasStateFile = true
        return policy
    }
}

extension Watch {
    fileprivate var switches: [String] {
        sent.filter { $0.verb == .hostDown || $0.verb == .hostUp }.map { "\($0.verb.rawValue) \($0.spelling)" }
    }

    /// Others turn a backend's switch.
    fileprivate mutating func others(_ number: Int, _ state: HostState) {
        rows = rows.map { $0.address == row(number).address ? row(number, state) : $0 }
    }

    fileprivate var guardAlerts: [GuardedDowns] {
        told.compactMap { if case .director(.guardWithholds(let reason)) = $0 { reason } else { nil } }
    }

    fileprivate var holds: [Raising.Hold] {
        told.compactMap { if case .leftDown(_, let hold) = $0 { hold } else { nil } }
    }
}

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
            watch.outage = start..<(start + length)
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

    // MARK: Wars and flapping

    @Test func whatOthersTakeDownAgainIsLeftToThemForAWhile() {
        var watch = Watch(.polling(imap, failuresNeeded: 1), row(1, .down))
        watch.run(to: 15)
        #expect(watch.switches == ["HOST-UP 10.0.0.1"])
        watch.others(1, .down)
        watch.run(to: 600)
        #expect(watch.switches.count == 1)
        #expect(watch.holds.count == 1)
        watch.run(to: 650)
        #expect(watch.switches.count == 2)
        watch.others(1, .down)
        watch.run(to: 1800)
        #expect(watch.switches.count == 2)
        #expect(watch.holds == [.war(.seconds(600)), .war(.seconds(1200))])
    }

    /// Another monitor sees it dead; from here every second poll succeeds, and it is never faulty, or sometimes is.
    @Test(arguments: [2, 3]) func aQuarrelOverWhatPollsUnevenlyIsOneToo(badRounds: Int) {
        var watch = Watch(.polling(imap, failuresNeeded: 3), row(1, .down), row(2))
        var changes: [Double] = []
        for time in stride(from: 10.0, to: 2000, by: 10) {
            // Seen dead at the other monitor's next list.
            if watch.rows.first?.state == .up {
                watch.others(1, .down)
                changes.append(time)
            }
            watch.faults[row(1).address] = Int(time / 10) % (badRounds + 1) == 0 ? nil : [imap: refused]
            let former = watch.switches.count
            watch.run(to: time + 5)
            changes += watch.switches[former...].map { _ in time + 5 }
        }
        #expect(changes.count >= 3, "\(changes)")
        let most = changes.map { start in changes.count { $0 >= start && $0 < start + 600 } }.max()
        #expect((most ?? 0) <= 4, "\(changes)")
        #expect(watch.holds.first == .war(.seconds(600)) || !watch.holds.isEmpty)
    }

    @Test func aRestartDoesNotForgetAQuarrel() {
        var raising = Raising()
        raising.warHold = .seconds(1200)
        raising.warEnd = Watch.start + .seconds(1000)
        var watch = Watch(
            .polling(imap, failuresNeeded: 1), row(1, .down), restored: MonitorState(raising: [row(1).address: raising])
        )
        watch.run(to: 990)
        #expect(watch.sent == [])
        watch.run(to: 1015)
        #expect(watch.switches == ["HOST-UP 10.0.0.1"])
    }

    /// Whoever took it down first, and whatever was known here at that moment.
    @Test(arguments: [1, 3], [0, 9.0, 40])
    func aQuarrelIsOverOnceTheBackendFailsHereToo(failuresNeeded: Int, later: Double) {
        var policy = Policy.polling(imap, failuresNeeded: failuresNeeded).keepingState()
        // Others are quicker.
        policy.deciding.delayedDown = Deciding.DelayedDown(delay: .seconds(60), limit: 2)
        var watch = Watch(policy, row(1, .down), row(2))
        watch.run(to: 15)
        watch.others(1, .down)
        watch.run(to: 100)
        #expect(watch.holds == [.war(.seconds(600))])
        // An administrator ends it, as the alert says, and it dies in earnest.
        watch.others(1, .up)
        watch.run(to: 200)
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 200 + later)
        watch.others(1, .down)
        watch.run(to: 300)
        #expect(watch.states.last?.raising[row(1).address]?.warEnd == nil)
        watch.faults = [:]
        watch.run(to: 330)
        #expect(watch.switches == ["HOST-UP 10.0.0.1", "HOST-UP 10.0.0.1"])
    }

    /// A backend that was put up by a former run, and went down when nobody watched.
    private func watchRestarted(
        _ policy: Policy, downs: [Instant] = [], intents: [IPAddress: DownIntent] = [:]
    ) -> Watch {
        var raising = Raising()
        raising.raisedAt = Watch.start + .seconds(-100)
        raising.upAt = raising.raisedAt
        raising.downs = downs
        let state = MonitorState(intents: intents, raising: [row(1).address: raising])
        return Watch(policy, row(1, .down), row(2), restored: state)
    }

    @Test func whatOthersTookDownDuringARestartIsAQuarrelToo() {
        var watch = watchRestarted(.polling(imap, failuresNeeded: 1).keepingState())
        watch.run(to: 600)
        #expect(watch.switches == [])
        #expect(watch.holds.count == 1)
        #expect(watch.states.last?.raising[row(1).address]?.warHold == .seconds(600))
        watch.run(to: 640)
        #expect(watch.switches == ["HOST-UP 10.0.0.1"])
    }

    @Test func whatFailsHereAsWellIsNone() {
        var watch = watchRestarted(.polling(imap, failuresNeeded: 1))
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 30)
        watch.faults = [:]
        watch.run(to: 60)
        #expect(watch.switches == ["HOST-UP 10.0.0.1"] && watch.holds == [])
    }

    /// The director had held it until the ring was synced.
    @Test func anOwnDownThatComesLateIsNoQuarrel() {
        var watch = watchRestarted(
            .polling(imap, failuresNeeded: 1), intents: [row(1).address: DownIntent(at: Watch.start, change: 0)])
        watch.others(1, .up)
        watch.ring = .syncing
        watch.run(to: 30)
        watch.others(1, .down)
        watch.ring = .synced
        watch.run(to: 60)
        #expect(watch.switches == ["HOST-UP 10.0.0.1"] && watch.holds == [])
    }

    /// A run that was killed behind its HOST-DOWN has not counted it.
    @Test func anOwnDownOfAFormerRunCountsAsFlapping() {
        let policy = Policy.polling(imap, failuresNeeded: 1).deciding { $0.raising.flapLimit = 2 }
        let intents = [row(1).address: DownIntent(at: Watch.start, change: 0)]
        var watch = watchRestarted(policy, downs: [Watch.start + .seconds(-200)], intents: intents)
        watch.run(to: 100)
        #expect(watch.switches == [] && watch.holds == [.flapping(downs: 2, .seconds(120))])
        watch.run(to: 160)
        #expect(watch.switches == ["HOST-UP 10.0.0.1"])
    }

    @Test func aFlappingBackendWaitsForUnbrokenSuccess() {
        let policy = Policy.polling(imap, failuresNeeded: 1).deciding { $0.raising.flapLimit = 2 }
        var watch = Watch(policy, row(1))
        for time in [10, 50] {
            watch.faults[row(1).address] = [imap: refused]
            watch.run(to: Double(time) + 15)
            watch.faults[row(1).address] = nil
            watch.run(to: Double(time) + 35)
        }
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1", "HOST-UP 10.0.0.1", "HOST-DOWN 10.0.0.1"])
        watch.run(to: 170)
        #expect(watch.switches.count == 3)
        watch.run(to: 205)
        #expect(watch.switches.last == "HOST-UP 10.0.0.1" && watch.switches.count == 4)
        #expect(watch.holds == [.flapping(downs: 2, .seconds(120))])
    }

    /// The resolver hiccups, or this process is held up for a moment, more often than the hold is long.
    @Test func whatSaysNothingDoesNotBreakAFlappingBackendsSuccess() {
        let policy = Policy.polling(imap, failuresNeeded: 1).deciding { $0.raising.flapLimit = 1 }
        var watch = Watch(policy, row(1))
        watch.faults[row(1).address] = [imap: refused]
        watch.run(to: 25)
        #expect(watch.switches == ["HOST-DOWN 10.0.0.1"])
        for time in stride(from: 30.0, to: 300, by: 10) {
            watch.faults[row(1).address] = Int(time) % 50 == 0 ? [imap: local] : nil
            watch.run(to: time + 5)
            if watch.switches.count > 1 { break }
        }
        #expect(watch.switches.last == "HOST-UP 10.0.0.1")
        #expect(watch.now - Watch.start >= .seconds(145), "and the time in which nothing could be seen does not count")
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
