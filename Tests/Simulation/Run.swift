/// What became of a run.
package struct Outcome: Sendable {
    /// The run's seed.
    package let seed: UInt64
    /// What did not hold first; nil when everything held.
    package let violation: Violation?
    /// The same in every run of the same seed.
    package let fingerprint: UInt64
    /// How much happened.
    package let entries: Int
    /// How often what was told, sent and seen: a run in which nothing happens shows nothing.
    package let counts: Counts
}

/// How often things happened in a run, by which one sees whether the simulation tries what it is to try.
package struct Counts: Hashable, Sendable {
    /// Polls that have ended.
    package var polls = 0
    /// HOST-DOWNs sent.
    package var downs = 0
    /// HOST-UPs sent.
    package var ups = 0
    /// Commands that move users.
    package var moves = 0
    /// Commands that set weights.
    package var updates = 0
    /// Replies other than OK, and commands given up.
    package var refusals = 0
    /// Looks at whether a faulty backend is down in time, or a healthy one up, while nothing excused it.
    package var timed = 0

    /// Nothing has happened.
    package init() {}

    /// Adds another run's.
    package mutating func add(_ other: Counts) {
        polls += other.polls
        downs += other.downs
        ups += other.ups
        moves += other.moves
        updates += other.updates
        refusals += other.refusals
        timed += other.timed
    }
}

/// Runs the scenario of a seed; `write` gets each line of its timeline.
package func simulate(seed: UInt64, mistake: Mistake? = nil, write: ((String) -> Void)? = nil) -> Outcome {
    let world = World(Scenario(seed: seed), mistake: mistake, write: write)
    world.run()
    return Outcome(
        seed: seed, violation: world.referee.violation, fingerprint: world.timeline.fingerprint,
        entries: world.timeline.entries, counts: world.referee.counts)
}

/// Runs many seeds, on as many cores as there are; gives their outcomes in the order of the seeds.
package func simulate(seeds: Range<UInt64>, mistake: Mistake? = nil) async -> [Outcome] {
    await withTaskGroup(of: Outcome.self) { group in
        var waiting = seeds.makeIterator()
        // A few at a time: each world takes some memory.
        for _ in 0..<8 {
            if let seed = waiting.next() { group.addTask { simulate(seed: seed, mistake: mistake) } }
        }
        var outcomes: [Outcome] = []
        for await outcome in group {
            outcomes.append(outcome)
            if let seed = waiting.next() { group.addTask { simulate(seed: seed, mistake: mistake) } }
        }
        return outcomes.sorted { $0.seed < $1.seed }
    }
}
