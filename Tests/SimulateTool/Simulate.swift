internal import ArgumentParser
internal import Simulation

/// Runs the simulation; it does not ship.
@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Runs dovemon's machine in simulated worlds.",
        subcommands: [Worlds.self, Reliability.self], defaultSubcommand: Worlds.self)
}

/// Many worlds, or one with its timeline.
struct Worlds: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Tries many seeds, or tells one.")

    @Option(help: "How many seeds are tried.")
    var seeds = 100

    @Option(help: "The first of them.")
    var from: UInt64 = 1

    @Option(help: "Only this seed, with its timeline.")
    var seed: UInt64?

    @Option(help: "A mistake that is built in: \(Mistake.allCases.map(\.rawValue).joined(separator: ", ")).")
    var mistake: Mistake?

    @Flag(help: "Without the timeline.")
    var brief = false

    mutating func run() async throws {
        if let seed {
            let write: ((String) -> Void)? = brief ? nil : { print($0) }
            let outcome = simulate(seed: seed, mistake: mistake, write: write)
            print(outcome.summary)
            if outcome.violation != nil { throw ExitCode.failure }
            return
        }
        let clock = ContinuousClock()
        let start = clock.now
        let outcomes = await simulate(seeds: from..<(from + UInt64(seeds)), mistake: mistake)
        var counts = Counts()
        for outcome in outcomes {
            counts.add(outcome.counts)
            if outcome.violation != nil { print(outcome.summary) }
        }
        let failed = outcomes.count { $0.violation != nil }
        print("\(outcomes.count) seeds in \(clock.now - start), \(failed) failed")
        print("\(counts)")
        if failed > 0 { throw ExitCode.failure }
    }
}

/// The figures of docs/reliability.md.
struct Reliability: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prints the tables of docs/reliability.md.")

    @Option(help: "Where the random numbers begin.")
    var seed: UInt64 = 1

    mutating func run() async { print(await ReliabilityTable(seed: seed).markdown(), terminator: "") }
}

extension Mistake: ExpressibleByArgument {}

extension Outcome {
    fileprivate var summary: String {
        let digits = String(fingerprint, radix: 16)
        let what = violation.map { "\($0.invariant.rawValue): \($0.text)" } ?? "everything held"
        return "seed \(seed): \(what) [\(entries) entries, \(digits)]"
    }
}
