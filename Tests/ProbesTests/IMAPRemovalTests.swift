import Site
import Testing

@testable import Probes

/// Whatever a server answers, only messages that bear a mark are flagged and expunged.
@Suite struct IMAPRemovalTests {
    private static let own = "mon.example/a1/1795000000/0000000000000001"

    /// The poll of a server that answers the search and the FETCH so.
    private func removal(search: [String], fetch: [String]) -> Performance {
        // One more OK ends a poll that has more to say than another.
        rehearse(
            IMAPVisitTests.plan(appends: false, removal: .marked),
            IMAPVisitTests.loggedIn + ["* 9 EXISTS", "d2 OK"] + search + ["d3 OK"] + fetch + [
                "d4 OK", "d5 OK", "d6 OK", "d7 OK",
            ])
    }

    private func flagged(_ poll: Performance) -> [String] {
        poll.said.filter { $0.contains("STORE") || $0.contains("EXPUNGE") || $0.contains("CLOSE") }
    }

    private func expectation(_ set: String) -> [String] {
        ["d5 UID STORE \(set) +FLAGS.SILENT (\\Deleted)\r\n", "d6 UID EXPUNGE \(set)\r\n"]
    }

    @Test func `own left-overs and others' after an hour go, and nothing else`() {
        let marks = [
            (1, Self.own), (2, "mon.example/a2/1795000000/0000000000000002"),
            (3, "mon.example/a2/1795231540/0000000000000003"), (4, "other/a1/1795227945/0000000000000004"),
            (5, "other/a1/1795227946/0000000000000005"), (6, "other/a1/1999999999/0000000000000006"),
            (7, "mon.example/a1/1999999999/0000000000000007"), (8, "mon.example/a1/x/0000000000000008"), (9, ""),
        ]
        let poll = removal(
            search: ["* SEARCH 9 1 2 3 4", "* SEARCH 5 6 7 8"],
            fetch: marks.flatMap { IMAPVisitTests.fetch($0.0, $0.1) })
        #expect(poll.said.contains { $0.hasPrefix("d4 UID FETCH 1,2,3,4,5,6,7,8,9 (UID ") })
        #expect(flagged(poll) == expectation("1,2,4,7"))
    }

    @Test func `one's own young messages stay, for another poll may look for them`() {
        var plan = IMAPVisitTests.plan(removal: .marked, delivers: true)
        let young = "mon.example/a1/1795231540/0000000000000001"
        let lines =
            IMAPVisitTests.loggedIn + ["* 9 EXISTS", "d2 OK", "* SEARCH 1", "d3 OK"] + IMAPVisitTests.fetch(1, young)
        #expect(flagged(rehearse(plan, lines + ["d4 OK", "d5 OK"])) == [])
        // Nor does one that looks for none itself: it may be a check beside the daemon.
        #expect(flagged(rehearse(IMAPVisitTests.plan(removal: .marked), lines + ["d4 OK", "d5 OK"])) == [])
        plan.expectedMessage = young
        let found =
            IMAPVisitTests.loggedIn + ["* 9 EXISTS", "d2 OK", "* SEARCH 1", "d3 OK"] + IMAPVisitTests.read(1, young)
            + ["d4 OK", "* SEARCH 1", "d5 OK"]
        let poll = rehearse(plan, found + IMAPVisitTests.fetch(1, young) + ["d6 OK", "d7 OK", "d8 OK", "d9 OK"])
        #expect(flagged(poll) == ["d7 UID STORE 1 +FLAGS.SILENT (\\Deleted)\r\n", "d8 UID EXPUNGE 1\r\n"])
    }

    private static let literal = "X-Dovemon-Test: \(own)\r\n\r\n"
    private static let name = "BODY[HEADER.FIELDS (X-DOVEMON-TEST)]"

