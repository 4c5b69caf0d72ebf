import Site
import Testing
import Transport

@testable import Probes

@Suite struct IMAPGoodbyeTests {
    private static let whole = [
        "* OK hi", "* CAPABILITY IMAP4rev1", "d1 OK", "d2 OK in", "* LIST () NIL INBOX", "d3 OK listed", "* BYE",
        "d4 OK bye",
    ]

    @Test(
        arguments: [
            (0, .greeting), (1, .greeting), (2, .greeting), (3, .login), (4, .command), (5, .command),
        ] as [(Int, Phase)])
    func `a server that closes before the goodbye fails in that phase`(count: Int, phase: Phase) {
        let poll = rehearse(.imap(), Array(Self.whole.prefix(count)))
        #expect(
            poll.report.failure == PollFailure(phase: phase, kind: .closed, text: "connection closed by the peer"))
        #expect(poll.report.phases.last?.phase == phase)
    }

    @Test(arguments: [6, 7])
    func `a server that closes in place of its goodbye has done well`(count: Int) {
        let poll = rehearse(.imap(), Array(Self.whole.prefix(count)))
        #expect(poll.report.failure == nil)
        #expect(poll.report.phases.map(\.phase) == [.connect, .greeting, .login, .command, .logout])
    }

    @Test(arguments: [.deadline, .oversized("much"), .tls("alert"), .closed("reset"), .cancelled] as [Interruption])
    func `no way of losing the goodbye is a failure`(end: Interruption) {
        #expect(rehearse(.imap(), Array(Self.whole.prefix(6)), then: end).report.succeeded)
    }

    @Test(arguments: [
        "d4 NO no", "d4 BAD what", "d4 OK", "d9 OK", "", "garbage", "* BYE", "* NO", "+ ", "* X {99999999999}",
        "d4 PREAUTH", "\0",
    ])
    func `nothing that follows the success can spoil it`(line: String) {
        #expect(rehearse(.imap(), Self.whole.prefix(6) + [line]).report.succeeded)
    }

    @Test func `a line that is cut off by the end is none`() {
        let transcript = Self.whole.prefix(3).flatMap { Array($0.utf8) + crlf } + Array("d2 NO half a li".utf8)
        #expect(
            rehearse(.imap(), transcript).report.failure
                == PollFailure(phase: .login, kind: .closed, text: "connection closed by the peer"))
    }

    @Test func `without LIST the goodbye follows the login`() {
        let poll = rehearse(.imap(list: false), ["* OK [CAPABILITY IMAP4rev1]", "d1 OK in", "* BYE", "d2 OK"])
        #expect(poll.said == ["d1 LOGIN \"joe\" \"hunter2\"\r\n", "d2 LOGOUT\r\n"])
        #expect(poll.phases == "connect 2, greeting 1, login 1, logout 2")
    }

    @Test func `what is left of the transcript after the goodbye is not read`() {
        #expect(rehearse(.imap(), Self.whole + ["* BYE", "d1 NO", "\0"]).phases.hasSuffix("logout 2"))
    }
}
