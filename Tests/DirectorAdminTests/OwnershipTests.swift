import DirectorAdmin
import Site
import Testing

/// Whose down it is, and what is written down of it.
@Suite struct OwnershipTests {
    private func bench(_ rows: Host...) -> Bench {
        var bench = Bench { $0.recordsDowns = true }
        #expect(bench.wake() == [.list])
        _ = bench.list(rows)
        return bench
    }

    private func records(_ actions: [Action]) -> [Int] {
        actions.compactMap { if case .record(let id) = $0 { id } else { nil } }
    }

    @Test func aDownIsWrittenDownBeforeItIsSent() {
        var bench = bench(row(1))
        let asked = bench.want(.down, row(1))
        let record = records(asked)
        #expect(record.count == 1 && asked.asked == [])
        #expect(bench.machine.intents[row(1).address] == DownIntent(at: bench.now))
        #expect(bench.watch(row(1), for: .milliseconds(4500)).asked == [])
        #expect(bench.machine.recorded(record[0], at: bench.now).asked == [down(1, row(1))])
    }

    @Test func thatAListHasShownItIsWrittenDownToo() {
        var bench = bench(row(1))
        let decidedAt = bench.now
        _ = bench.machine.recorded(records(bench.want(.down, row(1)))[0], at: bench.now)
        _ = bench.reply(1, .ok)
        let actions = bench.list([row(1, .down, changed: 4711)])
        #expect(records(actions).count == 1)
        #expect(bench.machine.intents == [row(1).address: DownIntent(at: decidedAt, change: 4711)])
        #expect(bench.machine.isOwnDown(row(1).address))
    }

    @Test func ownershipEndsWhenASyncedRingShowsItUp() {
        var bench = bench(row(1))
        _ = bench.machine.recorded(records(bench.want(.down, row(1)))[0], at: bench.now)
        _ = bench.reply(1, .ok)
        _ = bench.list([row(1, .down)])
        _ = bench.want(nil, row(1))
        _ = bench.list([row(1)], ring: .syncing)
        #expect(bench.machine.intents.count == 1)
        let actions = bench.list([row(1)])
        #expect(bench.machine.intents.isEmpty && records(actions).count == 1)
    }

    @Test func aWishThatPassesIsForgotten() {
        var bench = bench(row(1))
        let first = records(bench.want(.down, row(1)))[0]
        let gone = bench.want(nil, row(1))
        #expect(bench.machine.intents.isEmpty && records(gone).count == 1)
        // What was written for it is none for the next wish.
        let second = records(bench.want(.down, row(1)))[0]
        #expect(bench.machine.recorded(first, at: bench.now).asked == [])
        #expect(bench.machine.recorded(second, at: bench.now).asked == [down(1, row(1))])
    }

    @Test func whatOthersTookDownIsTheirs() {
        var bench = bench(row(1))
        _ = bench.list([row(1, .down)])
        #expect(!bench.machine.isOwnDown(row(1).address) && bench.machine.intents.isEmpty)
    }

    // MARK: After a restart

    private static let decided = Instant.origin + .seconds(900)

    /// A monitor that was restarted, with this in its file, and what the director now lists.
    private func restarted(_ intent: DownIntent, _ row: Host, ring: RingState? = .synced) -> Reconciliation {
        var machine = Reconciliation(
            manners: .init(interval: .seconds(10)),
            restored: RestoredIntents([row.address: intent], unixOrigin: 1_000_000))
        let now = Instant.origin + .seconds(1000)
        _ = machine.woke(at: now)
        #expect(machine.intents == [row.address: intent])
        _ = machine.listed(Listing(ring: ring, hosts: [row]), at: now)
        return machine
    }

