import DirectorAdmin
import Health
import Monitor
import Site
import Testing

/// What others take down again, and what goes up and down, is left down for a while.
@Suite struct QuarrelTests {
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

    /// Nobody should wait for the end of a quarrel that was told, and find the backend still down.
    @Test func flappingThatHoldsForLongerThanAQuarrelIsToldBehindIt() {
        let policy = Policy.polling(imap, failuresNeeded: 1).deciding {
            $0.raising.warHold = .seconds(60)
            $0.raising.flapLimit = 2
            $0.raising.flapHold = .seconds(300)
        }
        var watch = Watch(policy, row(1, .down))
        watch.run(to: 15)
        watch.others(1, .down)
        watch.run(to: 100)
        #expect(watch.switches.count == 2 && watch.holds == [.war(.seconds(60))])
        watch.others(1, .down)
        watch.run(to: 220)
        #expect(watch.holds == [.war(.seconds(60)), .war(.seconds(120))])
        watch.run(to: 250)
        #expect(watch.holds.dropFirst(2) == [.flapping(downs: 2, .seconds(300))])
        watch.run(to: 390)
        #expect(watch.switches.count == 2 && watch.holds.count == 3)
        watch.run(to: 420)
        #expect(watch.switches.count == 3 && watch.switches.last == "HOST-UP 10.0.0.1")
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
}