    @Test(arguments: [
        ["* 1 FETCH (\(name) {\(literal.utf8.count)}", "\(literal) UID 7)"],
        ["* 1 FETCH (FLAGS (\\Seen ($x)) UID 7 \(name) {\(literal.utf8.count)}", "\(literal) MODSEQ (5))"],
        ["* 1 fetch (uid 7 body[header.fields (x-dovemon-test)] {\(literal.utf8.count)+}", "\(literal))"],
        ["* 1 FETCH (UID 7 BODY[HEADER.FIELDS (\"X-DOVEMON-TEST\")] \"\(literal.dropLast(2))\")"],
        [
            "* 1 FETCH (UID 7 BODY[HEADER.FIELDS ({14}", "X-Dovemon-Test)]<0> {\(literal.utf8.count)}", "\(literal))",
        ],
        ["* 1 FETCH (UID 7 FLAGS (\\Seen))", "* 1 FETCH (UID 7 \(name) {\(literal.utf8.count)}", "\(literal))"],
    ])
    func `a FETCH response is read in any order`(lines: [String]) {
        #expect(flagged(removal(search: ["* SEARCH 7"], fetch: lines)) == expectation("7"))
    }

    private static func holding(_ text: String, before: String = "UID 7", after: String = "") -> [String] {
        ["* 1 FETCH (\(before) \(name) {\(text.utf8.count)}", "\(text)\(after))"]
    }

    @Test(arguments: [
        [], ["* 1 FETCH (UID 7)"], ["* 1 FETCH (UID 7 FLAGS ())"], ["* 1 FETCH ()"], ["* 1 FETCH"], ["* FETCH (UID 7)"],
        ["* 1 FETCH (UID 7 \(name) NIL)"], ["* 1 FETCH (UID 7 \(name) \"\")"], ["* 1 FETCH (UID 7 \(name) {0}", ")"],
        ["* 1 FETCH (UID 7 \(name))"], ["* 1 FETCH (UID 7 \(name) \"X-Dovemon-Test: \(own)"],
        ["* 1 FETCH (UID 7 \(name) (\"X-Dovemon-Test: \(own)\"))"],
        ["* 1 FETCH (UID 7 \(name) X-Dovemon-Test: \(own))"],
        holding("Subject: x\r\n\r\n"), holding("\r\n\(literal)"), holding(literal + "x", before: "UID 8"),
        holding(literal, before: "UID 0"), holding(literal, before: "UID -7"),
        holding(literal, before: "UID 4294967303"),
        holding(literal, before: "UID 99999999999999999999"), holding(literal, before: "FLAGS (UID 7)"),
        holding(literal, before: "X 7"), holding(literal, before: "UID (7)"), holding(literal, before: "UID \"7\""),
        holding(literal, before: "UID 7 UID 8"), holding(literal, before: "UID 8", after: " UID 7"),
        holding(literal, after: " \(name) \"\""), holding(literal, before: "UID 7)"), holding(literal, after: "("),
        holding("X-Dovemon-Test: \(own)\0\r\n\r\n"), holding("X-Dovemon-Test: \0\r\n\r\n"), holding("\0"),
        holding("X-Dovemon-Test: \(own)\r\n folded\r\n\r\n"), holding(literal.dropLast() + literal),
        holding(literal + String(repeating: "x", count: 1_024)), holding(String(repeating: "\0", count: 1_025)),
        holding("X-Dovemon-Test: " + String(repeating: "a/", count: 300)),
        ["* 7 EXPUNGE", "* 7 EXISTS", "* SEARCH 7", "* ESEARCH UID ALL 1:*"],
        ["* 1 FETCH (UID 7 BODY[TEXT] {\(literal.utf8.count)}", "\(literal))"],
        ["* 1 STORE (UID 7 \(name) {\(literal.utf8.count)}", "\(literal))"],
        [
            "* 1 FETCH (UID 7 X {5000}", String(repeating: "x", count: 5_000) + " \(name) {\(literal.utf8.count)}",
            "\(literal))",
        ],
        ["* OK FETCH (UID 7 \(name) \"X-Dovemon-Test: \(own)\")"],
    ])
    func `what a FETCH does not show to bear a mark is left alone`(lines: [String]) {
        let poll = removal(search: ["* SEARCH 7"], fetch: lines)
        #expect(flagged(poll) == [])
        #expect(poll.report.succeeded)
    }

