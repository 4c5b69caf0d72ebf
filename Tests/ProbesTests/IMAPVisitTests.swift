import Site
import Testing

@testable import Probes

/// What an IMAP poll says in INBOX when a server does as it should, or refuses.
@Suite struct IMAPVisitTests {
    static let id = "mon.example/a1/1795231546/0000000000007f3a"
    static let loggedIn = ["* OK [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS]", "d1 OK [CAPABILITY IMAP4rev1 UIDPLUS] in"]
    static let find = "UID SEARCH HEADER X-Dovemon-Test \"\(id)\"\r\n"

    static func plan(
        appends: Bool = false, removal: Removal = .no, expected: String? = nil, delivers: Bool = false
    ) -> PollPlan {
        var plan = PollPlan.imap(list: false)
        plan.options = PollOptions(
            clientName: "mon.example", instance: "a1",
            imap: IMAPChecks(lists: false, selects: true, appends: appends, removal: removal),
            lmtp: LMTPChecks(delivers: delivers))
        plan.expectedMessage = expected
        return plan
    }

    private static let message = TestMessage(plan().options, .test, to: "joe").bytes
    private static let appendCommand = "APPEND INBOX (\\Seen) \"21-Nov-2026 03:25:46 +0000\" {\(message.count)"

    /// A FETCH response with a mark.
    static func fetch(_ uid: Int, _ mark: String) -> [String] {
        let header = "X-Dovemon-Test: \(mark)\r\n\r\n"
        return [
            "* 1 FETCH (UID \(uid) BODY[HEADER.FIELDS (X-DOVEMON-TEST)]<0> {\(header.utf8.count)}", "\(header))",
        ]
    }

    /// What a server answers that shows a message of this mark, with the text that dovemon writes.
    static func read(_ uid: Int, _ mark: String, text: [UInt8] = TestMessage.text) -> [String] {
        let header = "X-Dovemon-Test: \(mark)\r\n\r\n"
        return [
            "* 1 FETCH (UID \(uid) BODY[HEADER.FIELDS (X-DOVEMON-TEST)]<0> {\(header.utf8.count)}",
            "\(header) BODY[TEXT]<0> {\(text.count)}", "\(String(decoding: text, as: UTF8.self)))",
        ]
    }

    static let markPart = "BODY.PEEK[HEADER.FIELDS (X-Dovemon-Test)]<0.1024>"
    static let readParts = "(UID \(markPart) BODY.PEEK[TEXT]<0.1024>)"

    @Test func `INBOX is selected`() {
        let poll = rehearse(
            Self.plan(), Self.loggedIn + ["* 3 EXISTS", "* 0 RECENT", "d2 OK [READ-WRITE] done", "* BYE", "d3 OK"])
        #expect(poll.said.dropFirst() == ["d2 SELECT INBOX\r\n", "d3 LOGOUT\r\n"])
        #expect(poll.phases == "connect 2, greeting 1, login 1, command 3, logout 2")
        #expect(poll.report.warnings == [])
    }

    @Test func `LIST comes first`() {
        var plan = Self.plan()
        plan.options.imap.lists = true
        let poll = rehearse(plan, Self.loggedIn + ["d2 OK", "* 0 EXISTS", "d3 OK", "d4 OK"])
        #expect(poll.said.dropFirst() == ["d2 LIST \"\" \"%\"\r\nd3 SELECT INBOX\r\n", "d4 LOGOUT\r\n"])
    }

