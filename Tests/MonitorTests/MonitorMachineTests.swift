import DirectorAdmin
import Monitor
import Probes
import Site
import Testing

@testable import Health

private func failed(_ host: Host, _ service: Service, _ failures: Int, of needed: Int = 3) -> MonitorEvent {
    .pollFailed(
        backend: host.spelling, service, Watch.report(refused), refused, failures: failures, needed: needed)
}

/// A fault that began at `since` and is told at `at`, in milliseconds after the start.
private func fault(_ service: Service, _ count: Int, since: Int, at: Int) -> Fault {
    Fault(
        service: service,
        streak: .init(count: count, since: Watch.start + .milliseconds(since), latest: refused),
        lasting: .milliseconds(at - since))
}

private func byCommand(_ milliseconds: Int) -> ChangeCause { .command(.ok, took: .milliseconds(milliseconds)) }

/// The whole monitor, from polls to the director and back.
@Suite struct MonitorMachineTests {
    @Test func aHealthyBackendIsPolledAndLeftAlone() {
        var watch = Watch(.polling(imap, pop3), row(1))
        watch.run(to: 100)
        #expect(watch.told == [.director(.ringChanged(.synced)), .director(.hostAppeared(row(1)))])
        #expect(watch.sent == [])
        #expect(watch.goodPolls == 18)
    }

    @Test func aBackendThatDiesIsTakenDownEmptiedAndPutUpWhenItIsBack() {
        var watch = Watch(.polling(imap), row(1))
        watch.run(to: 15)
        watch.forgetTold()
        watch.faults = [row(1).address: [imap: refused]]
        watch.run(to: 45)
        #expect(
            watch.told == [
                failed(row(1), imap, 1), failed(row(1), imap, 2), failed(row(1), imap, 3),
                .backendFaulty(backend: "10.0.0.1", fault(imap, 3, since: 20_005, at: 40_005), .down),
                .stateChanged(row(1, .down), byCommand(2), fault(imap, 3, since: 20_005, at: 40_007)),
            ])
        #expect(watch.sent == [DirectorCommand(.hostDown, row(1)), DirectorCommand(.hostResetUsers, row(1))])

