import Site
import Testing

@testable import Probes

@Suite struct LMTPDialogueTests {
    @Test(arguments: [
        ["220 mx LMTP ready", "250 mx", "221 2.0.0 Bye"],
        ["220-mx", "220-welcome", "220 ready", "250-mx", "250-8BITMIME", "250 PIPELINING", "221-good", "221 bye"],
        ["220", "250", "221"],
        ["220-", "220 ", "250-", "250", "221"],
        ["220-\0", "220 äöü", "250-250 ok", "250 -", "221"],
    ])
    func `a poll greets, says LHLO and quits`(lines: [String]) {
        let poll = rehearse(.lmtp(), lines)
        #expect(poll.said == ["LHLO monitor.example\r\n", "QUIT\r\n"])
        #expect(poll.report.failure == nil)
        #expect(poll.report.phases.map(\.phase) == [.connect, .greeting, .command, .logout])
    }

    @Test func `each phase takes until its reply ends`() {
        let poll = rehearse(.lmtp(), ["220-a", "220 b", "250-a", "250-b", "250 c", "221 bye"])
        #expect(poll.phases == "connect 2, greeting 2, command 3, logout 1")
    }

    @Test(arguments: [
        ("421 4.3.2 Shutting down", "421", "4.3.2 Shutting down"), ("450 later", "450", "later"),
        ("554 5.3.2 no", "554", "5.3.2 no"), ("500", "500", ""), ("535 ", "535", ""), ("354 go on", "354", "go on"),
    ])
    func `a refusal keeps its code, wherever it comes`(line: String, code: String, text: String) {
        for (before, phase) in [([], Phase.greeting), (["220 hi"], .command)] {
            #expect(
                rehearse(.lmtp(), before + [line]).report.failure
                    == PollFailure(phase: phase, kind: .rejected, code: code, text: text))
        }
    }

    @Test func `a refusal of several lines keeps its last`() {
        #expect(
            rehearse(.lmtp(), ["554-No SMTP", "554-service", "554 here"]).report.failure
                == PollFailure(phase: .greeting, kind: .rejected, code: "554", text: "here"))
    }

    @Test(arguments: [["250-a", "220 b"], ["250-a", "421 4.3.2 down"], ["250-a", "25"], ["250-a", ""]])
    func `a code that changes within a reply is malformed`(lines: [String]) {
        #expect(
            rehearse(.lmtp(), ["220 hi"] + lines).report.failure
                == PollFailure(phase: .command, kind: .malformed, text: "not an LMTP reply: \(lines[1])"))
    }

    @Test(arguments: [
        "", " ", "2", "22", "22 hi", "2200 hi", "220hi", "220\thi", "220_", " 220 hi", "120 hi", "020 hi", "620 hi",
        "920 hi", "2x0 hi", "٢٢٠ hi", "+OK hi", "* OK hi", "-20 hi", "\0", "220\0",
    ])
    func `a line that is no reply is malformed, wherever it comes`(line: String) {
        for (before, phase) in [([], Phase.greeting), (["220-hi"], .greeting), (["220 hi"], .command)] {
            #expect(
                rehearse(.lmtp(), before + [line]).report.failure
                    == PollFailure(phase: phase, kind: .malformed, text: printable("not an LMTP reply: \(line)")))
        }
    }

    @Test func `an account makes no difference`() {
        let lines = ["220 hi", "250 mx", "221 bye"]
        #expect(rehearse(.lmtp(nil), lines) == rehearse(.lmtp(), lines))
    }

    @Test(
        arguments: [
            ([], .greeting), (["220-hi"], .greeting), (["220 hi"], .command), (["220 hi", "250-mx"], .command),
        ] as [([String], Phase)])
    func `a server that closes before the goodbye fails in that phase`(lines: [String], phase: Phase) {
        #expect(
            rehearse(.lmtp(), lines).report.failure
                == PollFailure(phase: phase, kind: .closed, text: "connection closed by the peer"))
    }

    @Test(arguments: [[], ["421 down"], ["garbage"], ["221-bye"], ["221-a", "421 b"], [""]])
    func `nothing that follows the success can spoil it`(lines: [String]) {
        #expect(rehearse(.lmtp(), ["220 hi", "250 mx"] + lines).report.succeeded)
    }
}
