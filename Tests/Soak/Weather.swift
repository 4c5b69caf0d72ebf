import FakePeers
import NIOCore

/// The faults of a run, one cycle after another: some at a time, half of the backends at once, all at once, the director
/// away, calm.
struct Weather: Sendable {
    let plan: Plan
    let fleet: NIOLoopBound<Fleet>
    let director: NIOLoopBound<FakeDirector>
    let loop: any EventLoop

    private func pass(_ units: Double) async throws { try await Task.sleep(for: .seconds(units * plan.unit)) }

    /// Plays one cycle; gives what was wrong.
    func cycle(_ chance: inout Chance) async throws -> [String] {
        for _ in 1...30 {
            let few = (1...max(1, plan.backends / 100)).map { _ in Int.random(in: 0..<plan.backends, using: &chance) }
            let faults = few.map {
                ($0, Bool.random(using: &chance) ? Fault.allCases.randomElement(using: &chance) : nil)
            }
            try await set(faults)
            try await pass(0.1)
        }
        let half = (0..<plan.backends).shuffled(using: &chance).prefix(plan.backends / 2)
        try await set(half.map { ($0, Fault.allCases.randomElement(using: &chance)) })
        try await pass(2.5)
        try await clear()
        try await loop.submit { [director] in director.value.leave() }.get()
        try await pass(0.5)
        try await loop.flatSubmit { [director] in director.value.listen() }.get()
        try await pass(1)
        let complaints = try await blackout(&chance)
        try await clear()
        try await pass(1)
        return complaints
    }

    /// All fail at once: what had begun to fail before may still go down, and nothing else.
    private func blackout(_ chance: inout Chance) async throws -> [String] {
        let fault = [Fault.hang, .refuse, .deny].randomElement(using: &chance)
        try await set((0..<plan.backends).map { ($0, fault) })
        // Who had begun to fail before may need three more polls, each for the whole of its timeout, and places for them.
        try await Task.sleep(for: .seconds(max(2 * plan.unit, plan.interval + 5 * plan.timeout)))
        let before = try await downs()
        try await pass(2)
        let after = try await downs()
        return after == before
            ? [] : ["\(after - before) HOST-DOWNs while all backends failed (\(fault.map { "\($0)" } ?? ""))"]
    }

    func clear() async throws { try await set((0..<plan.backends).map { ($0, nil) }) }

    func set(_ faults: [(Int, Fault?)]) async throws {
        try await loop.submit { [fleet] in
            for (number, fault) in faults { fleet.value.set(fault, number) }
        }.get()
    }

    private func downs() async throws -> Int { try await loop.submit { [director] in director.value.downs }.get() }
}
