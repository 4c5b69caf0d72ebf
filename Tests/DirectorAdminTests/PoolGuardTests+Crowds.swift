import DirectorAdmin
import Site
import Testing

/// Large pools, which are not looked at anew with each event.
extension PoolGuardTests {
    /// A hundred backends, twenty of which are to go down, and may.
    private func crowd(_ rule: MinHealthy) -> (bench: Bench, rows: [Host], out: [Action]) {
        let rows = (1...100).map { row($0) }
        var bench = bench(rows, rule)
        _ = bench.pass(.seconds(5))
        for row in rows.dropFirst(20) { _ = bench.polled(well(bench, -1), .up, row) }
        for row in rows.prefix(20) { _ = bench.polled(failing(bench, -2), .down, row) }
        for row in rows.dropFirst(20) { _ = bench.polled(wellIn(bench, -1 ... -1, 0...0), .up, row) }
        _ = bench.pass(.milliseconds(60))
        let out = bench.list(rows).asked
        return (bench, rows, out)
    }

    /// Where thousands begin to fail, there is no moment in which the last look is in nobody's doubt.
    @Test func withoutARuleNobodyWaitsForTheNextLook() {
        var (bench, rows, out) = crowd(.off)
        #expect(out.count == 8)
        _ = bench.polled(failing(bench, 0), nil, rows[60])
        for id in 1...8 { #expect(bench.reply(id, .ok).asked.filter(\.isHostDown).count == 1) }
    }

    /// A large pool is not looked at anew with each event: until it is, nothing may rest on what was decided before.
    @Test func aDecisionIsNotOutlivedByWhatItRestedOn() {
        var (bench, rows, out) = crowd(.count(80))
        #expect(out.count == 8)
        // Another monitor has taken one of the eighty down.
        let fewer = rows.map { $0 == row(50) ? row(50, .down) : $0 }
        #expect(bench.list(fewer).asked == [])
        for id in 1...8 { #expect(bench.reply(id, .ok).asked == []) }
        #expect(bench.pass(.milliseconds(200)).asked == [])
    }

    @Test func aRuleIsInForceBeforeTheNextLook() {
        var (bench, rows, out) = crowd(.off)
        #expect(out.count == 8)
        bench.machine.manners.minHealthy = .count(81)
        for id in 1...8 { #expect(bench.reply(id, .ok).asked == []) }
        _ = bench.list(rows.enumerated().map { $0.offset < 8 ? row($0.offset + 1, .down) : $0.element })
        #expect(bench.pass(.milliseconds(200)).asked.filter { $0.isHostDown } == [])
    }

    /// The rule was off when it was last looked at, and nobody was to go down when it came.
    @Test func aRuleHoldsForThoseWhoAreToGoDownLater() {
        let rows = (1...100).map { row($0) }
        var bench = bench(rows, .off)
        #expect(bench.polled(failing(bench, -2), .down, row(1)).asked == [down(1, row(1))])
        _ = bench.polled(well(bench, 0), .up, row(1))
        bench.machine.manners.minHealthy = .count(100)
        #expect(bench.polled(failing(bench, -2), .down, row(2)).asked == [])
    }

    /// What was seen of more does not take back what was allowed: replies are followed by commands at once.
    @Test func goodNewsHoldNobodyUp() {
        var (bench, rows, out) = crowd(.count(80))
        #expect(out.count == 8)
        for id in 1...8 {
            _ = bench.polled(well(bench, 0), .up, rows[60])
            #expect(bench.reply(id, .ok).asked.count == 1)
        }
    }

    /// It recovers before it is looked at again: the next one that waits for polls has not waited for days.
    @Test func whoIsWithheldNoMoreLeavesNoTimeBehind() {
        let rows = (1...100).map { row($0) }
        var bench = bench(rows, .count(1))
        _ = bench.pass(.seconds(5))
        let first = bench.polled(failing(bench, 0), .down, row(1))
        #expect(first.contains { if case .poll = $0 { true } else { false } })
        _ = bench.polled(well(bench, 0), .up, row(1))
        _ = bench.pass(.seconds(86_400))
        for row in rows.dropFirst() { _ = bench.polled(well(bench, -1), .up, row) }
        let second = bench.polled(failing(bench, 0), .down, row(2)) + bench.pass(.seconds(1))
        #expect(guarded(second) == [])
    }
}

extension Action {
    fileprivate var isHostDown: Bool {
        if case .send(_, let command) = self { command.verb == .hostDown } else { false }
    }
}
