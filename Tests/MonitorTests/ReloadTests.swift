import DirectorAdmin
import Health
import Probes
import Site
import Testing

@testable import Monitor

private let rejected = PollFailure(phase: .login, kind: .rejected, code: "AUTHENTICATIONFAILED", text: "no")

/// Other settings, another director or another run's state come into force: what was wished before is wished anew.
@Suite struct ReloadTests {
    private let victim = row(1).address

    private func policy(failuresNeeded: Int = 1, _ change: (inout Deciding) -> Void = { _ in }) -> Policy {
        var policy = Policy.polling(imap, failuresNeeded: failuresNeeded)
        change(&policy.deciding)
        return policy
    }

    // MARK: Wishes

    /// What waits for the ring when the settings change must not go out once it is synced.
    private func sentAfterReload(_ watch: inout Watch, to policy: Policy) -> [DirectorCommand] {
        watch.ring = .syncing
        watch.run(to: 15)
        #expect(watch.sent == [])
        watch.handle(.policyChanged(policy))
        watch.ring = .synced
        // Before its next poll.
        watch.run(to: 19)
        return watch.sent
    }

    @Test func othersDownsAreLeftToThemFromTheReloadOn() {
        var watch = Watch(policy(), row(1, .down))
        #expect(sentAfterReload(&watch, to: policy { $0.raising.ownOnly = true }) == [])
        watch.run(to: 60)
        #expect(watch.sent == [])
        let holds = watch.told.compactMap { if case .leftDown(_, let hold) = $0 { hold } else { nil } }
        #expect(holds == [.notOwn], "and that is told once")
    }

    @Test func moreGoodRoundsAreNeededFromTheReloadOn() {
        var watch = Watch(policy(), row(1, .down))
        #expect(sentAfterReload(&watch, to: policy { $0.goodRoundsNeeded = 3 }) == [])
        watch.run(to: 35)
        #expect(watch.sent.map(\.verb) == [.hostUp])
    }

    @Test func moreFailuresAreNeededFromTheReloadOn() {
        var watch = Watch(policy(), row(1))
        watch.faults[victim] = [imap: refused]
        #expect(sentAfterReload(&watch, to: policy(failuresNeeded: 3)) == [])
        watch.run(to: 29)
        #expect(watch.sent == [])
        watch.run(to: 35)
        #expect(watch.sent.first?.verb == .hostDown)
    }

    @Test func aRejectedAccountOnlyAlertsFromTheReloadOn() {
        var watch = Watch(policy(), row(1))
        watch.faults[victim] = [imap: rejected]
        #expect(sentAfterReload(&watch, to: policy { $0.rejection.account = .warning }) == [])
        watch.run(to: 60)
        #expect(watch.sent == [])
    }

    @Test func aQuarrelThatIsNoneAnyMoreEndsWithTheReload() {
        var watch = Watch(policy(), row(1, .down))
        watch.run(to: 15)
        watch.rows = [row(1, .down)]
        watch.run(to: 35)
        #expect(watch.sent.count == 1)
        watch.handle(.policyChanged(policy { $0.raising.warHold = .zero }))
        watch.run(to: 36)
        #expect(watch.sent.map(\.verb) == [.hostUp, .hostUp])
    }

    /// Why it goes down is told, though no poll has failed just now.
    @Test func fewerFailuresThatAreEnoughAreToldOf() {
        var watch = Watch(policy(failuresNeeded: 5), row(1))
        watch.faults[victim] = [imap: refused]
        watch.run(to: 25)
        watch.forgetTold()
        watch.handle(.policyChanged(policy(failuresNeeded: 2)))
        watch.run(to: 26)
        #expect(watch.sent.first?.verb == .hostDown)
        #expect(watch.told.contains { if case .backendFaulty = $0 { true } else { false } })
    }

    @Test(.timeLimit(.minutes(1))) func tenThousandAreJudgedAnewAtOnce() {
        var watch = Watch(policy())
        watch.rows = (0..<10_000).map { row($0) }
        let dead = watch.rows.prefix(4000).map(\.address)
        watch.ring = .syncing
        watch.faults = Dictionary(uniqueKeysWithValues: dead.map { ($0, [imap: refused]) })
        watch.run(to: 22)
        watch.forgetTold()
        let clock = ContinuousClock()
        for needed in [5, 1] {
            let time = clock.measure { watch.handle(.policyChanged(policy(failuresNeeded: needed))) }
            #expect(time < .seconds(30), "in a debug build, with a sanitizer; by squares it would be minutes")
        }
        #expect(watch.told.count { if case .backendFaulty = $0 { true } else { false } } == 4000)
    }

    // MARK: Polls that wait

