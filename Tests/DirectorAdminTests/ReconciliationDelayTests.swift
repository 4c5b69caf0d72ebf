import DirectorAdmin
import Site
import Testing

/// HOST-DOWNs that are put off, and withheld while too many backends are down.
@Suite struct ReconciliationDelayTests {
    private func bench(_ rows: Host..., limit: Int = 2) -> Bench {
        var bench = Bench { $0.delayedDown = .init(delay: .seconds(120), limit: limit) }
        _ = bench.wake()
        _ = bench.list(rows)
        return bench
    }

    private func withheld(_ hosts: [Host], waiting: Int, down: Int, limit: Int = 2) -> Action {
        .report(.downsWithheld(WithheldDowns(hosts: hosts, waiting: waiting, down: down, limit: limit)))
    }

    @Test func aDownGoesOutWhenItsDelayIsOver() {
        var bench = bench(row(1))
        #expect(bench.want(.down, row(1)) == [])
        #expect(bench.watch(row(1), for: .milliseconds(119_900)) == [])
        #expect(bench.watch(row(1), for: .seconds(2)) == [down(1, row(1))])
    }

    @Test func aBackendThatRecoversLeavesTheQueue() {
        var bench = bench(row(1))
        _ = bench.want(.down, row(1))
        #expect(bench.watch(row(1), for: .seconds(60)) == [])
        #expect(bench.want(nil, row(1)) == [])
        #expect(bench.watch(row(1), for: .seconds(60)) == [])
        #expect(bench.want(.down, row(1)) == [])
        #expect(bench.watch(row(1), for: .seconds(119)) == [])
        #expect(bench.watch(row(1), for: .seconds(3)) == [down(1, row(1))])
    }

    @Test func anUpIsNotPutOff() {
        var bench = bench(row(1, .down))
        #expect(bench.want(.up, row(1)) == [up(1, row(1))])
    }

    @Test func howItIsPutOffIsKnown() {
        var bench = bench(row(1), row(2), row(3))
        #expect(bench.machine.downDelay(of: row(1).address, at: bench.now) == nil)
        _ = bench.want(.down, row(1))
        let delay = bench.machine.downDelay(of: row(1).address, at: bench.now + .seconds(20))
        #expect(delay?.remaining == .seconds(100) && delay?.isWithheld == false)
        for number in 2...3 { _ = bench.want(.down, row(number)) }
        _ = bench.watch(row(1), row(2), row(3), for: .seconds(125))
        let withheld = bench.machine.downDelay(of: row(1).address, at: bench.now)
        #expect(withheld?.remaining == .zero && withheld?.isWithheld == true)
        _ = bench.want(nil, row(1))
        #expect(bench.machine.downDelay(of: row(1).address, at: bench.now) == nil)
    }

