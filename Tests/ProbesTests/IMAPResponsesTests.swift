import Site
import Testing

@testable import Probes

/// Between the command and its reply a server may say almost anything.
@Suite struct IMAPResponsesTests {
    private static let loggedIn = ["* OK [CAPABILITY IMAP4rev1]", "d1 OK in"]

    /// The poll of a server that says `lines` when it is asked to LIST, and is well.
    private func listing(_ lines: [String]) -> Performance {
        rehearse(.imap(), Self.loggedIn + lines + ["d2 OK listed", "* BYE", "d3 OK bye"])
    }

    @Test(arguments: [
        "* LIST (\\HasNoChildren) \".\" INBOX", "* LIST () NIL \"a {5} b\"", "* LIST () \"/\" \"{5}\"",
        "* LIST () \"/\" box{x}", "* LIST () \"/\" {}", "* LIST () \"/\" {-1}", "* LIST () \"/\" {1 2}", "* }", "* {",
        "* list () \"/\" inbox", "* 23 EXISTS", "* 0 RECENT", "* 5 EXPUNGE", "* 1 FETCH (FLAGS (\\Seen))",
        "* FLAGS (\\Answered)", "* SEARCH", "* STATUS INBOX (MESSAGES 3)", "* ESEARCH (TAG \"d2\") UID ALL 1:3",
        "* ENABLED UTF8=ACCEPT", "* ID (\"name\" \"x\")", "* NAMESPACE ((\"\" \".\")) NIL NIL", "* VANISHED 3:5",
        "* X-NOBODY-KNOWS a b c", "* okay this is no status", "* NOTE", "* \0\u{1}\u{2}", "* Grüße aus dem Süden",
        "*  two spaces", "* CAPABILITY", "* capability imap4rev1", "* OK", "* ok still here", "* NO [ALERT] {5}",
        "* BAD {5}", "* OK ends like a literal {500}",
    ])
    func `untagged responses of every kind are read over`(line: String) {
        let poll = listing([line, line])
        #expect(poll.report.failure == nil)
        #expect(poll.phases == "connect 2, greeting 1, login 1, command 3, logout 2")
    }

    @Test(arguments: [
        ["* LIST () \"/\" {5}", "INBOX"],
        ["* LIST () \"/\" {5+}", "INBOX"],
        ["* LIST () \"/\" ~{5}", "IN\0OX"],
        ["* LIST () \"/\" {0}", ""],
        ["* LIST () \"/\" {05}", "INBOX"],
        ["* LIST () \"/\" {11}", "d2", "d2 OK", ""],
        ["* LIST () \"/\" {23}", "* BYE\r\n* BYE\r\nd2 NO x", ""],
        ["* LIST () {1}", "/ {5}", "INBOX ({3}", "abc {0}", " ({2}", "xy))"],
        ["* 1 FETCH (BODY[] {9}", "d2 NO\r\n\r\n FLAGS (\\Seen) UID {1}", "5)"],
        ["* 1 FETCH (BODY[] {4}", "\r\n\r\n)"],
        ["* LIST () \"/\" {3}", "\u{1}\u{2}\u{3}"],
        ["* LIST () \"/\" {4}", "äö"],
        ["* X {7}", "+ go on"],
    ])
    func `literals are passed over by their count, whatever they hold`(lines: [String]) {
        let poll = listing(lines)
        #expect(poll.report.failure == nil)
        #expect(poll.phases.hasSuffix("logout 2"))
    }

    @Test func `a large literal is passed over`() {
        let text = String(repeating: "d2 NO no\r\n", count: 90_000)
        let transcript = Self.loggedIn + ["* LIST () \"/\" {\(text.utf8.count)}", text + ")", "d2 OK", "d3 OK"]
        let bytes = transcript.flatMap { Array($0.utf8) + crlf }
        let pieces = stride(from: 0, to: bytes.count, by: 1000).map { bytes[$0..<min($0 + 1000, bytes.count)] }
        #expect(rehearse(.imap(), pieces).report.succeeded)
    }

    @Test(arguments: ["1048577", "4294967296", "9223372036854775807", "9223372036854775808", "99999999999999999999999"])
    func `a literal larger than a poll reads is refused at once`(count: String) {
        let poll = rehearse(.imap(), Self.loggedIn + ["* LIST () \"/\" {\(count)}"])
        #expect(
            poll.report.failure
                == PollFailure(phase: .command, kind: .oversized, text: "a literal that is larger than a poll reads"))
    }

    @Test func `a literal that never comes is waited for`() {
        let poll = rehearse(.imap(), Self.loggedIn + ["* LIST () \"/\" {1048576}", "d2 OK"], then: .deadline)
        #expect(poll.report.failure == PollFailure(phase: .command, kind: .timeout, text: "no answer in time"))
    }

    @Test func `literals are read over while the login is awaited too`() {
        let poll = rehearse(
            .imap(list: false), ["* OK [CAPABILITY IMAP4rev1]", "* X {10}", "d1 NO no\r\n", "d1 OK in", "d2 OK"])
        #expect(poll.report.succeeded)
    }

    @Test func `a literal of the wrong length does not go unnoticed`() {
        let poll = rehearse(.imap(), Self.loggedIn + ["* LIST () \"/\" {2}", "INBOX", "BOX", "d2 OK"])
        #expect(
            poll.report.failure == PollFailure(phase: .command, kind: .malformed, text: "not an IMAP response: BOX"))
    }

    @Test(arguments: ["", " ", "*", "* ", "d2", "d2 ", "d2 OKAY", "d2  OK", "INBOX", "\0", "220 hello"])
    func `a line that begins no response is malformed`(line: String) {
        #expect(
            rehearse(.imap(), Self.loggedIn + [line]).report.failure
                == PollFailure(phase: .command, kind: .malformed, text: printable("not an IMAP response: \(line)")))
    }

    @Test func `bytes that are no text are escaped in the report`() {
        let transcript = Self.loggedIn.flatMap { Array($0.utf8) + crlf } + [0x00, 0xff, 0x1b, 0xc3, 0xa4] + crlf
        #expect(
            rehearse(.imap(), transcript).report.failure
                == PollFailure(phase: .command, kind: .malformed, text: "not an IMAP response: \\x00\\xff\\x1bä"))
    }

    @Test func `lines may end with LF alone`() {
        let text = "* OK [CAPABILITY IMAP4rev1]\nd1 OK in\n* LIST () NIL {3}\na\nb\nd2 OK\nd3 OK\n"
        #expect(rehearse(.imap(), Array(text.utf8)).report.succeeded)
    }

    @Test func `a refused LIST is a failure of the command`() {
        let poll = rehearse(.imap(), Self.loggedIn + ["d2 NO [SERVERBUG] Internal error occurred."])
        #expect(
            poll.report.failure
                == PollFailure(
                    phase: .command, kind: .rejected, code: "SERVERBUG", text: "Internal error occurred."))
        #expect(poll.phases == "connect 2, greeting 1, login 1, command 1")
    }
}
