import Monitor
import Probes
import Site
import Testing

/// What SIGHUP tells of the last rounds.
@Suite struct RecentRoundsTests {
    private func report(_ tenths: Int, _ failure: PollFailure? = nil) -> PollReport {
        PollReport(failure: failure, phases: [], duration: .microseconds(tenths * 100))
    }

    private func rounds(_ rounds: [PollReport]...) -> RecentRounds {
        var recent = RecentRounds()
        for round in rounds {
            recent.roundStarted()
            for report in round { recent.pollEnded(report) }
            recent.roundEnded()
        }
        return recent
    }

    @Test func aRoundTakesAsLongAsItsSlowestPoll() {
        #expect(rounds([report(123), report(5)], [report(110)], []).text == "12.3ms 11.0ms 0.0ms")
        #expect(RecentRounds().text == "none")
    }

    @Test func oneFailedPollMakesARoundFail() {
        #expect(rounds([report(1), report(2, refused), report(3, local)], [report(1)]).text == "failed 0.1ms")
        #expect(rounds([report(1), report(2, local)]).text == "unknown")
        let relay = PollFailure(phase: .login, kind: .relay, text: "451")
        #expect(rounds([report(1), report(2, relay)]).text == "0.2ms")
    }

    @Test func theLastTenAreRemembered() {
        var recent = RecentRounds()
        for tenths in 1...12 {
            recent.roundStarted()
            recent.pollEnded(report(tenths))
            recent.roundEnded()
        }
        #expect(recent.text == "0.3ms 0.4ms 0.5ms 0.6ms 0.7ms 0.8ms 0.9ms 1.0ms 1.1ms 1.2ms")
    }

    @Test func theMonitorKnowsThoseOfEachBackend() throws {
        var watch = Watch(.polling(imap, pop3), row(2), row(1))
        watch.run(to: 15)
        watch.faults = [row(2).address: [pop3: refused]]
        watch.run(to: 25)
        let told = watch.machine.recentRounds.map { LogLine(backend: $0.backend, rounds: $0.rounds) }
        #expect(
            told.map(\.text) == [
                #"backend=10.0.0.1 rounds="5.0ms 5.0ms""#, #"backend=10.0.0.2 rounds="5.0ms failed""#,
            ])
        #expect(told.allSatisfy { $0.isChange && $0.level == .info })
    }
}
