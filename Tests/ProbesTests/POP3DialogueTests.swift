import Site
import Testing
import Transport

@testable import Probes

@Suite struct POP3DialogueTests {
    @Test func `a poll greets, logs in and quits`() {
        let poll = rehearse(.pop3(), ["+OK ready <1.2@host>", "+OK", "+OK Logged in.", "+OK Bye"])
        #expect(poll.said == ["USER joe\r\n", "PASS hunter2\r\n", "QUIT\r\n"])
        #expect(poll.report.failure == nil)
        #expect(poll.phases == "connect 2, greeting 1, login 2, logout 1")
        #expect(poll.report.duration == .milliseconds(6))
    }

    @Test(arguments: ["two words", "", " ", "quo\"te", "back\\slash", "pässwört", "{5}"])
    func `user name and password go as they are`(text: String) {
        let poll = rehearse(.pop3(Account(text, text)), ["+OK", "+OK", "+OK", "+OK"])
        #expect(poll.said == ["USER \(text)\r\n", "PASS \(text)\r\n", "QUIT\r\n"])
        #expect(poll.report.succeeded)
    }

    @Test(
        arguments: [
            ("-ERR [AUTH] Authentication failed.", "AUTH", "Authentication failed."),
            ("-ERR [SYS/TEMP] Temporary internal failure", "SYS/TEMP", "Temporary internal failure"),
            ("-ERR [SYS/PERM] Broken", "SYS/PERM", "Broken"), ("-ERR [IN-USE] Locked", "IN-USE", "Locked"),
            (
                "-ERR [LOGIN-DELAY] minimum time between mail checks violation", "LOGIN-DELAY",
                "minimum time between mail checks violation"
            ),
            ("-ERR", nil, ""), ("-ERR ", nil, ""), ("-ERR no", nil, "no"), ("-err [auth] no", "auth", "no"),
            ("-ERR no [AUTH]", nil, "no [AUTH]"), ("-ERR [open", nil, "[open"), ("-ERR []", "", ""),
        ] as [(String, String?, String)])
    func `a refusal keeps its code, wherever it comes`(line: String, code: String?, text: String) {
        for (place, phase) in [(0, Phase.greeting), (1, .login), (2, .login)] {
            let poll = rehearse(.pop3(), Array(repeating: "+OK", count: place) + [line])
            #expect(
                poll.report.failure == PollFailure(phase: phase, kind: .rejected, code: code, text: text))
            #expect(poll.report.phases.last?.phase == phase)
        }
    }

    @Test(arguments: [
        "", " ", "OK", "+", "+OK.", "+OKAY", "-", "-ERROR", "* OK ready", "220 hi", " +OK", "+ OK", "\0+OK", ".",
        "-ERR[AUTH] no", "+OK\tready",
    ])
    func `a line that is no reply is malformed, wherever it comes`(line: String) {
        for (place, phase) in [(0, Phase.greeting), (1, .login), (2, .login)] {
            let poll = rehearse(.pop3(), Array(repeating: "+OK", count: place) + [line])
            #expect(
                poll.report.failure
                    == PollFailure(phase: phase, kind: .malformed, text: printable("not a POP3 reply: \(line)")))
        }
    }

    @Test func `case does not matter`() {
        #expect(rehearse(.pop3(), ["+ok hi", "+Ok", "+oK", "+ok"]).report.succeeded)
    }

    @Test func `without an account the capabilities are looked at`() {
        let poll = rehearse(
            .pop3(nil), ["+OK hi", "+OK list follows", "TOP", "SASL PLAIN", "-ERR", "", "..", "\0", ".", "+OK bye"])
        #expect(poll.said == ["CAPA\r\n", "QUIT\r\n"])
        #expect(poll.report.succeeded)
        #expect(poll.phases == "connect 2, greeting 9, logout 1")
    }

    @Test func `a server without CAPA is well all the same`() {
        let poll = rehearse(.pop3(nil), ["+OK hi", "-ERR Unknown command: CAPA", "+OK bye"])
        #expect(poll.said == ["CAPA\r\n", "QUIT\r\n"])
        #expect(poll.report.succeeded)
        #expect(poll.phases == "connect 2, greeting 2, logout 1")
    }

    @Test func `garbage in reply to CAPA is malformed`() {
        #expect(
            rehearse(.pop3(nil), ["+OK hi", "TOP"]).report.failure
                == PollFailure(phase: .greeting, kind: .malformed, text: "not a POP3 reply: TOP"))
    }

    @Test(arguments: [(0, .greeting), (1, .login), (2, .login)] as [(Int, Phase)])
    func `a server that closes before the goodbye fails in that phase`(count: Int, phase: Phase) {
        #expect(
            rehearse(.pop3(), Array(repeating: "+OK", count: count)).report.failure
                == PollFailure(phase: phase, kind: .closed, text: "connection closed by the peer"))
    }

    @Test(arguments: [1, 2, 3])
    func `a server that closes amid its capabilities fails`(count: Int) {
        let lines = ["+OK hi", "+OK list follows", "TOP"].prefix(count)
        #expect(rehearse(.pop3(nil), Array(lines)).report.failure?.phase == .greeting)
    }

    @Test(arguments: [[], ["-ERR no"], ["garbage"], [""], ["+OK", "-ERR"]])
    func `nothing that follows the success can spoil it`(lines: [String]) {
        #expect(rehearse(.pop3(), ["+OK", "+OK", "+OK"] + lines).report.succeeded)
    }
}
