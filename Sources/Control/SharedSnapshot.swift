package import NIOCore

/// A snapshot and what is made of it, for all who ask at about the same time: however many they are, each text is made once.
///
/// It is half a second old at most, or as old as what is still being made of it: on a large site that takes its time, and
/// must not be begun anew while it does. Then it is let go: whatever changes while somebody holds it has to be copied.
package actor SharedSnapshot {
    private static let longestAge = Duration.milliseconds(500)

    private let take: @Sendable () async throws -> Snapshot
    private let now: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (Duration) async -> Void
    private var latest: (at: ContinuousClock.Instant, snapshot: Task<Snapshot, any Error>)?
    private var texts: [String: Task<ByteBuffer, any Error>] = [:]
    /// Snapshots so far, and what of the latest is being made.
    private var number = 0
    private var underWay = 0

    /// One that is taken like this, by this clock.
    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) },
        _ take: @escaping @Sendable () async throws -> Snapshot
    ) {
        self.now = now
        self.sleep = sleep
        self.take = take
    }

    /// The snapshot.
    package func snapshot() async throws -> Snapshot { try await current().value }

    /// What `make` makes of it, under a name that it alone has, and the tag of that.
    package func text(
        _ name: String, _ make: @escaping @Sendable (Snapshot) async throws -> ByteBuffer
    ) async throws -> (text: ByteBuffer, tag: String) {
        let snapshot = current()
        let text = texts[name] ?? begun { try await make(try await snapshot.value) }
        texts[name] = text
        return (try await text.value, try await snapshot.value.status.tag)
    }

    /// Whether there is one.
    var isHolding: Bool { latest != nil }

    /// Something has been ordered: the next who asks is to see it.
    package func forget() {
        number += 1
        underWay = 0
        latest = nil
        texts = [:]
    }

    private func current() -> Task<Snapshot, any Error> {
        if let latest, underWay > 0 || now() - latest.at < Self.longestAge { return latest.snapshot }
        forget()
        let task = begun(take)
        latest = (now(), task)
        return task
    }

    private func begun<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) -> Task<Result, any Error> {
        let number = number
        underWay += 1
        return Task {
            defer { ended(number) }
            return try await work()
        }
    }

    private func ended(_ number: Int) {
        guard self.number == number else { return }
        underWay -= 1
        guard underWay == 0 else { return }
        Task {
            await sleep(Self.longestAge)
            if self.number == number, underWay == 0 { forget() }
        }
    }
}
