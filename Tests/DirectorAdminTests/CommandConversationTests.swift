import Site
import Testing
import Transport

@testable import DirectorAdmin

private let version = "VERSION\tdirector-doveadm\t1\t0\n"
private let command = DirectorCommand(.hostDown, row(1))

private func send(_ text: String, then end: Interruption? = nil) -> Fed<CommandReply>? {
    feedInAllWays(CommandConversation(command), text, then: end)
}

@Suite struct CommandConversationTests {
    @Test(arguments: [
        ("OK", CommandReply.ok), ("NOTFOUND", .notFound), ("NOTFOUND\t10.0.0.1", .notFound),
        ("host is already being updated - try again later", .tryAgainLater), ("try again later", .tryAgainLater),
        ("Ring sync timed out", .ringSyncTimedOut), ("Ring sync timed out\textra", .ringSyncTimedOut),
        ("", .other("")), ("ok", .other("ok")), ("OK ", .other("OK ")), ("OKAY", .other("OKAY")),
        ("Something new", .other("Something new")), ("try again later!", .other("try again later!")),
    ])
    func eachReplyIsTold(line: String, reply: CommandReply) {
        let expected = Fed(sent: version + "HOST-DOWN\t10.0.0.1\n", outcome: reply)
        #expect(send(version + line + "\n") == expected)
        #expect(send(version + line + "\r\n") == expected)
    }

    @Test func nothingIsSentBeforeTheDirectorHasGreeted() {
        #expect(send("") == Fed(sent: version, outcome: nil))
    }

    @Test func oneCommandGoesOutAndNothingAfterIt() {
        let fed = send(version + "OK\nOK\n" + version + "more\n")
        #expect(fed == Fed(sent: version + "HOST-DOWN\t10.0.0.1\n", outcome: .ok))
    }

    @Test func aReplyThatIsNotUTF8IsNoTrap() {
        let bytes = Array(version.utf8) + [0xff, 0x00, 0x0a]
        #expect(feed(CommandConversation(command), [bytes[...]], then: nil).outcome == .other("\u{fffd}\0"))
    }

    @Test(arguments: [
        "VERSION\tdirector-doveadm\t2\t0\n", "VERSION\tauth\t1\t0\n", "OK\n", "\n",
    ])
    func toAStrangerNothingIsSent(greeting: String) throws {
        let fed = try #require(send(greeting + "OK\n"))
        #expect(fed.sent == version)
        guard case .notSent = fed.outcome else {
            Issue.record("\(String(describing: fed.outcome))")
            return
        }
    }

    @Test(arguments: [
        (Interruption.refused("no socket"), "no socket"), (.local("no descriptors"), "no descriptors"),
        (.closed("closed"), "closed"), (.deadline, "no answer in time"), (.cancelled, "given up"),
        (.unreachable("gone"), "gone"), (.tls("odd"), "odd"), (.oversized("too long"), "too long"),
    ])
    func whatEndsBeforeTheGreetingWasNotSent(end: Interruption, text: String) {
        #expect(send("", then: end) == Fed(sent: version, outcome: .notSent(text)))
        #expect(send("VERSION\tdirector", then: end)?.outcome == .notSent(text))
    }

    @Test(arguments: [
        (Interruption.closed("closed"), CommandReply.closed), (.local("odd"), .closed),
        (.oversized("too long"), .closed),
        (.deadline, .closed), (.cancelled, .abandoned),
    ])
    func whatEndsAfterItHasAnUnknownOutcome(end: Interruption, reply: CommandReply) {
        #expect(send(version, then: end)?.outcome == reply)
        #expect(send(version + "O", then: end)?.outcome == reply)
    }
}
