import Site
import Testing

@testable import Monitor

/// What is remembered of a backend's last 24 hours.
@Suite struct BackendHistoryTests {
    private let step = BackendHistory.step

    private func at(_ steps: Double) -> Instant { .origin + .seconds(1) + step * Int(steps * 10) / 10 }

    @Test func `a step shows the gravest that happened in it, and the next one begins with what was last`() {
        var history = BackendHistory()
        history.note(.unknown, at: at(0))
        history.note(.down, at: at(0.2))
        history.note(.up, at: at(0.4))
        #expect(history.steps(at: at(0.5)).letters == "d")
        #expect(history.steps(at: at(2)).letters == "duu")
        history.note(.failing, at: at(3))
        #expect(history.steps(at: at(3)).letters == "duuf")
    }

    @Test func `no more than 24 hours are remembered, however long nothing happens`() {
        var history = BackendHistory()
        history.note(.down, at: at(0))
        history.note(.up, at: at(1))
        for number in 2..<400 { history.note(.up, at: at(Double(number))) }
        #expect(history.steps(at: at(399)).letters == String(repeating: "u", count: 288))
        history.note(.down, at: at(1_000_000))
        let steps = history.steps(at: at(1_000_000))
        #expect(steps.letters == String(repeating: "u", count: 287) + "d")
        #expect(steps.medians.count == 288)
    }

    @Test func `a step has the median of its polls, to three percent`() throws {
        var history = BackendHistory()
        for milliseconds in [1, 20, 30, 40, 5_000] {
            history.note(.up, latency: .milliseconds(milliseconds), at: at(0))
        }
        history.note(.up, at: at(1))
        let medians = history.steps(at: at(2)).medians
        #expect(medians.count == 3)
        let first = try #require(medians[0])
        #expect(abs(first.inMilliseconds - 30) < 1)
        #expect(medians[1] == nil && medians[2] == nil)
    }

    @Test func `the latency is that of the last hour`() throws {
        var history = BackendHistory()
        #expect(history.latency(at: at(0)) == nil)
        for number in 1...200 {
            history.note(.up, latency: .milliseconds(number == 77 ? 900 : 10), at: at(Double(number) / 30))
        }
        let latency = try #require(history.latency(at: at(7)))
        #expect(abs(latency.median.inMilliseconds - 10) < 0.4)
        #expect(abs(latency.p99.inMilliseconds - 10) < 0.4)
        for _ in 0..<4 { history.note(.up, latency: .milliseconds(900), at: at(7)) }
        #expect(try #require(history.latency(at: at(7))).p99.inMilliseconds > 800)
        // What is older than an hour is past, also where no poll has been since.
        #expect(history.latency(at: at(18.5)) != nil)
        #expect(history.latency(at: at(19)) == nil)
    }

    @Test func `of a step with thousands of polls a fair share is remembered`() throws {
        var history = BackendHistory()
        for number in 0..<3_000 { history.note(.up, latency: .milliseconds(number < 1_500 ? 10 : 100), at: at(0)) }
        #expect(MemoryLayout.size(ofValue: history) < 100)
        let latency = try #require(history.latency(at: at(0)))
        #expect(latency.p99.inMilliseconds > 90)
        for _ in 0..<1_000 { history.note(.up, latency: .milliseconds(10), at: at(0)) }
        #expect(try #require(history.latency(at: at(0))).median.inMilliseconds < 20)
    }

    @Test(arguments: [Duration.zero, .nanoseconds(-5), .seconds(1_000_000_000), .nanoseconds(Int64.max)])
    func `no time is too short or too long`(latency: Duration) {
        var history = BackendHistory()
        history.note(.up, latency: latency, at: .distantFuture)
        history.note(.up, latency: latency, at: .origin)
        #expect(history.latency(at: .distantFuture) != nil)
    }
}
