import Site
import Testing

@testable import Probes

@Suite struct POP3VisitTests {
    private static func plan(removal: Removal = .no, delivers: Bool = false) -> PollPlan {
        var plan = PollPlan.pop3()
        plan.options = PollOptions(
            clientName: "mon.example", instance: "a1", imap: IMAPChecks(selects: delivers),
            pop3: POP3Checks(stats: true, removal: removal), lmtp: LMTPChecks(delivers: delivers))
        return plan
    }

    private static let loggedIn = ["+OK hi", "+OK", "+OK in"]
    private static let own = "mon.example/a1/1795000000/0000000000000001"
    private static let young = "mon.example/a1/1795231540/0000000000000001"
    private static let foreign = "other/a1/1795231540/0000000000000001"

    /// The server's answer to CAPA.
    private static let capabilities = ["+OK", "UIDL", "TOP", "."]

    /// The server's answers about a message of this size with this mark.
    private static func message(_ number: Int, _ mark: String, size: Int = 700) -> [String] {
        ["+OK \(number) \(size)", "+OK", "Subject: x", "X-Dovemon-Test: \(mark)", "", "."]
    }

    @Test func `the maildrop is looked at`() {
        let poll = rehearse(Self.plan(), Self.loggedIn + ["+OK 2 320", "+OK bye"])
        #expect(poll.said.dropFirst(2) == ["STAT\r\n", "QUIT\r\n"])
        #expect(poll.phases == "connect 2, greeting 1, login 2, command 1, logout 1")
        #expect(poll.report.failure == nil)
    }

