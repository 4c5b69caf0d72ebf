import Site
import Testing
import Transport

@testable import Probes

@Suite struct PollTests {
    private func poll(_ tls: TLSMode) -> Poll<LMTPDialogue> {
        var plan = PollPlan.lmtp()
        plan.service = Service(.lmtp, port: 24, tls: tls)
        return Poll(LMTPDialogue(plan, .test), plan: plan, startedAt: at(100), date: 0)
    }

    private func at(_ milliseconds: Int) -> Instant { .origin + .milliseconds(milliseconds) }

    private static let interruptions: [(Interruption, FailureKind, String)] = [
        (.refused("no"), .refused, "no"), (.unreachable("no way"), .unreachable, "no way"),
        (.local("no descriptors"), .local, "no descriptors"), (.closed("reset"), .closed, "reset"),
        (.tls("garbage"), .tls, "garbage"), (.injected("clear"), .tls, "clear"),
        (.certificate("expired"), .certificate, "expired"), (.oversized("much"), .oversized, "much"),
        (.deadline, .timeout, "no answer in time"), (.cancelled, .local, "the poll was given up"),
    ]

    @Test(arguments: interruptions)
    func `what cuts a poll short is told by its kind`(by cut: Interruption, kind: FailureKind, text: String) {
        var poll = poll(.none)
        #expect(
            poll.interrupted(by: cut, at: at(107))
                == PollReport(
                    failure: PollFailure(phase: .connect, kind: kind, text: text),
                    phases: [PhaseTime(.connect, .milliseconds(7))], duration: .milliseconds(7)))
    }

    @Test func `after a stall of this process a failure says nothing, and a success what it says`() {
        func report(_ kind: FailureKind?) -> PollReport {
            let failure = kind.map { PollFailure(phase: .login, kind: $0, code: "X", text: "no") }
            return PollReport(
                failure: failure, phases: [PhaseTime(.connect, .seconds(2))], duration: .seconds(2),
                transcript: Transcript(beginning: []))
        }
        func after(_ kind: FailureKind?) -> PollReport { poll(.none).outcome(report(kind), afterStallOf: .seconds(1)) }
        for kind in FailureKind.allCases where kind != .local {
            let text = "this process was stopped or starved for some 1000 ms, then: \(kind.rawValue)"
            #expect(after(kind).failure == PollFailure(phase: .login, kind: .local, text: text))
            #expect(after(kind).transcript != nil && after(kind).phases == report(kind).phases)
        }
        #expect(after(.local) == report(.local))
        #expect(after(nil) == report(nil))
    }

    @Test func `until a plain connection is ready it is being made`() {
        var poll = poll(.none)
        poll.connected(at: at(103))
        #expect(poll.interrupted(by: .deadline, at: at(110)).failure?.phase == .connect)
    }

    @Test func `once a connection is made, TLS is negotiated`() {
        var poll = poll(.implicit)
        poll.connected(at: at(103))
        let report = poll.interrupted(by: .tls("no shared cipher"), at: at(110))
        #expect(report.failure == PollFailure(phase: .tls, kind: .tls, text: "no shared cipher"))
        #expect(report.phases == [PhaseTime(.connect, .milliseconds(3)), PhaseTime(.tls, .milliseconds(7))])
    }

    @Test func `every phase has its time, and the whole is their sum`() {
        var poll = poll(.implicit)
        poll.connected(at: at(103))
        #expect(poll.opened(at: at(110)) == .wait)
        #expect(
            poll.lineReceived(ArraySlice("220 hi".utf8), at: at(121)) == .send(Array("LHLO monitor.example\r\n".utf8)))
        #expect(poll.lineReceived(ArraySlice("250-a".utf8), at: at(130)) == .wait)
        #expect(poll.lineReceived(ArraySlice("250 b".utf8), at: at(134)) == .send(Array("QUIT\r\n".utf8)))
        #expect(poll.lineReceived(ArraySlice("221".utf8), at: at(151)) == .part)
        let times: [(Phase, Int)] = [(.connect, 3), (.tls, 7), (.greeting, 11), (.command, 13), (.logout, 17)]
        #expect(
            poll.concluded(at: at(151))
                == PollReport(
                    failure: nil, phases: times.map { PhaseTime($0.0, .milliseconds($0.1)) },
                    duration: .milliseconds(51)))
    }

    @Test func `the system's words are one line too`() {
        var poll = poll(.none)
        #expect(poll.interrupted(by: .local("a\nb"), at: at(101)).failure?.text == "a\\nb")
    }

    @Test func `an oversized line fails in its phase`() {
        let flood = Array(repeating: UInt8(ascii: "x"), count: Limits.poll.line + 2)
        let poll = rehearse(.lmtp(), [ArraySlice("220 hi\r\n".utf8), flood[...]])
        #expect(poll.report.failure == PollFailure(phase: .command, kind: .oversized, text: "a long line"))
    }

    @Test func `a line of exactly the limit is read`() {
        let line = "220 " + String(repeating: "x", count: Limits.poll.line - 4) + "\r\n250 mx\r\n221 bye\r\n"
        #expect(rehearse(.lmtp(), [ArraySlice(line.utf8)]).report.succeeded)
    }
}
