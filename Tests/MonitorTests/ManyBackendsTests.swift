import DirectorAdmin
import Monitor
import Probes
import Site
import Testing

/// Ten thousand backends, and nothing that takes the square of that.
@Suite struct ManyBackendsTests {
    @Test(.timeLimit(.minutes(1))) func tenThousandDieWhileTheRingIsOutOfSyncAndGo() {
        var watch = Watch(.polling(imap, failuresNeeded: 1))
        watch.rows = (0..<10_000).map { row($0) }
        watch.ring = .syncing
        watch.faults = Dictionary(uniqueKeysWithValues: watch.rows.map { ($0.address, [imap: refused]) })
        watch.run(to: 30.5)
        #expect(watch.sent == [])
        #expect(watch.plans.count >= 30_000)
        watch.rows = []
        watch.run(to: 45)
        let polls = watch.plans.count
        watch.run(to: 60)
        #expect(watch.plans.count == polls)
    }

    /// With the sample's guard: that one begins to fail asks others, who are asked already.
    @Test(.timeLimit(.minutes(1))) func halfOfTwoThousandDieBesideAGuard() {
        var policy = Policy.polling(imap, failuresNeeded: 2)
        policy.deciding.minHealthy = .count(1)
        var watch = Watch(policy)
        watch.rows = (0..<2_000).map { row($0) }
        let dead = watch.rows.filter { $0.address < row(1_000).address }.map(\.address)
        watch.run(to: 22)
        let (before, rounds) = (watch.plans.count, 3)
        watch.faults = Dictionary(uniqueKeysWithValues: dead.map { ($0, [imap: refused]) })
        watch.run(to: 22 + Double(rounds) * 10)
        #expect(Set(watch.sent.map(\.spelling)) == Set(dead.map(\.description)))
        #expect(watch.plans.count - before - rounds * 2_000 < 2_000, "a few each tenth of a second")
    }

    /// Half of them begin to fail at every moment until all have been polled: nobody has to wait for the end of that.
    @Test(.timeLimit(.minutes(1)), arguments: [MinHealthy.off, .count(1)])
    func halfOfTwoThousandGoWhenTheyAreFaulty(minHealthy: MinHealthy) throws {
        // As many polls a second as ten thousand have by default.
        var policy = Policy(services: [imap], interval: .seconds(2), timeout: .seconds(1), failuresNeeded: 3)
        policy.deciding.minHealthy = minHealthy
        policy.deciding.retryInterval = .milliseconds(200)
        policy.hasStateFile = true
        var watch = Watch(policy)
        watch.rows = (0..<2_000).map { row($0) }
        watch.run(to: 5)
        // Turns go round by addresses.
        for index in stride(from: 0, to: 2_000, by: 2) { watch.faults[row(index).address] = [imap: refused] }
        watch.run(to: 12)
        #expect(watch.downAt.count == 1_000)
        let delays = watch.downAt.compactMap { spelling, time in watch.faultyAt[spelling].map { time - $0 } }.sorted()
        try #require(delays.count == 1_000)
        #expect(delays[999] < .milliseconds(500), "\(delays.suffix(3)), in the median \(delays[500])")
    }

    /// It comes back after a tenth of a second, and may last no longer than that. Hundreds of others are polled in each second;
    /// and half of all may be dead, of which each moment shows some.
    @Test(arguments: [(0.15, 0.15), (0.35, 0.35), (0.6, 0.08), (1.1, 0.4)], [0, 300])
    func noOutageThatComesBackTakesACrowdDown(lengths: (Double, Double), dead: Int) {
        for (refuses, needed) in [(false, 1), (false, 2), (true, 1), (true, 2)] {
            let policy = Policy(
                services: [imap], interval: .milliseconds(500), timeout: .milliseconds(250), failuresNeeded: needed)
            var watch = Watch(
                policy.deciding {
                    $0.minHealthy = .count(1)
                    $0.retryInterval = .milliseconds(100)
                })
            watch.rows = (0..<600).map { row($0) }
            watch.run(to: 2)
            for row in watch.rows.prefix(dead) { watch.faults[row.address] = [imap: refused] }
            watch.outageRefuses = refuses
            let second = 2.2 + lengths.0
            watch.outages = [2.1..<(2.1 + lengths.0), second..<(second + lengths.1)]
            let deadOnes = Set(watch.rows.prefix(dead).map(\.spelling))
            watch.run(to: second + lengths.1 + 2)
            #expect(Set(watch.sent.map(\.spelling)) == deadOnes, "\(needed) failures, refused at once: \(refuses)")
        }
    }
}