    @Test(arguments: ["+OK", "+OK x", "+OK -1 5", "+OK 99999999999999999999 5"])
    func `a drop listing without a number is malformed`(line: String) {
        #expect(
            rehearse(Self.plan(), Self.loggedIn + [line]).report.failure
                == PollFailure(phase: .command, kind: .malformed, text: "not a drop listing: \(line)"))
    }

    @Test func `a refused STAT is a failure of the command`() {
        #expect(
            rehearse(Self.plan(), Self.loggedIn + ["-ERR [SYS/TEMP] later"]).report.failure
                == PollFailure(phase: .command, kind: .rejected, code: "SYS/TEMP", text: "STAT: later"))
    }

    @Test func `marked messages are deleted, and no others`() {
        let poll = rehearse(
            Self.plan(removal: .marked),
            Self.loggedIn + ["+OK 5 9999"] + Self.capabilities + Self.message(1, "") + Self.message(2, Self.own) + [
                "+OK 3 16385"
            ]
                + Self.message(4, Self.foreign) + Self.message(5, "other/a1/1795000000/0000000000000001")
                + ["+OK", "+OK", "+OK bye"])
        #expect(
            poll.said.dropFirst(2) == [
                "STAT\r\n", "CAPA\r\n", "LIST 1\r\n", "TOP 1 0\r\n", "LIST 2\r\n", "TOP 2 0\r\n", "LIST 3\r\n",
                "LIST 4\r\n",
                "TOP 4 0\r\n", "LIST 5\r\n", "TOP 5 0\r\n", "DELE 2\r\n", "DELE 5\r\n", "QUIT\r\n",
            ])
        #expect(poll.report.succeeded && poll.report.warnings.isEmpty)
    }

    @Test(arguments: [true, false])
    func `one's own young messages stay, for another poll may look for them`(delivers: Bool) {
        let poll = rehearse(
            Self.plan(removal: .marked, delivers: delivers),
            Self.loggedIn + ["+OK 1 700"] + Self.capabilities + Self.message(1, Self.young) + ["+OK bye"])
        #expect(poll.said.last == "QUIT\r\n")
        #expect(!poll.said.contains { $0.hasPrefix("DELE") })
    }

    @Test(arguments: [
        ["", "X-Dovemon-Test: \(own)"], ["X-Dovemon-Test: \(own)\0"],
        ["X-Dovemon-Test: \(own)", "X-Dovemon-Test: \(own)"],
        ["X-Dovemon-Test: \(own)", " folded"], ["..X-Dovemon-Test: \(own)"], ["+OK", "-ERR"], [". "],
        ["X-Dovemon-Test: " + String(repeating: "\0", count: 9_000)],
    ])
    func `what is not shown to bear a mark is left alone`(header: [String]) {
        let poll = rehearse(
            Self.plan(removal: .marked),
            (Self.loggedIn + ["+OK 1 700"] + Self.capabilities + ["+OK 1 700", "+OK"] + header + [".", "+OK bye"]).map {
                ArraySlice(Array($0.utf8) + crlf)
            })
        #expect(poll.said.suffix(2) == ["TOP 1 0\r\n", "QUIT\r\n"])
        #expect(poll.report.succeeded && poll.report.warnings.isEmpty)
    }

    @Test func `a large maildrop is looked at in part`() {
        let poll = rehearse(
            Self.plan(removal: .marked),
            Self.loggedIn + ["+OK 100 9"] + Self.capabilities + Array(repeating: "+OK 1 99999", count: 20) + ["+OK bye"]
        )
        #expect(
            poll.said.dropFirst(4).dropLast()
                == (Array(9...18) + Array(91...100)).map { "LIST \($0)\r\n" }[...])
        #expect(poll.report.succeeded && poll.report.warnings.isEmpty)
    }

    @Test(arguments: [["-ERR hunter2?"], ["+OK", "UIDL", "TOPS", "."], ["+OK", "."]])
    func `a server without the means to look is told, without its words`(lines: [String]) {
        let poll = rehearse(Self.plan(removal: .marked), Self.loggedIn + ["+OK 2 1400"] + lines + ["+OK bye"])
        #expect(poll.said.suffix(2) == ["CAPA\r\n", "QUIT\r\n"])
        #expect(poll.report.failure == nil)
        #expect(
            poll.report.warnings == [PollWarning(.notRemoved, "the server has no TOP: test messages stay in INBOX")])
    }

    @Test func `a message that others have removed meanwhile is no matter`() {
        let poll = rehearse(
            Self.plan(removal: .marked),
            Self.loggedIn + ["+OK 2 1400"] + Self.capabilities + ["+OK 1 700", "-ERR expunged"]
                + Self.message(2, Self.own) + [
                    "+OK", "+OK bye",
                ])
        #expect(poll.said.suffix(2) == ["DELE 2\r\n", "QUIT\r\n"])
        #expect(poll.report.succeeded && poll.report.warnings.isEmpty)
    }

    @Test(arguments: [[], ["-ERR [SYS/PERM] no"], ["garbage"]])
    func `a deletion that is not confirmed is told`(goodbye: [String]) {
        let poll = rehearse(
            Self.plan(removal: .marked),
            Self.loggedIn + ["+OK 1 700"] + Self.capabilities + Self.message(1, Self.own) + ["+OK"] + goodbye)
        #expect(poll.report.succeeded)
        #expect(poll.report.warnings == [PollWarning(.notRemoved, "the deletion of 1 messages was not confirmed")])
    }

    @Test func `a refused DELE is a failure of the command`() {
        let poll = rehearse(
            Self.plan(removal: .marked),
            Self.loggedIn + ["+OK 1 700"] + Self.capabilities + Self.message(1, Self.own) + ["-ERR no"])
        #expect(poll.report.failure == PollFailure(phase: .command, kind: .rejected, text: "DELE: no"))
    }

    @Test func `all messages go where that is asked for`() {
        let poll = rehearse(
            Self.plan(removal: .all), Self.loggedIn + ["+OK 2 320", "+OK", "+OK", "+OK bye"])
        #expect(poll.said.dropFirst(2) == ["STAT\r\n", "DELE 1\r\n", "DELE 2\r\n", "QUIT\r\n"])
        #expect(poll.report.succeeded && poll.report.warnings.isEmpty)
    }

    @Test func `an empty maildrop has nothing to delete`() {
        for removal in [Removal.all, .marked] {
            let poll = rehearse(Self.plan(removal: removal), Self.loggedIn + ["+OK 0 0", "+OK bye"])
            #expect(poll.said.dropFirst(2) == ["STAT\r\n", "QUIT\r\n"])
            #expect(poll.report.succeeded && poll.report.warnings.isEmpty)
        }
    }

    @Test func `a boundless maildrop is emptied over several polls`() {
        let lines = Self.loggedIn + ["+OK 4294967295 9"] + Array(repeating: "+OK", count: 1_001)
        let poll = rehearse(Self.plan(removal: .all), lines.map { ArraySlice(Array($0.utf8) + crlf) })
        #expect(poll.said.count == 3 + 1_000 + 1)
        #expect(
            poll.report.warnings == [
                PollWarning(.notRemoved, "1000 messages were deleted, 4294966295 are left to the next polls")
            ])
    }
}
