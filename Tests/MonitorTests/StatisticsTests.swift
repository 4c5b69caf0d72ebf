import DirectorAdmin
import Monitor
import Site
import Testing

@Suite struct StatisticsTests {
    @Test("times fall in the first bucket that is not too small, and all have their place")
    func histogram() {
        var histogram = Histogram(bounds: [0.1, 1])
        for milliseconds in [0, 99, 100, 101, 1_000, 1_001, 900_000] { histogram.observe(.milliseconds(milliseconds)) }
        #expect(histogram.counts == [3, 2, 2])
        #expect(histogram.sum == .milliseconds(902_301))
        #expect(Statistics.phaseBounds == Statistics.phaseBounds.sorted())
        #expect(Statistics.latenessBounds == Statistics.latenessBounds.sorted())
    }

    @Test("polls are counted by protocol and end, whatever their port")
    func polls() {
        var statistics = Statistics()
        let good = PollReport(failure: nil, phases: [PhaseTime(.connect, .milliseconds(3))], duration: .milliseconds(3))
        statistics.pollEnded(Service(.imap, port: 143), good)
        statistics.pollEnded(Service(.imap, port: 993, tls: .implicit), good)
        for kind in FailureKind.allCases {
            statistics.pollEnded(
                Service(.lmtp, port: 24),
                PollReport(failure: PollFailure(phase: .connect, kind: kind, text: ""), phases: [], duration: .zero))
        }
        #expect(statistics.polls(.imap, .ok) == 2)
        #expect(statistics.polls(.lmtp, .ok) == 0)
        for kind in FailureKind.allCases {
            #expect(statistics.polls(.lmtp, .failed(kind)) == 1)
            #expect(statistics.polls(.imap, .failed(kind)) == 0)
        }
        #expect(statistics.times(.imap, .connect)?.counts.reduce(0, +) == 2)
        #expect(statistics.times(.imap, .login) == nil)
        #expect(Set(Statistics.PollResult.allCases.map(\.name)).count == FailureKind.allCases.count + 1)
    }

    @Test("replies become a few words, whatever the director says")
    func commands() {
        var statistics = Statistics()
        let replies: [CommandReply] = [
            .ok, .notFound, .tryAgainLater, .ringSyncTimedOut, .other("x"), .other("y"), .closed, .abandoned,
            .notSent("z"),
        ]
        for reply in replies { statistics.commandEnded(.hostDown, reply) }
        for reply in Statistics.Reply.allCases {
            #expect(statistics.commands(.hostDown, reply) == (reply == .other ? 2 : 1), "\(reply)")
            #expect(statistics.commands(.hostUp, reply) == 0)
        }
    }

    @Test("no poll is early")
    func lateness() {
        var statistics = Statistics()
        statistics.pollStarted(late: .milliseconds(-5))
        statistics.pollStarted(late: .seconds(90))
        #expect(statistics.lateness.counts.first == 1 && statistics.lateness.counts.last == 1)
        #expect(statistics.lateness.sum == .seconds(90))
    }
}
