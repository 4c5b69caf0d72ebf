import Site
import Testing

@testable import Monitor

/// What is remembered of failed polls, and when it is told.
@Suite struct FailedPollsTests {
    private func report(_ text: String, kind: FailureKind = .timeout) -> PollReport {
        let lines = [
            Transcript.Line(at: .microseconds(200), .event, "connected"),
            Transcript.Line(at: .milliseconds(1), .received, "* OK ready"),
            Transcript.Line(at: .milliseconds(2), .sent, "d1 LOGIN \"joe\" \"[password]\""),
            Transcript.Line(at: .seconds(3), .event, text),
        ]
        return PollReport(
            failure: PollFailure(phase: .login, kind: kind, text: text), phases: [], duration: .seconds(3),
            transcript: Transcript(beginning: lines[...]))
    }

    private func recalled(_ events: [MonitorEvent]) -> [(text: String?, ago: Duration)] {
        events.compactMap { event in
            guard case .failedPollRecalled(_, let poll, let ago) = event else { return nil }
            return (poll.transcript?.end.last?.text ?? poll.transcript?.beginning.last?.text, ago)
        }
    }

    @Test func `the last three are kept, the oldest first`() {
        var polls = FailedPolls()
        for number in 1...5 {
            polls.pollEnded(imap, report("\(number)"), at: .origin + .seconds(number))
        }
        let told = recalled(polls.events("10.0.0.1", at: .origin + .seconds(10)))
        #expect(told.map(\.text) == ["3", "4", "5"])
        #expect(told.map(\.ago) == [.seconds(7), .seconds(6), .seconds(5)])
    }

    @Test func `only what counts against the backend is kept`() {
        var polls = FailedPolls()
        polls.pollEnded(imap, Watch.report(nil), at: .origin)
        polls.pollEnded(imap, report("own", kind: .local), at: .origin)
        polls.pollEnded(imap, report("relay", kind: .relay), at: .origin)
        #expect(polls.events("10.0.0.1", at: .origin).isEmpty)
    }

    @Test func `a transcript is kept within its bounds`() {
        let lines = (0..<30).map { Transcript.Line(at: .seconds($0), .received, String(repeating: "x", count: 200)) }
        var polls = FailedPolls()
        polls.pollEnded(
            imap,
            PollReport(
                failure: refused, phases: [], duration: .zero, transcript: Transcript(beginning: lines[...])),
            at: .origin)
        guard case .failedPollRecalled(_, let poll, _) = polls.events("", at: .origin).first,
            let kept = poll.transcript
        else {
            Issue.record("none")
            return
        }
        #expect((kept.beginning + kept.end).reduce(0) { $0 + $1.text.utf8.count } <= FailedPolls.transcriptSize)
        #expect(kept.omitted == 20)
    }

    @Test func `they are told with the alert, once, and in lines at debug level`() {
        var watch = Watch(.polling(imap), row(1))
        watch.faults = [row(1).address: [imap: refused]]
        watch.run(to: 15)
        #expect(watch.recalled.isEmpty)
        watch.run(to: 60)
        let told = watch.recalled.map { LogLine($0) }
        #expect(told.allSatisfy { $0.level == .debug && !$0.isChange })
        let poll = "backend=10.0.0.1 protocol=imap port=143 poll=recalled"
        #expect(
            told.map(\.text)
                == ["20.0", "10.0", "0.0"].map { "\(poll) ago=\($0)s phase=connect kind=refused transcript=none" })
    }

    @Test func `a transcript is one line of the log`() {
        var polls = FailedPolls()
        polls.pollEnded(imap, report("timeout no answer in time"), at: .origin)
        let event = polls.events("10.0.0.1", at: .origin + .seconds(4))[0]
        #expect(
            LogLine(event).text
                == "backend=10.0.0.1 protocol=imap port=143 poll=recalled ago=4.0s phase=login kind=timeout "
                + #"transcript="0.2ms connected | 1.0ms < * OK ready | 2.0ms > d1 LOGIN \"joe\" \"[password]\" | "#
                + #"3000.0ms timeout no answer in time""#)
    }

    @Test func `waiting polls are a warning`() {
        func line(_ lack: PollsWaiting.Lack) -> LogLine {
            LogLine(.pollsWaiting(PollsWaiting(count: 120, doubtful: 80, longest: .seconds(2), lack: lack)))
        }
        let full = line(.places(960))
        #expect(full.level == .warning && !full.isChange)
        #expect(full.text.hasPrefix("polls=waiting waiting=120 doubtful=80 longest=2.0s places=960 note=\"more polls"))
        let slow = line(.time)
        #expect(slow.text.hasPrefix("polls=waiting waiting=120 doubtful=80 longest=2.0s note=\"more polls are"))
    }
}