    @Test func aDownThatWasSeenIsKnownByItsTime() {
        let intent = DownIntent(at: Self.decided, change: 1_000_901)
        let same = restarted(intent, row(1, .down, changed: 1_000_901))
        #expect(same.isOwnDown(row(1).address) && same.intents == [row(1).address: intent])
        // Somebody has raised it and taken it down meanwhile.
        let others = restarted(intent, row(1, .down, changed: 1_000_950))
        #expect(!others.isOwnDown(row(1).address) && others.intents.isEmpty)
    }

    @Test(arguments: [(-6, false), (0, true), (65, true), (126, false)])
    func aDownThatWasNotSeenIsOursWhenItCameSoonAfterItsDecision(late: Int, isOurs: Bool) {
        let machine = restarted(DownIntent(at: Self.decided), row(1, .down, changed: 1_000_900 + late))
        #expect(machine.isOwnDown(row(1).address) == isOurs)
    }

    @Test func usersThatMayNotHaveBeenMovedAreMovedOnceTheBackendIsSeenToBeFaulty() {
        let intent = DownIntent(at: Self.decided, change: 1_000_901)
        let row = row(1, .down, users: 3, changed: 1_000_901)
        var machine = restarted(intent, row)
        #expect(machine.wanted(.down, for: row.address, at: .origin + .seconds(1000)).asked == [move(1, row)])
        // Nobody is left of another one, and a third has recovered.
        let empty = DirectorAdminTests.row(1, .down, changed: 1_000_901)
        machine = restarted(intent, empty)
        #expect(machine.wanted(.down, for: row.address, at: .origin + .seconds(1000)).asked == [])
        machine = restarted(intent, row)
        #expect(machine.wanted(.up, for: row.address, at: .origin + .seconds(1000)).asked == [up(1, row)])
        // What others took down is theirs, users and all.
        machine = restarted(intent, DirectorAdminTests.row(1, .down, users: 3, changed: 1_000_950))
        #expect(machine.wanted(.down, for: row.address, at: .origin + .seconds(1000)).asked == [])
    }

    /// The director may hold the former run's HOST-DOWN, although its ring is synced.
    @Test(arguments: [(900, false), (820, true)]) func aDownThatMayStillComeLeavesNobody(decided: Int, mayGo: Bool) {
        let rows = [row(1), row(2)]
        let intent = DownIntent(at: .origin + .seconds(decided))
        var machine = Reconciliation(
            manners: .init(interval: .seconds(10)),
            restored: RestoredIntents([rows[0].address: intent], unixOrigin: 1_000_000))
        machine.manners.minHealthy = .count(1)
        func at(_ seconds: Int) -> Instant { .origin + .seconds(seconds) }
        func list(_ seconds: Int) -> [Action] {
            _ = machine.woke(at: at(seconds))
            return machine.listed(Listing(ring: .synced, hosts: rows), at: at(seconds))
        }
        _ = list(1000)
        let well = PollEvidence(goodRounds: [at(1003)...at(1004), at(1006)...at(1006)])
        _ = machine.polled(well, wanted: .up, for: rows[0].address, at: at(1006))
        let failing = PollEvidence(failing: .init(since: at(1002), asOf: at(1005)))
        _ = machine.polled(failing, wanted: .down, for: rows[1].address, at: at(1006))
        #expect(!list(1007).asked.isEmpty == mayGo)
        #expect(!(list(1040) + list(1041)).asked.isEmpty || mayGo)
    }

    /// Its clock was an hour ahead, as the director's was, and has been set right since.
    @Test func aDownFromTheFutureIsKnownByItsTimeToo() {
        let intent = DownIntent(at: .origin + .seconds(4600))
        #expect(restarted(intent, row(1, .down, changed: 1_004_601)).isOwnDown(row(1).address))
    }

    @Test func whatIsListedUpIsNobodysUnlessTheRingIsNotSynced() {
        #expect(restarted(DownIntent(at: Self.decided), row(1)).intents.isEmpty)
        #expect(!restarted(DownIntent(at: Self.decided), row(1), ring: .syncing).intents.isEmpty)
    }