    @Test func tooManyThatWaitAreOnlyTold() {
        var bench = bench(row(1), row(2), row(3))
        for number in 1...3 { #expect(bench.want(.down, row(number)) == []) }
        let told = bench.watch(row(1), row(2), row(3), for: .seconds(600))
        #expect(told == [withheld([row(1), row(2), row(3)], waiting: 3, down: 0)])
    }

    @Test func thoseThatAreDownAlreadyCount() {
        var bench = bench(row(1, .down), row(2, .down), row(3))
        #expect(bench.want(.down, row(3)) == [])
        let told = bench.watch(row(1, .down), row(2, .down), row(3), for: .seconds(600))
        #expect(told == [withheld([row(3)], waiting: 1, down: 2)])
    }

    @Test func theyGoOutWhenTheyAreFewEnough() {
        var bench = bench(row(1), row(2), row(3))
        for number in 1...3 { _ = bench.want(.down, row(number)) }
        _ = bench.watch(row(1), row(2), row(3), for: .seconds(125))
        let recovered = bench.want(nil, row(2))
        #expect(recovered.filter { $0 != .list }.first == .report(.downsAllowed))
        let sent = recovered.asked + bench.watch(row(1), row(2), row(3), for: .seconds(11)).asked
        #expect(sent == [down(1, row(1)), down(2, row(3))])
    }

    @Test func otherNumbersAreToldAgain() {
        var bench = bench(row(1), row(2), row(3), row(4))
        for number in 1...3 { _ = bench.want(.down, row(number)) }
        _ = bench.watch(row(1), row(2), row(3), row(4), for: .seconds(125))
        let told = bench.want(.down, row(4)).filter { $0 != .list }
        #expect(told == [withheld([row(1), row(2), row(3)], waiting: 4, down: 0)])
        #expect(bench.watch(row(1), row(2), row(3), row(4), for: .seconds(60)).asked == [])
    }

    /// It may still come down, for the director may hold the command.
    @Test func aDownThatIsUnderWayCounts() {
        var bench = bench(row(1), row(2), limit: 1)
        _ = bench.want(.down, row(1))
        #expect(bench.watch(row(1), row(2), for: .seconds(122)).asked == [down(1, row(1))])
        #expect(bench.want(nil, row(1)).asked == [])
        #expect(bench.want(.down, row(2)).asked == [])
        let asked = bench.watch(row(1), row(2), for: .seconds(122)).asked
        #expect(asked == [.abandon(1)])
    }

    @Test func aBackendUnderMaintenanceIsNotQueued() {
        var bench = bench(row(1, vhosts: 0), row(2), limit: 1)
        _ = bench.want(.down, row(1))
        _ = bench.want(.down, row(2))
        #expect(bench.watch(row(1, vhosts: 0), row(2), for: .seconds(130)) == [down(1, row(2))])
    }

    /// It has been faulty long enough.
    @Test func afterARestartOfTheRingTheDelayDoesNotBeginAnew() {
        var bench = bench(row(1))
        _ = bench.want(.down, row(1))
        #expect(bench.watch(row(1), for: .seconds(122)).asked == [down(1, row(1))])
        _ = bench.reply(1, .ok)
        _ = bench.list(row(1, .down))
        _ = bench.reply(2, .ok)
        #expect(bench.watch(row(1), for: .seconds(11)).asked == [])
        #expect(bench.want(.down, row(1)).asked == [down(3, row(1))])
    }

    /// One pool that is lost must not keep all others from being looked after.
    @Test func whatThePoolGuardKeepsUpDoesNotCount() {
        let lonely = (1...3).map { row($0, tag: "t\($0)") }
        let big = [row(7), row(8), row(9, .down, vhosts: 0), row(10, .down, vhosts: 0), row(11, .down, vhosts: 0)]
        var bench = Bench {
            $0.delayedDown = .init(delay: .seconds(120), limit: 2)
            $0.minHealthy = .count(1)
        }
        _ = bench.wake()
        let rows = lonely + big
        _ = bench.list(rows)
        var actions: [Action] = []
        func fails(_ row: Host) {
            let failing = PollEvidence.Failing(since: bench.now + .seconds(-5), asOf: bench.now)
            actions += bench.polled(PollEvidence(failing: failing), .down, row)
        }
        for row in lonely { fails(row) }
        fails(row(7))
        for _ in 0..<130 {
            _ = bench.polled(PollEvidence(goodRounds: [bench.now...bench.now]), .up, row(8))
            fails(row(7))
            actions += bench.pass(.seconds(1))
            if actions.contains(.list) { actions += bench.list(rows) }
            actions.removeAll { $0 == .list }
        }
        #expect(actions.asked == [down(1, row(7))])
    }

    @Test func aRuleThatEndsIsTheEndOfWhatWasTold() {
        var bench = bench(row(1), row(2), row(3))
        let rule = bench.machine.manners.delayedDown
        for number in 1...3 { _ = bench.want(.down, row(number)) }
        let told = withheld([row(1), row(2), row(3)], waiting: 3, down: 0)
        #expect(bench.watch(row(1), row(2), row(3), for: .seconds(125)) == [told])
        bench.machine.manners.delayedDown = nil
        bench.machine.manners.connections = 0
        #expect(bench.pass(.seconds(10)).contains(.report(.downsAllowed)))
        bench.machine.manners.delayedDown = rule
        let again = bench.list(row(1), row(2), row(3)) + bench.watch(row(1), row(2), row(3), for: .seconds(125))
        #expect(again.contains(told))
    }

    @Test func aRuleThatEndsLetsThemGo() {
        var bench = bench(row(1))
        _ = bench.want(.down, row(1))
        bench.machine.manners.delayedDown = nil
        #expect(bench.watch(row(1), for: .seconds(1)).asked == [down(1, row(1))])
    }

    @Test func aRuleThatBeginsHoldsBackWhatIsNotYetOut() {
        var bench = Bench(listing: row(1))
        _ = bench.pass(.seconds(2))
        #expect(bench.want(.down, row(1)) == [.list])
        bench.machine.manners.delayedDown = .init(delay: .seconds(120), limit: 2)
        #expect(bench.list(row(1)) == [])
        #expect(bench.watch(row(1), for: .seconds(110)) == [])
    }
}
