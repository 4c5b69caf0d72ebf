internal import Site

/// The figures of docs/reliability.md, as Markdown.
package struct ReliabilityTable: Sendable {
    private let seed: UInt64
    /// How many failed polls, and how many trials, each figure rests on at most.
    private let failures: Int
    private let trials: Int

    private static let parts = [0.001, 0.01, 0.02, 0.05]
    private static let pauses = [2, 5, 10, 15, 20, 30, 60]
    /// So many false downs are enough to know how often they come.
    private static let enoughDowns = 2000

    /// Figures from this seed.
    package init(seed: UInt64, failures: Int = 3_000_000, trials: Int = 20_000) {
        self.seed = seed
        self.failures = failures
        self.trials = trials
    }

    /// All tables.
    package func markdown() async -> String {
        let rows = await withTaskGroup(of: (Int, [String]).self) { group in
            for (number, contestant) in Contestant.all.enumerated() {
                group.addTask { (number, row(contestant)) }
            }
            var rows = Array(repeating: [String](), count: Contestant.all.count)
            for await (number, row) in group { rows[number] = row }
            return rows
        }
        let percents = Self.parts.map { "\(percent($0))" }
        return [
            "False downs of one healthy backend in a year, by the part of polls that fail at random:",
            table(["monitor"] + percents, rows.map { $0[0] }),
            "Seconds from a fault to the decision, median and 99th percentile, with 1 % of polls failing before it:",
            table(["monitor", "crash", "", "hang", ""], rows.map { $0[1] }),
            "Of a hundred times that a backend says nothing for so long and then goes on, so many end in a HOST-DOWN:",
            table(["monitor"] + Self.pauses.map { "\($0) s" }, rows.map { $0[2] }),
            "The same of a backend that restarts, and refuses connections for so long:",
            table(["monitor"] + Self.pauses.map { "\($0) s" }, rows.map { $0[3] }),
        ].joined(separator: "\n\n") + "\n"
    }

    private func table(_ heads: [String], _ rows: [String]) -> String {
        let rule = heads.indices.map { $0 == 0 ? "---" : "--:" }
        return ([heads, rule].map { "| \($0.joined(separator: " | ")) |" } + rows).joined(separator: "\n")
    }

    private func row(_ contestant: Contestant) -> [String] {
        let cells = [Self.parts.map { falseDowns(contestant, $0) }, times(contestant)] + shares(contestant)
        return cells.map { "| \(([contestant.name] + $0).joined(separator: " | ")) |" }
    }

    private func falseDowns(_ contestant: Contestant, _ part: Double) -> String {
        var random = SeededRandom(seed: seed, stream: 10)
        var watcher = contestant.make()
        let years = watcher.years(part, downs: Self.enoughDowns, failures: failures, &random)
        // The rule of three: with 95 % certainty it is not more often.
        guard years.falseDowns > 0 else { return "< \(rounded(3 / years.years))" }
        return rounded(Double(years.falseDowns) / years.years)
    }

    private func times(_ contestant: Contestant) -> [String] {
        [Fault.crash, .hang].flatMap { fault -> [String] in
            var random = SeededRandom(seed: seed, stream: 11)
            let times = (0..<trials).compactMap { _ in
                var watcher = contestant.make()
                return watcher.timeToDown(fault, failing: 0.01, &random)
            }.sorted()
            guard !times.isEmpty else { return ["-", "-"] }
            return [times[times.count / 2], times[times.count * 99 / 100]].map { tenths($0.inSeconds) }
        }
    }

    private func shares(_ contestant: Contestant) -> [[String]] {
        let share = { (fault: Fault) in
            var random = SeededRandom(seed: seed, stream: 12)
            let downs = (0..<trials).count { _ in
                var watcher = contestant.make()
                return watcher.timeToDown(fault, failing: 0, &random) != nil
            }
            return "\((100 * downs + trials / 2) / trials)"
        }
        return [
            Self.pauses.map { share(.pause(.seconds($0))) }, Self.pauses.map { share(.restart(.seconds($0))) },
        ]
    }
}

/// Two digits that count, or whole numbers.
private func rounded(_ number: Double) -> String {
    guard number < 10 else { return "\(Int(number.rounded()))" }
    var unit = 1.0
    var decimals = 0
    while number * unit < 10, decimals < 8 {
        unit *= 10
        decimals += 1
    }
    let digits = "\(Int((number * unit).rounded()))"
    let filled = String(repeating: "0", count: max(0, decimals + 1 - digits.utf8.count)) + digits
    return "\(filled.dropLast(decimals)).\(filled.suffix(decimals))"
}

private func tenths(_ number: Double) -> String {
    let tenths = Int((number * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
}

private func percent(_ part: Double) -> String {
    let tenths = Int((part * 1000).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
}

/// How often a healthy backend is marked down in a year by a line of the table, where this part of the polls fails; nil when
/// there is no such line.
package func falseDownsPerYear(of name: String, failing part: Double, seed: UInt64) -> Double? {
    guard let contestant = Contestant.all.first(where: { $0.name == name }) else { return nil }
    var random = SeededRandom(seed: seed, stream: 10)
    var watcher = contestant.make()
    let years = watcher.years(part, downs: 600, failures: 1_000_000, &random)
    return Double(years.falseDowns) / years.years
}