    @Test func aRingThatIsNotSyncedYetForgetsNothing() {
        var machine = restarted(DownIntent(at: Self.decided, change: 1_000_901), row(1), ring: .syncing)
        let synced = Listing(ring: .synced, hosts: [row(1, .down, changed: 1_000_901)])
        _ = machine.listed(synced, at: .origin + .seconds(1010))
        #expect(machine.isOwnDown(row(1).address))
    }

    /// Its HOST-DOWN was held by the director when the former run was killed, and is run once the ring is synced.
    @Test(arguments: [HostState.up, .down, nil])
    func aDownThatIsStillHeldIsOursHoweverTheBackendPolls(wanted: HostState?) {
        var machine = restarted(DownIntent(at: Self.decided), row(1), ring: .syncing)
        _ = machine.wanted(.up, for: row(1).address, at: .origin + .seconds(1001))
        _ = machine.wanted(wanted, for: row(1).address, at: .origin + .seconds(1002))
        #expect(machine.intents[row(1).address] == DownIntent(at: Self.decided))
        let synced = Listing(ring: .synced, hosts: [row(1, .down, changed: 1_000_930)])
        _ = machine.listed(synced, at: .origin + .seconds(1010))
        #expect(machine.isOwnDown(row(1).address))
        #expect(machine.intents[row(1).address] == DownIntent(at: Self.decided, change: 1_000_930))
    }

    @Test func aDownThatIsStillHeldIsForgottenWhenASyncedRingShowsItUp() {
        var machine = restarted(DownIntent(at: Self.decided), row(1), ring: .syncing)
        _ = machine.listed(Listing(ring: .synced, hosts: [row(1)]), at: .origin + .seconds(1010))
        #expect(machine.intents.isEmpty)
        _ = machine.listed(
            Listing(ring: .synced, hosts: [row(1, .down, changed: 1_001_010)]), at: .origin + .seconds(1020))
        #expect(!machine.isOwnDown(row(1).address) && machine.intents.isEmpty)
    }

    /// A ring that is not synced may show anything for a while.
    @Test func aBackendThatRecoversMeanwhileStaysOurs() {
        var bench = bench(row(1))
        _ = bench.machine.recorded(records(bench.want(.down, row(1)))[0], at: bench.now)
        _ = bench.reply(1, .ok)
        _ = bench.list([row(1, .down, changed: 4711)])
        _ = bench.reply(2, .ok)
        _ = bench.list([row(1)], ring: .syncing)
        _ = bench.want(.up, row(1))
        #expect(bench.machine.intents[row(1).address]?.change == 4711)
        _ = bench.list([row(1, .down, changed: 4711)])
        #expect(bench.machine.isOwnDown(row(1).address))
    }

    @Test func anotherDirectorHasToBeHeardBeforeOwnershipEnds() {
        var bench = bench(row(1))
        _ = bench.machine.recorded(records(bench.want(.down, row(1)))[0], at: bench.now)
        _ = bench.reply(1, .ok)
        _ = bench.list([row(1, .down, changed: 4711)])
        _ = bench.list([row(1)], ring: .syncing)
        #expect(bench.machine.directorChanged(isOther: true) == [])
        _ = bench.want(.up, row(1))
        #expect(bench.machine.intents.count == 1)
        _ = bench.wake()
        _ = bench.list([row(1)])
        #expect(bench.machine.intents.isEmpty)
    }

    /// The director dates a change by when it runs the command.
    @Test func aDownThatHadToWaitIsWrittenDownAnew() {
        var bench = bench(row(1))
        let first = records(bench.want(.down, row(1)))[0]
        _ = bench.list([row(1)], ring: .syncing)
        #expect(bench.machine.recorded(first, at: bench.now).asked == [])
        _ = bench.pass(.seconds(60))
        let again = records(bench.list([row(1)]))
        #expect(again.count == 1)
        #expect(bench.machine.intents[row(1).address]?.at == bench.now)
        #expect(bench.machine.recorded(again[0], at: bench.now).asked == [down(1, row(1))])
    }

