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
