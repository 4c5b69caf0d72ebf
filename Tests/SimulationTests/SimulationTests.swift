import Simulation
import Testing

/// The real machine in simulated worlds: whatever happens to them, what has to hold holds.
@Suite struct SimulationTests {
    /// `make simulate SEED=…` tells what happened in one.
    @Test func everythingHoldsInAHundredWorlds() async {
        let outcomes = await simulate(seeds: 1..<101)
        var counts = Counts()
        for outcome in outcomes {
            #expect(outcome.violation == nil, "seed \(outcome.seed)")
            counts.add(outcome.counts)
        }
        // Worlds in which nothing happens show nothing.
        #expect(counts.downs > 300 && counts.ups > 250 && counts.moves > 300)
        #expect(counts.refusals > 10)
        #expect(counts.timed > 5_000)
    }

    /// Found by a search of many: each with what was wrong.
    @Test(
        arguments: [
            (1_004_443, "a list that could not be read ended what excused a lost command"),
            (1_005_872, "the second of two writes had waited its second behind a slow one"),
            (1_006_019, "an administrator's weight that a stopped director sets late is the later word"),
            (1_007_723, "the second of two writes had waited its second behind a slow one"),
            (1_009_643, "an administrator's weight that a stopped director sets late is the later word"),
            (1_010_916, "another monitor had ended its slow start since the list that a weight rests on"),
            (1_011_292, "flapping that held for longer than a quarrel was told by nobody"),
            (1_011_926, "another service's login had a rejected account polled sooner"),
            (2_001_539, "a drain gives back what the monitor had decided on before another one's step"),
        ] as [(UInt64, String)])
    func whatWasWrongOnceHolds(seed: UInt64, mistake: String) {
        #expect(simulate(seed: seed).violation == nil, "\(mistake)")
    }

    /// The fingerprints are those of another process, too: `make simulate` prints them.
    @Test func theSameSeedIsTheSameRun() {
        for seed: UInt64 in [3, 14, 28] {
            let first = simulate(seed: seed)
            let second = simulate(seed: seed)
            #expect(first.fingerprint == second.fingerprint)
            #expect(first.entries == second.entries)
        }
        #expect(simulate(seed: 3).fingerprint != simulate(seed: 4).fingerprint)
    }
}