    /// Nothing is decided, and so nothing written down, before the one that is asked now has been heard.
    @Test func anotherDirectorsListSaysNothingOfThisOnes() {
        var bench = bench(row(1))
        #expect(bench.machine.directorChanged(isOther: true) == [])
        let actions = bench.want(.down, row(1))
        #expect(actions == [.list] && bench.machine.intents.isEmpty)
        #expect(records(bench.list(row(1))).count == 1 && bench.machine.intents.count == 1)
    }

    /// Another ring may have the same addresses; a list shows what is its own there.
    @Test(arguments: [4711, 5]) func atAnotherDirectorOnlyWhatItsListShowsIsOwn(changed: Int) {
        var bench = bench(row(1))
        _ = bench.machine.recorded(records(bench.want(.down, row(1)))[0], at: bench.now)
        _ = bench.reply(1, .ok)
        // Its users are still to be moved away.
        _ = bench.list([row(1, .down, users: 7, changed: 4711)], ring: .syncing)
        #expect(bench.machine.directorChanged(isOther: true) == [])
        #expect(!bench.machine.isOwnDown(row(1).address) && bench.machine.intents.count == 1)
        _ = bench.wake()
        let actions = bench.watch(row(1, .down, users: 7, changed: changed), for: .seconds(15))
        #expect(bench.machine.isOwnDown(row(1).address) == (changed == 4711))
        #expect(bench.machine.intents.count == (changed == 4711 ? 1 : 0))
        #expect(actions.asked == [])
    }

    @Test func theSameDirectorByAnotherNameChangesNothing() {
        var bench = bench(row(1))
        _ = bench.machine.recorded(records(bench.want(.down, row(1)))[0], at: bench.now)
        _ = bench.reply(1, .ok)
        _ = bench.list([row(1, .down, users: 7, changed: 4711)], ring: .syncing)
        #expect(bench.machine.directorChanged(isOther: false) == [])
        #expect(bench.machine.isOwnDown(row(1).address))
        _ = bench.wake()
        #expect(
            bench.list([row(1, .down, users: 7, changed: 4711)]).asked == [
                move(2, row(1, .down, users: 7, changed: 4711))
            ])
    }

    /// Another run has ended, which took it down and may not have moved its users.
    @Test func whatAnotherRunHasWrittenDownCountsOnceAListShowsIt() {
        var bench = bench(row(1), row(2), row(3))
        _ = bench.want(.down, row(1))
        let rows = [row(1, .down, users: 7, changed: 8), row(2, .down, changed: 9), row(3)]
        _ = bench.list(rows)
        #expect(!bench.machine.isOwnDown(row(1).address))
        let at = bench.now
        let found = [
            row(1).address: DownIntent(at: at, change: 8), row(2).address: DownIntent(at: at, change: 4711),
            row(3).address: DownIntent(at: at, change: 10),
        ]
        #expect(records(bench.machine.found(found)).count == 1)
        let actions = bench.watch(rows[0], rows[1], rows[2], for: .seconds(15))
        #expect(bench.machine.intents == [row(1).address: DownIntent(at: at, change: 8)])
        #expect(actions.asked == [move(1, rows[0])])
    }

    @Test func aBackendThatIsNotListedForAWhileIsNotForgotten() {
        var bench = bench(row(1))
        _ = bench.machine.recorded(records(bench.want(.down, row(1)))[0], at: bench.now)
        _ = bench.reply(1, .ok)
        _ = bench.list([row(1, .down, changed: 5)])
        _ = bench.list([])
        #expect(bench.machine.intents.count == 1)
        _ = bench.list([row(1, .down, changed: 5)])
        #expect(bench.machine.isOwnDown(row(1).address))
    }
}
