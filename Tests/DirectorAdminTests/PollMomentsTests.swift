import Site
import Testing

@testable import DirectorAdmin

/// Whose failure a poll's is, by those that were started next to it.
@Suite struct PollMomentsTests {
    private static let poll = Instant.origin + .seconds(100)
    private var moments = PollMoments()

    /// So many polls are started at that time, so many milliseconds from the one that is judged, and end.
    private mutating func polls(at milliseconds: Int, good: Int = 0, failed: Int = 0, failedAgain: Int = 0) {
        let time = Self.poll + .milliseconds(milliseconds)
        for _ in 0..<good { moments.succeeded(startedAt: time) }
        for _ in 0..<failed { moments.failed(startedAt: time, again: false) }
        for _ in 0..<failedAgain { moments.failed(startedAt: time, again: true) }
    }

    private var verdict: PollMoments.Verdict {
        var verdicts = PollMoments.Verdicts(moments)
        return verdicts.verdict(Self.poll)
    }

    @Test(arguments: [-1, 0, 1])
    mutating func `sixteen that fail, with none that succeeds, show that all do`(side: Int) {
        for distance in 0...10 {
            polls(at: -10 * distance - 10, good: side == -1 ? 0 : 5, failed: 5)
            polls(at: 10 * distance + 10, good: side == 1 ? 0 : 5, failed: 5)
        }
        if side == 0 { polls(at: 0, failed: 16) }
        #expect(verdict == .everybodys)
    }

    @Test mutating func `where all have failed before, it is those that show it`() {
        for distance in -15...15 { polls(at: 10 * distance, failedAgain: 4) }
        #expect(verdict == .everybodys)
        polls(at: 20, good: 1)
        polls(at: -20, good: 1)
        #expect(verdict == .own)
    }
}