        watch.forgetTold()
        watch.faults = [:]
        watch.run(to: 100)
        #expect(watch.sent == [DirectorCommand(.hostUp, row(1))])
        #expect(
            watch.told == [
                .director(.usersMoved(row(1, .down), took: .milliseconds(1))),
                .stateChanged(row(1), byCommand(2), fault(imap, 3, since: 20_005, at: 50_008)),
            ])
    }

    @Test func whileItStaysFaultyNothingMoreIsSent() {
        var watch = Watch(.polling(imap, failuresNeeded: 1), row(1))
        watch.faults = [row(1).address: [imap: refused]]
        watch.run(to: 1000)
        #expect(watch.sent == [DirectorCommand(.hostDown, row(1)), DirectorCommand(.hostResetUsers, row(1))])
    }

    @Test func oneServiceOfThreeIsEnough() {
        var watch = Watch(.polling(imap, pop3, lmtp), row(1), row(2))
        watch.faults = [row(2).address: [lmtp: refused]]
        watch.run(to: 60)
        #expect(watch.sent == [DirectorCommand(.hostDown, row(2)), DirectorCommand(.hostResetUsers, row(2))])
        #expect(watch.rows == [row(1), row(2, .down)])
    }

    @Test func aBackendIsPutUpOnlyWhenEveryServiceIsGood() {
        var watch = Watch(.polling(imap, lmtp), row(1, .down))
        watch.faults = [row(1).address: [lmtp: refused]]
        watch.run(to: 55)
        #expect(watch.sent == [])
        watch.faults = [:]
        watch.run(to: 65)
        #expect(watch.sent == [DirectorCommand(.hostUp, row(1))])
    }

    @Test func aBackendThatWasDownAtTheStartIsPutUpAtItsFirstGoodRound() {
        var watch = Watch(.polling(imap), row(1, .down))
        watch.run(to: 15)
        #expect(watch.sent == [DirectorCommand(.hostUp, row(1))])
        #expect(watch.told.last == .stateChanged(row(1), byCommand(2), nil))
    }

    /// Another monitor has seen earlier that it is dead: an old good round must not put it up again.
    @Test func aBackendThatOthersTakeDownIsNotPutUpForARoundBeforeThat() {
        var watch = Watch(.polling(imap), row(1))
        watch.run(to: 15)
        watch.rows = [row(1, .down)]
        watch.faults = [row(1).address: [imap: refused]]
        watch.run(to: 65)
        #expect(watch.sent == [])
        #expect(watch.told.contains(.stateChanged(row(1, .down), .foreign, nil)))
    }

    @Test func aBackendThatOthersTakeDownIsPutUpByTheFirstWholeGoodRoundAfterThat() {
        var watch = Watch(.polling(imap, lmtp), row(1))
        watch.run(to: 15)
        watch.rows = [row(1, .down)]
        watch.run(to: 20.004)
        #expect(watch.sent == [])
        watch.run(to: 21)
        #expect(watch.sent == [DirectorCommand(.hostUp, row(1))])
    }

    @Test func theOwnMachinesTroubleNeverTakesABackendDown() {
        var watch = Watch(.polling(imap, failuresNeeded: 1), row(1), row(2, .down))
        watch.run(to: 1)
        watch.forgetTold()
        watch.faults = [row(1).address: [imap: local], row(2).address: [imap: local]]
        watch.run(to: 200)
        #expect(watch.sent == [])
        let news: [Bool] = watch.told.compactMap { event in
            if case .pollUndetermined(_, _, local, let isNews) = event { isNews } else { nil }
        }
        #expect(news.count == watch.told.count)
        #expect(news.first == true)
        #expect(news.count { $0 } == 1, "it is told once, however many polls say the same")
        watch.run(to: 400)
        let reminders = watch.told.count { if case .pollUndetermined(_, _, _, true) = $0 { true } else { false } }
        #expect(reminders == 2)
    }

    @Test func aRelaysTroubleTakesNoBackendDownAndLetsOneUp() {
        let relay = PollFailure(phase: .login, kind: .relay, code: "451", text: "no relay")
        var watch = Watch(.polling(imap, failuresNeeded: 1), row(1), row(2, .down))
        watch.faults = [row(1).address: [imap: relay], row(2).address: [imap: relay]]
        watch.run(to: 30)
        #expect(watch.sent == [DirectorCommand(.hostUp, row(2, .down))])
        #expect(watch.told.contains(.pollUndetermined(backend: "10.0.0.1", imap, relay, isNews: true)))
    }

    @Test func whileTheDirectorIsAwayPollingGoesOn() {
        var watch = Watch(.polling(imap), row(1), row(2))
        watch.run(to: 15)
        watch.forgetTold()
        watch.directorIsAway = true
        watch.run(to: 115)
        #expect(watch.goodPolls == 20)
        #expect(watch.told == [.director(.lost(DirectorFailure("away")))])
    }

    @Test func aBackendThatDiesWhileTheDirectorIsAwayIsTakenDownWhenItIsBack() {
        var watch = Watch(.polling(imap), row(1))
        watch.run(to: 15)
        watch.directorIsAway = true
        watch.faults = [row(1).address: [imap: refused]]
        watch.run(to: 95)
        #expect(watch.sent == [])
        watch.directorIsAway = false
        watch.run(to: 105)
        #expect(watch.sent == [DirectorCommand(.hostDown, row(1)), DirectorCommand(.hostResetUsers, row(1))])
    }

    @Test func aBackendUnderMaintenanceIsPolledAndNotCommanded() {
        var watch = Watch(.polling(imap, failuresNeeded: 1), row(1, vhosts: 0))
        watch.faults = [row(1).address: [imap: refused]]
        watch.run(to: 100)
        #expect(watch.sent == [])
        #expect(watch.told.contains(.underMaintenance(failed(row(1), imap, 9, of: 1))))
    }

    /// The reason is told again with the second down, though the first is over.
    @Test func afterARestartOfTheRingADeadBackendIsTakenDownAgainAndTheReasonTold() {
        var watch = Watch(.polling(imap), row(1))
        watch.faults = [row(1).address: [imap: refused]]
        watch.run(to: 55)
        watch.forgetTold()
        watch.rows = [row(1)]
        watch.run(to: 60.109)
        #expect(watch.sent.first == DirectorCommand(.hostDown, row(1)))
        #expect(
            watch.told == [
                failed(row(1), imap, 6), .stateChanged(row(1), .foreign, fault(imap, 6, since: 10_005, at: 60_007)),
                failed(row(1), imap, 7),
                .stateChanged(row(1, .down), byCommand(2), fault(imap, 7, since: 10_005, at: 60_107)),
            ])
    }
}