    @Test func `a message is appended behind the server's consent, found, read and removed`() {
        let poll = rehearse(
            Self.plan(appends: true, removal: .marked),
            Self.loggedIn + ["+ OK", "d2 OK [APPENDUID 1 7]", "* 1 EXISTS", "d3 OK", "* SEARCH 7", "d4 OK"]
                + Self.read(7, Self.id) + ["d5 OK", "* SEARCH 7", "d6 OK"]
                + Self.fetch(7, Self.id) + ["d7 OK", "d8 OK", "* 1 EXPUNGE", "d9 OK", "* BYE", "d10 OK"])
        #expect(
            poll.said.dropFirst() == [
                "d2 \(Self.appendCommand)}\r\n", String(decoding: Self.message, as: UTF8.self) + "\r\n",
                "d3 SELECT INBOX\r\n", "d4 \(Self.find)", "d5 UID FETCH 7 \(Self.readParts)\r\n",
                "d6 UID SEARCH HEADER X-Dovemon-Test \"\"\r\n", "d7 UID FETCH 7 (UID \(Self.markPart))\r\n",
                "d8 UID STORE 7 +FLAGS.SILENT (\\Deleted)\r\n", "d9 UID EXPUNGE 7\r\n", "d10 LOGOUT\r\n",
            ])
        #expect(poll.report.failure == nil)
        #expect(poll.report.warnings == [])
    }

    @Test(arguments: ["LITERAL+", "LITERAL-", "IMAP4rev2"])
    func `a server that takes literals at once gets the message at once`(capability: String) {
        var lines = Self.loggedIn
        lines[1] = "d1 OK [CAPABILITY IMAP4rev1 \(capability)] in"
        let poll = rehearse(
            Self.plan(appends: true),
            lines + ["d2 OK", "* 1 EXISTS", "d3 OK", "* SEARCH 7", "d4 OK"] + Self.read(7, Self.id) + [
                "d5 OK", "d6 OK",
            ])
        #expect(
            poll.said[1] == "d2 \(Self.appendCommand)+}\r\n" + String(decoding: Self.message, as: UTF8.self) + "\r\n")
        #expect(
            poll.said.dropFirst(2) == [
                "d3 SELECT INBOX\r\n", "d4 \(Self.find)", "d5 UID FETCH 7 \(Self.readParts)\r\n", "d6 LOGOUT\r\n",
            ])
        #expect(poll.report.succeeded)
    }

    @Test(arguments: [
        ["d1 OK in", "* CAPABILITY IMAP4rev1 UIDPLUS", "d2 OK"], ["* CAPABILITY IMAP4rev1 UIDPLUS", "d1 OK in"],
    ])
    func `capabilities are those since the login`(lines: [String]) {
        let first = lines.count == 3 ? 3 : 2
        let poll = rehearse(
            Self.plan(removal: .marked),
            [Self.loggedIn[0]] + lines + [
                "* 1 EXISTS", "d\(first) OK", "* SEARCH", "d\(first + 1) OK", "d\(first + 2) OK",
            ])
        #expect(poll.said.contains("d2 CAPABILITY\r\n") == (first == 3))
        #expect(poll.said.suffix(2).first == "d\(first + 1) UID SEARCH HEADER X-Dovemon-Test \"\"\r\n")
        #expect(poll.report.succeeded && poll.report.warnings.isEmpty)
    }

    @Test func `capabilities that do not come are malformed`() {
        let poll = rehearse(Self.plan(removal: .marked), [Self.loggedIn[0], "d1 OK in", "d2 OK"])
        #expect(poll.report.failure?.kind == .malformed)
    }

    @Test(arguments: [true, false])
    func `a message that is not there is a failure of its own`(isEmpty: Bool) {
        let poll = rehearse(
            Self.plan(appends: true),
            Self.loggedIn + ["+ ", "d2 OK"]
                + (isEmpty ? ["* 0 EXISTS", "d3 OK"] : ["* 5 EXISTS", "d3 OK", "* SEARCH", "d4 OK"]))
        #expect(
            poll.report.failure
                == PollFailure(
                    phase: .command, kind: .messageLost,
                    text: "not in INBOX: the message that was appended as \(Self.id)"))
    }

    @Test func `what LMTP has delivered is looked for too`() {
        let id = "mon.example/a1/1/00000000000000ff"
        let plan = Self.plan(expected: id)
        let search = "d3 UID SEARCH HEADER X-Dovemon-Test \"\(id)\"\r\n"
        let found = rehearse(
            plan,
            Self.loggedIn + ["* 2 EXISTS", "d2 OK", "* ESEARCH (TAG \"d3\") UID ALL 4", "d3 OK"] + Self.read(4, id) + [
                "d4 OK", "d5 OK",
            ])
        #expect(found.said.suffix(3) == [search, "d4 UID FETCH 4 \(Self.readParts)\r\n", "d5 LOGOUT\r\n"])
        #expect(found.report.succeeded)
        let lost = rehearse(plan, Self.loggedIn + ["* 2 EXISTS", "d2 OK", "* SEARCH", "d3 OK"])
        #expect(lost.report.failure?.kind == .messageLost)
        #expect(lost.report.failure?.text.hasSuffix("was delivered as mon.example/a1/1/00000000000000ff") == true)
    }

    @Test(arguments: [
        (Self.read(7, "mon.example/a1/1/00000000000000ff"), "another message"),
        (Self.read(8, Self.id), "another place"), (Self.fetch(7, Self.id), "no text"),
        (Self.read(7, Self.id, text: []), "an empty text"),
        (Self.read(7, Self.id, text: Array("x".utf8)), "another text"),
        (Self.read(7, Self.id, text: Array(TestMessage.text.dropLast(3))), "half of it"), ([], "nothing"),
        (
            ["* 1 FETCH (UID 7 BODY[HEADER.FIELDS (X-Dovemon-Test)] \"X-Dovemon-Test: \(Self.id)\" BODY[TEXT] NIL)"],
            "NIL"
        ),
    ])
    func `a message that is found and cannot be read as it was written is lost`(lines: [String], how: String) {
        let poll = rehearse(
            Self.plan(appends: true),
            Self.loggedIn + ["+ ", "d2 OK", "* 1 EXISTS", "d3 OK", "* SEARCH 7", "d4 OK"] + lines + ["d5 OK"])
        #expect(
            poll.report.failure
                == PollFailure(
                    phase: .command, kind: .messageLost,
                    text: "in INBOX, but cannot be read: the message that was appended as \(Self.id)"), "\(how)")
    }

    /// A poll that does all there is to do, up to the server's answer to EXPUNGE.
    private static let whole =
        ["+ ", "d2 OK", "* 1 EXISTS", "d3 OK", "* SEARCH 7", "d4 OK"] + read(7, id)
        + ["d5 OK", "* SEARCH 7", "d6 OK"] + fetch(7, id) + ["d7 OK", "d8 OK"]

    @Test(
        arguments: [
            (0, "d2 BAD what", nil, "APPEND: what"),
            (2, "d3 NO [UNAVAILABLE] later", "UNAVAILABLE", "SELECT: later"), (4, "d4 BAD no", nil, "SEARCH: no"),
            (6, "d5 BAD no", nil, "FETCH: no"), (10, "d6 NO no", nil, "SEARCH: no"), (12, "d7 NO no", nil, "FETCH: no"),
            (15, "d8 NO [READ-ONLY] no", "READ-ONLY", "STORE: no"), (16, "d9 NO [LIMIT] x", "LIMIT", "EXPUNGE: x"),
        ] as [(Int, String, String?, String)])
    func `a refusal keeps its code, wherever it comes`(count: Int, line: String, code: String?, text: String) {
        let poll = rehearse(
            Self.plan(appends: true, removal: .marked), Self.loggedIn + Self.whole.prefix(count) + [line])
        #expect(poll.report.failure == PollFailure(phase: .command, kind: .rejected, code: code, text: text))
    }

    @Test(
        arguments: [
            (0, "d2 NO [TRYCREATE] Mailbox does not exist", "TRYCREATE", "APPEND: Mailbox does not exist"),
            (0, "d2 NO [OVERQUOTA] Quota exceeded", "OVERQUOTA", "APPEND: Quota exceeded"),
            (1, "d2 NO [OVERQUOTA] no", "OVERQUOTA", "APPEND: no"),
        ], [Removal.no, .marked, .all])
    func `a refused message is told, and what is left over is removed before`(
        refusal: (Int, String, String, String), removal: Removal
    ) {
        let (count, line, code, text) = refusal
        let old = "mon.example/a1/1/0000000000000001"
        let lines =
            switch removal {
            case .no: [String]()
            case .all: ["* 2 EXISTS", "d3 OK", "d4 OK", "d5 OK"]
            case .marked:
                ["* 2 EXISTS", "d3 OK", "* SEARCH 5", "d4 OK"] + Self.fetch(5, old) + ["d5 OK", "d6 OK", "d7 OK"]
            }
        let poll = rehearse(
            Self.plan(appends: true, removal: removal, expected: Self.id),
            Self.loggedIn + Self.whole.prefix(count) + [line] + lines)
        #expect(poll.report.failure == PollFailure(phase: .command, kind: .rejected, code: code, text: text))
        let removed =
            switch removal {
            case .no: [String]()
            case .all: ["d4 STORE 1:* +FLAGS.SILENT (\\Deleted)", "d5 EXPUNGE"]
            case .marked: ["d6 UID STORE 5 +FLAGS.SILENT (\\Deleted)", "d7 UID EXPUNGE 5"]
            }
        #expect(poll.said.filter { $0.contains("STORE") || $0.contains("EXPUNGE") } == removed.map { $0 + "\r\n" })
        #expect(!poll.said.contains { $0.contains(Self.id) && $0.contains("SEARCH") })
        #expect(poll.ended)
    }

    @Test func `the first of two refusals is told, without a password in it`() {
        let poll = rehearse(
            Self.plan(appends: true, removal: .marked),
            Self.loggedIn + [
                "d2 NO [OVERQUOTA] no hunter2 for joe", "* 1 EXISTS", "d3 OK", "d4 NO a longer line, hunter2 too",
            ])
        #expect(
            poll.report.failure
                == PollFailure(
                    phase: .command, kind: .rejected, code: "OVERQUOTA", text: "APPEND: no [password] for joe"))
    }

    @Test func `a message that is lost keeps nothing from being removed`() {
        let old = "mon.example/a1/1/0000000000000001"
        let poll = rehearse(
            Self.plan(appends: true, removal: .marked),
            Self.loggedIn + ["+ ", "d2 OK", "* 2 EXISTS", "d3 OK", "* SEARCH", "d4 OK", "* SEARCH 5", "d5 OK"]
                + Self.fetch(5, old) + ["d6 OK", "d7 OK", "d8 OK"])
        #expect(poll.said.last == "d8 UID EXPUNGE 5\r\n")
        #expect(poll.report.failure?.kind == .messageLost && poll.ended)
    }

    @Test(arguments: [(15, 8, true), (16, 9, true), (12, 7, false)])
    func `what others have removed meanwhile is nobody's fault`(count: Int, number: Int, isOneLeft: Bool) {
        let poll = rehearse(
            Self.plan(appends: true, removal: .marked),
            Self.loggedIn + Self.whole.prefix(count) + ["d\(number) NO [EXPUNGEISSUED] Some are gone"]
                + (number + 1...11).map { "d\($0) OK" })
        #expect(poll.report.failure == nil)
        #expect(poll.said.contains { $0.contains("UID EXPUNGE 7") } == isOneLeft)
    }

    @Test func `a message that others have removed before it was read is lost all the same`() {
        let poll = rehearse(
            Self.plan(appends: true), Self.loggedIn + Self.whole.prefix(6) + ["d5 NO [EXPUNGEISSUED] gone"])
        #expect(poll.report.failure?.kind == .messageLost)
    }

    @Test func `an OK before the message was sent is malformed`() {
        let poll = rehearse(Self.plan(appends: true), Self.loggedIn + ["d2 OK"])
        #expect(poll.report.failure?.kind == .malformed)
    }

    @Test func `a mailbox of which nobody says how much is in it is malformed`() {
        let poll = rehearse(Self.plan(), Self.loggedIn + ["d2 OK"])
        #expect(poll.report.failure == PollFailure(phase: .command, kind: .malformed, text: "SELECT: no EXISTS"))
    }

    @Test func `without UIDPLUS nothing is touched, and the report says so`() {
        let lines = [
            "* OK [CAPABILITY IMAP4rev1 UIDPLUS]", "d1 OK [CAPABILITY IMAP4rev1] in", "* 3 EXISTS", "d2 OK", "d3 OK",
        ]
        let poll = rehearse(Self.plan(removal: .marked), lines)
        #expect(poll.said.dropFirst() == ["d2 SELECT INBOX\r\n", "d3 LOGOUT\r\n"])
        #expect(poll.report.failure == nil)
        #expect(
            poll.report.warnings == [
                PollWarning(.notRemoved, "the server has no UIDPLUS: test messages stay in INBOX")
            ])
    }

    @Test func `all messages go where that is asked for`() {
        let poll = rehearse(
            Self.plan(removal: .all),
            [
                "* OK [CAPABILITY IMAP4rev1]", "d1 OK in", "* 3 EXISTS", "d2 OK", "d3 OK", "* 1 EXPUNGE", "d4 OK",
                "d5 OK",
            ])
        #expect(
            poll.said.dropFirst() == [
                "d2 SELECT INBOX\r\n", "d3 STORE 1:* +FLAGS.SILENT (\\Deleted)\r\n", "d4 EXPUNGE\r\n", "d5 LOGOUT\r\n",
            ])
        #expect(poll.report.succeeded && poll.report.warnings.isEmpty)
    }

    @Test(arguments: [Removal.all, .marked])
    func `nothing is to be removed from an empty mailbox`(removal: Removal) {
        let poll = rehearse(Self.plan(removal: removal), Self.loggedIn + ["* 0 EXISTS", "d2 OK", "d3 OK"])
        #expect(poll.said.dropFirst() == ["d2 SELECT INBOX\r\n", "d3 LOGOUT\r\n"])
        #expect(poll.report.succeeded && poll.report.warnings.isEmpty)
    }

    @Test func `without SELECT a message is appended, and nothing else`() {
        var plan = Self.plan(appends: true, removal: .marked)
        plan.options.imap.selects = false
        let poll = rehearse(plan, Self.loggedIn + ["+ ", "d2 OK", "d3 OK"])
        #expect(poll.said.last == "d3 LOGOUT\r\n")
        #expect(poll.report.succeeded)
    }

    @Test func `without an account nothing is touched`() {
        var plan = Self.plan(appends: true, removal: .all)
        plan.account = nil
        #expect(rehearse(plan, ["* OK [CAPABILITY IMAP4rev1]", "d1 OK"]).said == ["d1 LOGOUT\r\n"])
    }
}
