import DirectorAdmin
import Site
import Testing

@testable import Monitor

/// Windows in which a person leaves a backend to themselves.
@Suite struct MaintenanceTests {
    private let address = row(1).address

    private func window(_ watch: Watch, _ seconds: Double, drains: Bool = false) -> Maintenance {
        Maintenance(
            who: "root", reason: "kernel update", since: watch.now,
            until: watch.now + .milliseconds(Int(seconds * 1000)), drains: drains)
    }

    private func begin(_ watch: inout Watch, _ seconds: Double, drains: Bool = false) {
        watch.handle(.maintenanceStarted(window(watch, seconds, drains: drains), for: address))
    }

    private func failing(_ watch: inout Watch) { watch.faults[address] = [imap: refused] }

    private func isOver(_ event: MonitorEvent) -> Bool {
        if case .maintenanceEnded = event { true } else { false }
    }

    @Test func whileItLastsABackendIsPolledAndNeverCommandedAndNobodyIsAlarmed() {
        var watch = Watch(.polling(imap), row(1), row(2))
        watch.run(to: 15)
        begin(&watch, 600)
        watch.forgetTold()
        failing(&watch)
        watch.run(to: 200)
        #expect(watch.sent == [])
        #expect(watch.starts[address]?.count == 20)
        let aloud = watch.told.filter { if case .underMaintenance = $0 { false } else { true } }
        #expect(aloud == [])
        #expect(
            watch.told.contains {
                if case .underMaintenance(.backendFaulty(_, _, .maintenance)) = $0 { true } else { false }
            })
    }

    @Test func itEndsByItselfAndIsTold() {
        var watch = Watch(.polling(imap), row(1), row(2))
        watch.run(to: 15)
        let window = window(watch, 100)
        watch.handle(.maintenanceStarted(window, for: address))
        #expect(
            watch.told.contains(
                .maintenanceStarted(backend: "10.0.0.1", window, until: 1115, isExtended: false)))
        #expect(watch.machine.maintenance(of: address) == .ordered(window, isKept: false))
        #expect(watch.machine.maintenances.map(\.address) == [address])
        watch.run(to: 114.9)
        #expect(!watch.told.contains(where: isOver))
        watch.run(to: 115.1)
        #expect(watch.told.contains(.maintenanceEnded(backend: "10.0.0.1", window, by: nil)))
        #expect(watch.machine.maintenance(of: address) == nil)
    }

    @Test func aFaultThatHasHealedIsNoReasonAnyMore() {
        var watch = Watch(.polling(imap), row(1), row(2))
        watch.run(to: 15)
        begin(&watch, 600)
        failing(&watch)
        watch.run(to: 100)
        #expect(watch.machine.status(of: address, at: watch.now)?.reason?.failure == refused)
        watch.faults = [:]
        watch.run(to: 120)
        #expect(watch.machine.status(of: address, at: watch.now)?.reason == nil)
        watch.rows = [row(1, .down), row(2)]
        watch.run(to: 140)
        #expect(watch.told.contains(.underMaintenance(.stateChanged(row(1, .down), .foreign, nil))))
    }

    @Test func aHostDownThatIsUnderWayIsExplainedAlthoughTheFaultIsOver() {
        let policy = Policy(
            services: [imap], interval: .milliseconds(200), timeout: .milliseconds(100), failuresNeeded: 1)
        var watch = Watch(policy, row(1), row(2))
        watch.run(to: 1)
        watch.repliesFail = true
        failing(&watch)
        watch.run(to: 1.25)
        #expect(watch.sent.map(\.verb) == [.hostDown])
        watch.faults = [:]
        watch.rows = [row(1, .down), row(2)]
        watch.run(to: 2)
        #expect(watch.told.contains { if case .stateChanged(_, .command, _?) = $0 { true } else { false } })
    }

    @Test func itsEndIsToldByTheWallClockOfNow() {
        var watch = Watch(.polling(imap), row(1), row(2))
        watch.run(to: 15)
        watch.machine.unixOrigin = 1_790_000_000
        begin(&watch, 100)
        #expect(
            watch.told.contains {
                if case .maintenanceStarted(_, _, until: 1_790_001_115, _) = $0 { true } else { false }
            })
    }

    @Test func whatWasSeenInItIsSeenOnceMoreBeforeAnythingFollows() {
        var watch = Watch(.polling(imap), row(1), row(2))
        watch.run(to: 15)
        begin(&watch, 600)
        failing(&watch)
        watch.run(to: 100.5)
        watch.faults = [:]
        watch.handle(.maintenanceEnded(address, by: "alice"))
        watch.run(to: 130)
        #expect(watch.sent == [])
    }

    @Test func aBackendThatIsDeadStillGoesDownSoonAfterIt() {
        var watch = Watch(.polling(imap), row(1), row(2))
        watch.run(to: 15)
        begin(&watch, 600)
        failing(&watch)
        watch.run(to: 100.5)
        watch.handle(.maintenanceEnded(address, by: "alice"))
        #expect(watch.sent == [])
        watch.run(to: 101)
        #expect(watch.sent.map(\.verb) == [.hostDown, .hostResetUsers])
        #expect(watch.told.contains { if case .stateChanged(_, .command, _?) = $0 { true } else { false } })
    }

    @Test func itIsWrittenDownAndOutlivesARestart() throws {
        var watch = Watch(.polling(imap).withStateFile, row(1), row(2))
        watch.run(to: 15)
        begin(&watch, 600)
        watch.run(to: 16)
        let state = try #require(watch.states.last)
        var next = Watch(.polling(imap).withStateFile, row(1), row(2), restored: state)
        failing(&next)
        next.run(to: 300)
        #expect(next.sent == [])
        #expect(next.machine.maintenances.count == 1)
    }

    @Test func whatHasEndedWhileNobodyWasThereEndsAtTheStart() {
        let old = Maintenance(who: "root", reason: "", since: .origin, until: .origin + .seconds(10), drains: true)
        let memory = WeightMemory(target: 80, ours: [0], asked: 0, isDrained: true)
        var watch = Watch(
            .polling(imap), row(1, vhosts: 0), row(2),
            restored: MonitorState(windows: [address: old], weights: [address: memory]))
        watch.run(to: 15)
        #expect(watch.told.first == .maintenanceEnded(backend: "10.0.0.1", old, by: nil))
        #expect(watch.sent == [DirectorCommand(weighing: row(1), 80)])
        #expect(watch.rows.first?.vhosts == 80)
    }

    @Test func aDrainTakesTheUsersAwayAndGivesThemBack() {
        var watch = Watch(.polling(imap).withStateFile, row(1, vhosts: 70), row(2))
        watch.run(to: 15)
        begin(&watch, 60, drains: true)
        watch.run(to: 20)
        #expect(watch.rows.first?.vhosts == 0)
        #expect(watch.states.last?.weights[address]?.target == 70)
        watch.run(to: 80)
        #expect(watch.rows.first?.vhosts == 70)
        #expect(watch.states.last?.weights == [:])
        #expect(watch.states.last?.windows == [:])
    }

    @Test func whatAnAdministratorHasBroughtBackInADrainStaysInOverARestart() throws {
        var watch = Watch(.polling(imap).withStateFile, row(1), row(2))
        watch.run(to: 15)
        begin(&watch, 600, drains: true)
        watch.run(to: 25)
        #expect(watch.rows.first?.vhosts == 0)
        watch.rows = [row(1), row(2)]
        watch.run(to: 60)
        #expect(watch.machine.maintenances.map(\.maintenance.drains) == [false])
        let state = try #require(watch.states.last)
        var next = Watch(.polling(imap).withStateFile, row(1), row(2), restored: state)
        next.run(to: 60)
        #expect(next.machine.maintenances.count == 1)
        #expect(next.sent == [])
    }

    @Test func behindADrainAGoodRoundOfNowGivesTheUsersBackAndNoneOfBefore() {
        var watch = Watch(.polling(imap).withStateFile, row(1), row(2))
        watch.run(to: 15)
        begin(&watch, 60, drains: true)
        watch.run(to: 74.9)
        watch.silent = [address]
        watch.run(to: 90)
        #expect(watch.rows.first?.vhosts == 0)
        #expect(watch.machine.maintenance(of: address) == nil)
        #expect(watch.machine.slowStart(of: address) == SlowStartStatus(vhosts: 0, target: 100))
        watch.release()
        watch.run(to: 92)
        #expect(watch.rows.first?.vhosts == 100)
    }

    @Test func oneThatIsDeadBehindADrainIsAnAlarmAndGoesDownFirst() {
        var watch = Watch(.polling(imap).withStateFile, row(1), row(2))
        watch.run(to: 15)
        begin(&watch, 60, drains: true)
        failing(&watch)
        watch.run(to: 74)
        watch.forgetTold()
        watch.run(to: 110)
        #expect(watch.sent.map(\.verb) == [.hostDown, .hostResetUsers, .hostUpdate])
        #expect(watch.told.contains { if case .stateChanged(_, .command, _?) = $0 { true } else { false } })
        watch.faults = [:]
        watch.run(to: 140)
        #expect(watch.rows.first == row(1))
    }

    @Test func startedAgainItLastsLongerAndKeepsItsBeginning() {
        var watch = Watch(.polling(imap), row(1), row(2))
        watch.run(to: 15)
        let first = window(watch, 100)
        begin(&watch, 100)
        watch.run(to: 50)
        begin(&watch, 100)
        let kept = watch.machine.maintenances.first?.maintenance
        #expect(kept?.since == first.since)
        #expect(kept?.until == Watch.start + .seconds(150))
        watch.run(to: 149)
        #expect(!watch.told.contains(where: isOver))
    }

    @Test func startedAgainWithoutADrainOrAReasonItKeepsThose() {
        var watch = Watch(.polling(imap).withStateFile, row(1), row(2))
        watch.run(to: 15)
        begin(&watch, 100, drains: true)
        watch.run(to: 50)
        #expect(watch.rows.first?.vhosts == 0)
        let longer = Maintenance(
            who: "alice", reason: "", since: watch.now, until: watch.now + .seconds(100), drains: false)
        watch.handle(.maintenanceStarted(longer, for: address))
        let kept = watch.machine.maintenances.first?.maintenance
        #expect(kept?.drains == true)
        #expect(kept?.reason == "kernel update")
        #expect(kept?.who == "alice")
        watch.run(to: 149)
        #expect(watch.sent == [DirectorCommand(weighing: row(1), 0)])
    }

    @Test func withoutAStateFileNothingIsDrainedAndItIsSaidThatARestartEndsIt() {
        let window = Maintenance(
            who: "root", reason: "", since: Watch.start, until: Watch.start + .seconds(100), drains: true)
        for (hasFile, isDryRun) in [(false, false), (false, true), (true, false), (true, true)] {
            var policy = Policy.polling(imap)
            policy.hasStateFile = hasFile
            policy.isDryRun = isDryRun
            var watch = Watch(policy, row(1), row(2))
            watch.run(to: 15)
            let refusal = watch.machine.objection(to: window, for: address, at: watch.now)
            #expect(refusal == (hasFile || isDryRun ? nil : .unkept(address)))
            begin(&watch, 100)
            guard case .ordered(_, let isKept) = watch.machine.maintenance(of: address) else {
                Issue.record("not begun")
                return
            }
            #expect(isKept == (hasFile && !isDryRun))
        }
        #expect(MaintenanceRefusal.unkept(address).description.contains("set state_file, or leave --drain out"))
    }

    /// It takes a moment from the order to its being carried out.
    @Test func theShortestWindowIsLongEnoughAMomentLater() {
        var watch = Watch(.polling(imap), row(1), row(2))
        watch.run(to: 15)
        let window = window(watch, 1)
        #expect(watch.machine.objection(to: window, for: address, at: watch.now + .microseconds(40)) == nil)
        watch.run(to: 15.001)
        watch.handle(.maintenanceStarted(window, for: address))
        #expect(watch.machine.maintenances.map(\.maintenance) == [window])
        #expect(watch.machine.objection(to: window, for: address, at: watch.now + .seconds(1)) == .length(.seconds(1)))
    }

    @Test func whatCannotBeBegunSaysWhy() {
        var watch = Watch(.polling(imap).withStateFile, row(1), row(2, vhosts: 0))
        watch.run(to: 15)
        let machine = watch.machine
        let unknown = row(3).address
        #expect(machine.objection(to: window(watch, 60), for: unknown, at: watch.now) == .notListed(unknown))
        #expect(machine.objection(to: window(watch, 60), for: address, at: watch.now) == nil)
        for seconds: Double in [0, -5, 0.5, 604_801] {
            let refusal = machine.objection(to: window(watch, seconds), for: address, at: watch.now)
            #expect(refusal == .length(.milliseconds(Int(seconds * 1000))))
            #expect(refusal?.description.contains("from 1 second to 7 days") == true)
        }
        let zero = row(2).address
        #expect(machine.objection(to: window(watch, 60), for: zero, at: watch.now) == nil)
        let drained = machine.objection(to: window(watch, 60, drains: true), for: zero, at: watch.now)
        #expect(drained == .undrainable(zero, vhosts: 0))
        #expect(drained?.description.contains("leave --drain out") == true)
        #expect(machine.maintenance(of: zero) == .weight)
        #expect(machine.objection(toEndOf: address) == .notUnderMaintenance(address, vhosts: nil))
        #expect(machine.objection(toEndOf: zero) == .notUnderMaintenance(zero, vhosts: 0))
        watch.handle(.maintenanceStarted(window(watch, 60, drains: true), for: zero))
        #expect(watch.machine.maintenances.isEmpty)
    }

    @Test func aBackendThatDisappearsKeepsItsWindowUntilItsEnd() {
        var watch = Watch(.polling(imap), row(1), row(2))
        watch.run(to: 15)
        begin(&watch, 100)
        watch.rows = [row(2)]
        watch.run(to: 40)
        watch.rows = [row(1), row(2)]
        failing(&watch)
        watch.run(to: 100)
        #expect(watch.sent == [])
        watch.rows = [row(2)]
        watch.run(to: 130)
        #expect(watch.told.contains(where: isOver))
        #expect(watch.machine.maintenances.isEmpty)
    }

    /// What an administrator does with the switch while they have the backend in hand is no quarrel with another monitor.
    @Test func whatOthersTakeDownInAWindowGoesUpBehindIt() {
        var watch = Watch(.polling(imap), row(1, .down), row(2))
        watch.run(to: 15)
        #expect(watch.sent.map(\.verb) == [.hostUp])
        begin(&watch, 100)
        watch.rows = [row(1, .down), row(2)]
        watch.run(to: 100)
        #expect(watch.sent.map(\.verb) == [.hostUp])
        watch.run(to: 140)
        #expect(watch.sent.map(\.verb) == [.hostUp, .hostUp])
    }

    @Test func aSentinelIsNotKeptInAWindow() {
        var policy = Policy.polling(imap)
        policy.keepsSentinels = true
        var watch = Watch(policy, row(1))
        watch.run(to: 15)
        #expect(watch.sentinels.count == 1)
        begin(&watch, 100)
        #expect(watch.sentinels == [])
        watch.run(to: 130)
        #expect(watch.sentinels.count == 1)
    }

    @Test func foreignTextIsMadeSafeAndBounded() {
        let window = Maintenance(
            who: String(repeating: "é", count: 100), reason: "a\nb\u{1b}[2J" + String(repeating: "x", count: 300),
            since: .origin, until: .origin + .seconds(1), drains: false)
        #expect(window.who.utf8.count <= 64)
        #expect(window.reason.utf8.count <= 200)
        #expect(window.reason.hasPrefix("a\\nb\\x1b[2Jx"))
        let again = Maintenance(
            restored: window.who, reason: window.reason, since: .origin, until: .origin + .seconds(1), drains: false)
        #expect(again == window)
        let forged = Maintenance(
            restored: "\u{1b}c", reason: String(repeating: "y", count: 5000), since: .origin, until: .origin,
            drains: false)
        #expect(forged.who == "\\x1bc")
        #expect(forged.reason.utf8.count <= 200)
    }

    @Test func whatAWrongClockHasWrittenDownDoesNotLastForYears() {
        let state = MonitorState(windows: [
            address: Maintenance(
                who: "", reason: "", since: .origin + .seconds(1_000_000), until: .distantFuture, drains: false)
        ])
        let now = Instant.origin + .seconds(50)
        let window = state.clamped(at: now).windows[address]
        #expect(window?.since == now)
        #expect(window?.until == now + .seconds(7 * 86_400))
    }

    @Test func slowStartIsShown() {
        var policy = Policy.polling(imap)
        policy.deciding.slowStart = SlowStart(duration: .seconds(100), steps: 5)
        var watch = Watch(policy, row(1, .down), row(2))
        watch.run(to: 30)
        #expect(watch.rows.first?.state == .up)
        #expect(watch.machine.slowStart(of: address) == SlowStartStatus(vhosts: 20, target: 100))
        #expect(watch.machine.slowStart(of: row(2).address) == nil)
        watch.run(to: 150)
        #expect(watch.rows.first?.vhosts == 100)
        #expect(watch.machine.slowStart(of: address) == nil)
    }
}

extension Policy {
    fileprivate var withStateFile: Policy {
        var policy = self
        policy.hasStateFile = true
        return policy
    }
}