    @Test func `two responses are not mixed up`() {
        let fetch =
            ["* 1 FETCH (UID 7 FLAGS (\\Seen))"] + Self.holding(Self.literal, before: "UID 9")
            + Self.holding("", before: "UID 7")
        #expect(flagged(removal(search: ["* SEARCH 7"], fetch: fetch)) == [])
    }

    @Test func `a server that finds every message has none of them removed but the marked`() {
        let fetch = (1...9).flatMap {
            $0 == 5 ? Self.holding(Self.literal, before: "UID 5") : Self.holding("\r\n", before: "UID \($0)")
        }
        #expect(flagged(removal(search: ["* SEARCH 1 2 3 4 5 6 7 8 9"], fetch: fetch)) == expectation("5"))
    }

    @Test(arguments: [
        "* SEARCH", "* SEARCH 0", "* SEARCH -1", "* SEARCH x", "* SEARCH 99999999999", "* SEARCH 1:5", "* SEARCH (1)",
        "* SEARCHED 7", "* ESEARCH", "* ESEARCH UID ALL", "* ESEARCH UID ALL x", "* ESEARCH UID ALL 0", "* 7 SEARCH",
    ])
    func `a search without numbers ends it`(line: String) {
        let poll = rehearse(
            IMAPVisitTests.plan(removal: .marked),
            IMAPVisitTests.loggedIn + ["* 9 EXISTS", "d2 OK", line, "d3 OK", "d4 OK"])
        #expect(poll.said.last == "d4 LOGOUT\r\n")
        #expect(poll.report.succeeded)
    }

    @Test(arguments: ["* ESEARCH (TAG \"d3\") UID ALL 1:4294967295", "* ESEARCH UID ALL 4294967295:1,1:4294967295"])
    func `a boundless answer is bounded`(line: String) {
        let poll = removal(search: [line], fetch: [])
        let numbers = poll.said.first { $0.hasPrefix("d4 UID FETCH") }?.split(separator: " ")[3].split(separator: ",")
        #expect(numbers?.count == 200)
        #expect(flagged(poll) == [])
    }

    @Test func `a large mailbox is searched in part, and the part moves`() {
        let plan = IMAPVisitTests.plan(appends: true, removal: .marked)
        let poll = rehearse(
            plan,
            IMAPVisitTests.loggedIn + [
                "+ ", "d2 OK", "* 100000 EXISTS", "d3 OK", "* SEARCH 500000", "d4 OK",
            ]
                + IMAPVisitTests.read(500_000, IMAPVisitTests.id) + ["d5 OK", "* SEARCH 17", "d6 OK"]
                + IMAPVisitTests.fetch(500_000, IMAPVisitTests.id) + IMAPVisitTests.fetch(17, "")
                + ["d7 OK", "d8 OK", "d9 OK", "d10 OK"])
        #expect(
            poll.said.dropFirst(4) == [
                "d4 UID SEARCH 99001:* HEADER X-Dovemon-Test \"\(IMAPVisitTests.id)\"\r\n",
                "d5 UID FETCH 500000 \(IMAPVisitTests.readParts)\r\n",
                "d6 UID SEARCH 32571:33570 HEADER X-Dovemon-Test \"\"\r\n",
                "d7 UID FETCH 17,500000 (UID \(IMAPVisitTests.markPart))\r\n",
                "d8 UID STORE 500000 +FLAGS.SILENT (\\Deleted)\r\n", "d9 UID EXPUNGE 500000\r\n", "d10 LOGOUT\r\n",
            ])
        #expect(poll.report.succeeded)
    }
}
