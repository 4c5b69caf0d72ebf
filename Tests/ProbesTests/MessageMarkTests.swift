import Site
import Testing

@testable import Probes

@Suite struct MessageMarkTests {
    private let own = PollOptions(clientName: "mon.example", instance: "a1")

    private func mark(_ text: String) -> MessageMark? { MessageMark(Array(text.utf8)) }

    @Test func `a mark names host, instance, time and number`() {
        let mark = MessageMark(own, .test)
        #expect("\(mark)" == "mon.example/a1/1795231546/0000000000007f3a")
        #expect(self.mark("\(mark)") == mark)
    }

    @Test(arguments: [
        ("", ""), ("a/b", "c d"), ("jürgen", "\r\nSubject: x"), ("\0", "\u{1F600}"), ("[127.0.0.1]", "(\"quoted\")"),
        (String(repeating: "h", count: 1_000), String(repeating: "ö", count: 1_000)),
    ])
    func `odd names make a mark that can be read again`(host: String, instance: String) throws {
        let mark = MessageMark(PollOptions(clientName: host, instance: instance), .test)
        #expect(self.mark("\(mark)") == mark)
        #expect("\(mark)".utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") })
        #expect("\(mark)".utf8.count <= 350)
    }

    @Test(arguments: [Int.min, -1, 0, 999_999_999_999, 1_000_000_000_000, .max])
    func `a clock that is far off makes a mark that can be read again`(seconds: Int) {
        let mark = MessageMark(own, MessageStamp(seconds: seconds, unique: .max, pollTime: .seconds(3)))
        #expect(self.mark("\(mark)") == mark)
    }

    @Test(arguments: [
        "", "/", "///", "a/b/1", "a/b/1/0000000000007f3a/x", "a/b/1/7f3a", "a/b/1/0000000000007F3A",
        "a/b/01/0000000000007f3a", "a/b/-1/0000000000007f3a", "a/b/+1/0000000000007f3a", "a/b//0000000000007f3a",
        "/b/1/0000000000007f3a", "a//1/0000000000007f3a", "a b/c/1/0000000000007f3a", "a/b/1/0000000000007f3a ",
        " a/b/1/0000000000007f3a", "a/b/1/0000000000007f3a\0", "a/b/1/00000000000 7f3a", "ä/b/1/0000000000007f3a",
        "a/b/1000000000000/0000000000007f3a", "a/b/99999999999999999999/0000000000007f3a", "a/b/1/0000000000007f3g",
        String(repeating: "a", count: 256) + "/b/1/0000000000007f3a",
        "a/" + String(repeating: "b", count: 65) + "/1/0000000000007f3a", String(repeating: "a/", count: 100_000),
    ])
    func `what this program cannot have written is no mark`(text: String) {
        #expect(mark(text) == nil)
    }

    private static let header = "\(MessageMark.field): mon.example/a1/1/0000000000007f3a"

    @Test(arguments: [
        header, header + "\r\n\r\n", "Subject: x\r\n" + header + "\r\nDate: y\r\n", header + "\n",
        "x-dovemon-TEST: mon.example/a1/1/0000000000007f3a", "Subject: x\r\n y\r\n" + header,
        "X-Dovemon-Test:mon.example/a1/1/0000000000007f3a",
    ])
    func `a header's mark is found`(header: String) {
        #expect(MarkReader(Array(header.utf8)[...]).mark?.seconds == 1)
    }

    @Test(arguments: [
        "", "\r\n", "\r\n" + header, "Subject: x\r\n\r\n" + header, header + "\r\n" + header, header + "\r\n more",
        header + "\r\n\tmore", header + "x", "Subject: \(header)", " " + header, "X" + header, "X-Dovemon-Test",
        "X-Dovemon-Test:", "X-Dovemon-Test: ", "X-Dovemon-Testing: mon.example/a1/1/0000000000007f3a",
        "X-Dovemon-Test : mon.example/a1/1/0000000000007f3a", "X-Dovemon-Test: not a mark\r\n" + header,
        header + "\0", "Subject: x\r\n" + header + "\r\nX-Dovemon-Test: y",
    ])
    func `a header without exactly one mark has none`(header: String) {
        #expect(MarkReader(Array(header.utf8)[...]).mark == nil)
    }

    /// A rule at 100,000 seconds past the origin, for messages with these ages.
    private func removes(
        _ host: String, _ instance: String, age: Int, looks: Bool = true, done: Set<String> = []
    ) -> Bool {
        var options = own
        options.imap = IMAPChecks(selects: looks, appends: looks)
        var rule = RemovalRule(options, MessageStamp(seconds: 100_000, unique: 1, pollTime: .seconds(3)))
        rule.done = done
        return mark("\(host)/\(instance)/\(100_000 - age)/0000000000007f3a").map(rule.removes) ?? false
    }

    @Test func `own messages go when no poll of this monitor can be looking for them any more`() {
        #expect(!removes("mon.example", "a1", age: 0))
        #expect(!removes("mon.example", "a1", age: 60))
        #expect(removes("mon.example", "a1", age: 61))
        #expect(removes("mon.example", "a1", age: 90_000))
        // The clock was wrong, and has been put right.
        #expect(!removes("mon.example", "a1", age: -60))
        #expect(removes("mon.example", "a1", age: -61))
    }

    @Test func `own young messages stay also where this poll looks for none: another of the same monitor may`() {
        #expect(!removes("mon.example", "a1", age: 60, looks: false))
        #expect(removes("mon.example", "a1", age: 61, looks: false))
        #expect(!removes("mon.example", "a2", age: 61, looks: false))
    }

    @Test func `what this poll has found goes at once`() {
        #expect(removes("mon.example", "a1", age: 0, done: ["mon.example/a1/100000/0000000000007f3a"]))
        #expect(!removes("mon.example", "a1", age: 1, done: ["mon.example/a1/100000/0000000000007f3a"]))
    }

    @Test(arguments: [("mon.example", "a2"), ("other.example", "a1"), ("MON.example", "a1")])
    func `another monitor's messages go after an hour`(host: String, instance: String) {
        #expect(!removes(host, instance, age: 0))
        #expect(!removes(host, instance, age: 3_600))
        #expect(removes(host, instance, age: 3_601))
        #expect(!removes(host, instance, age: -900_000))
    }

    @Test func `long polls protect their messages longer`() {
        #expect(MessageStamp(seconds: 0, unique: 0, pollTime: .seconds(3)).searchTime == 60)
        #expect(MessageStamp(seconds: 0, unique: 0, pollTime: .seconds(30)).searchTime == 120)
        #expect(MessageStamp(seconds: 0, unique: 0, pollTime: .seconds(Int64.max)).searchTime == 4_000_000)
    }
}
