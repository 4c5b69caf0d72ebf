import RingLab
import Testing

/// The tests against a real ring. They run one after the other, for each changes a ring.
@Suite(.serialized, .enabled(if: Ring.unavailableReason == nil, "\(Ring.unavailableReason ?? "")"))
enum RealRing {}

/// A ring for one test, removed when the test ends.
func withRing(directors: Int = 3, backends: Int = 4, _ body: (Ring) async throws -> Void) async throws {
    let ring = try await Ring.start(directors: directors, backends: backends)
    defer { ring.stop() }
    try await body(ring)
}
