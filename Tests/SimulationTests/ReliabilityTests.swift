import Simulation
import Testing

/// The simulated years give what can also be reckoned.
@Suite struct ReliabilityTests {
    @Test(arguments: [0.05, 0.1])
    func falseDownsAreThoseThatAreReckoned(_ part: Double) {
        let year = 365.25 * 86_400
        let good = 1 - part
        // A run of failures begins behind a good poll.
        let expected = [
            "dovemon, defaults": year / 10 * good * part * part * part,
            "the original dovemon, first manual": year / 10 * good * part * part * part,
            "poolmon (brandond)": year / 30 * part * (1 - good * good * good * good),
        ]
        for (name, rate) in expected {
            guard let measured = falseDownsPerYear(of: name, failing: part, seed: 1) else {
                Issue.record("there is no \(name)")
                continue
            }
            #expect(abs(measured / rate - 1) < 0.12, "\(name): \(measured) for \(rate)")
        }
    }

    @Test func theSameSeedGivesTheSameFigures() async {
        let first = await ReliabilityTable(seed: 2, failures: 3000, trials: 100).markdown()
        let second = await ReliabilityTable(seed: 2, failures: 3000, trials: 100).markdown()
        #expect(first == second)
    }
}
