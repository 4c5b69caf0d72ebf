import Dispatch

/// Looks again and again until `condition` holds, and returns how long that took.
///
/// An error that `condition` throws means "not yet": a director that restarts refuses to answer for a moment. The last
/// one is told when the time is over.
/// - Throws: `LabError.timedOut` with `what` when `limit` is over.
@discardableResult
package func waitUntil(
    _ what: String, within limit: Duration, every pause: Duration = .milliseconds(20),
    isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
) async throws -> Duration {
    let clock = ContinuousClock()
    let start = clock.now
    while true {
        var obstacle = ""
        do {
            if try await condition() { return clock.now - start }
        } catch let error as CancellationError {
            throw error
        } catch {
            obstacle = " (\(error))"
        }
        guard clock.now - start < limit else { throw LabError.timedOut("waiting for \(what)\(obstacle)") }
        try await clock.sleep(for: pause)
    }
}

/// Runs blocking work on a thread of its own, so that it holds up none of the few that run Swift's tasks.
func offPool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result(catching: work)) }
    }
}