    @Test func aPollThatHadToWaitIsMadeAsTheSettingsAreNow() throws {
        let lost = Account(username: "u", password: Password("old"))
        let account = Account(username: "u", password: Password("new"))
        var former = policy()
        former.accounts = [victim: lost]
        var watch = Watch(former, row(1))
        watch.silent = [victim]
        watch.run(to: 11)
        let id = try #require(watch.withheld.first)
        let asked = PollPlan(service: imap, account: lost, expectedMessage: "m")
        #expect(watch.machine.plan(of: id, asked: asked)?.account == lost)
        former.accounts = [victim: account]
        watch.handle(.policyChanged(former))
        #expect(
            watch.machine.plan(of: id, asked: asked)
                == PollPlan(service: imap, account: account, expectedMessage: "m"))
        watch.rows = []
        watch.run(to: 25)
        #expect(watch.machine.plan(of: id, asked: asked) == nil, "it is not listed any more")
    }

    // MARK: Another run's state

    /// A dry run that has begun before the real one took it down is made real.
    @Test func whatAnotherRunHasWrittenDownIsTakenOver() {
        var dry = policy { $0.raising.ownOnly = true }
        dry.hasStateFile = true
        dry.isDryRun = true
        var real = dry
        real.isDryRun = false
        var war = Raising()
        war.warHold = .seconds(600)
        war.warEnd = Watch.start + .seconds(500)
        var watch = Watch(dry, row(1), row(2, .down), row(3, .down))
        watch.run(to: 25)
        watch.rows = [row(1, .down), row(2, .down), row(3, .down)]
        watch.run(to: 45)
        var found = MonitorState(
            intents: [victim: DownIntent(at: Watch.start + .seconds(25), change: 0)],
            raising: [row(2).address: war, row(9).address: war])
        found.windows = [
            row(4).address: Maintenance(
                who: "ann", reason: "", since: Watch.start, until: Watch.start + .seconds(400), drains: false),
            row(2).address: Maintenance(
                who: "ann", reason: "", since: Watch.start, until: Watch.start + .seconds(44), drains: false),
        ]
        let weight = WeightMemory(target: 100, ours: [20])
        found.weights = [row(4).address: weight]
        watch.handle(.stateFound(found))
        watch.handle(.policyChanged(real))
        #expect(watch.states.last?.intents == found.intents, "nor is it overwritten")
        #expect(watch.states.last?.raising[row(2).address]?.warEnd == war.warEnd)
        #expect(watch.states.last?.windows.keys.map(\.description) == ["10.0.0.4"], "the other one is over")
        #expect(watch.states.last?.weights == [row(4).address: weight])
        #expect(watch.states.last?.raising[row(9).address] == war && watch.states.last?.absences[row(9).address] != nil)
        watch.run(to: 65)
        #expect(watch.sent.map(\.spelling) == ["10.0.0.1"])
        real.deciding.raising.ownOnly = false
        watch.handle(.policyChanged(real))
        watch.run(to: 80)
        #expect(watch.sent.map(\.spelling) == ["10.0.0.1", "10.0.0.3"])
        watch.run(to: 520)
        #expect(watch.sent.map(\.spelling) == ["10.0.0.1", "10.0.0.3", "10.0.0.2"])
    }

    // MARK: Another director

    private func changed(_ number: Int, _ state: HostState, users: Int = 0, at time: Int) -> Host {
        let host = row(number)
        return Host(
            address: host.address, spelling: host.spelling, vhosts: 100, users: users, tag: "", state: state,
            lastChange: time)
    }

    @Test func aWeightOfZeroInAnotherRingIsAnAdministratorsWord() {
        let drained = WeightMemory(target: 100, ours: [0], asked: 0, isDrained: true)
        var watch = Watch(policy(), row(1, vhosts: 0), row(2), restored: MonitorState(weights: [victim: drained]))
        watch.silent = [victim]
        watch.run(to: 15)
        #expect(watch.machine.maintenance(of: victim) == nil)
        watch.handle(.directorChanged(isOther: true))
        #expect(watch.told.contains(.director(.weightForgotten(backend: "10.0.0.1", vhosts: 0, target: 100))))
        watch.silent = []
        watch.release()
        watch.run(to: 60)
        #expect(watch.machine.maintenance(of: victim) == .weight)
        #expect(watch.sent == [])
    }

    /// Its own down is none in another ring that has the same addresses.
    @Test(arguments: [false, true]) func anotherRingsDownIsNotThisOnes(isTheSame: Bool) {
        var watch = Watch(policy { $0.raising.ownOnly = true }, row(1), row(2))
        watch.faults[victim] = [imap: refused]
        watch.run(to: 25)
        #expect(watch.rows.first?.state == .down)
        watch.forgetTold()
        watch.handle(.directorChanged(isOther: true))
        watch.rows = [changed(1, .down, at: isTheSame ? 0 : 4711), row(2)]
        watch.faults = [:]
        watch.run(to: 100)
        #expect(watch.sent.map(\.verb) == (isTheSame ? [.hostUp] : []))
    }
}
