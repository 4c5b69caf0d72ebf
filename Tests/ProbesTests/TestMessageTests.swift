import Site
import Testing

@testable import Probes

@Suite struct TestMessageTests {
    private func message(to recipient: String, from host: String = "mon.example") -> TestMessage {
        TestMessage(PollOptions(clientName: host, instance: "a1"), .test, to: recipient)
    }

    @Test func `a test message is small and proper`() {
        #expect(
            String(decoding: message(to: "joe@example.org").bytes, as: UTF8.self) == """
                Date: Sat, 21 Nov 2026 03:25:46 +0000\r
                From: dovemon <dovemon@mon.example>\r
                To: <joe@example.org>\r
                Message-ID: <1795231546.0000000000007f3a@mon.example>\r
                Subject: dovemon test message\r
                Auto-Submitted: auto-generated\r
                X-Dovemon-Test: mon.example/a1/1795231546/0000000000007f3a\r
                \r
                The mail servers' monitor dovemon writes this message to see whether\r
                mail is stored and can be read. It can be deleted at any time.\r

                """)
    }

    @Test(arguments: [
        ("joe", "<joe@mon.example>"), ("joe+x.y@example.org", "<joe+x.y@example.org>"),
        ("two words", "undisclosed-recipients:;"), ("", "undisclosed-recipients:;"),
        ("jürgen", "undisclosed-recipients:;"),
        ("a@b@c", "undisclosed-recipients:;"), ("a..b", "undisclosed-recipients:;"), (".a", "undisclosed-recipients:;"),
        ("a>, <b@c", "undisclosed-recipients:;"), (String(repeating: "a", count: 999), "undisclosed-recipients:;"),
    ])
    func `the recipient stands in it where it can`(recipient: String, field: String) {
        #expect(String(decoding: message(to: recipient).bytes, as: UTF8.self).contains("\r\nTo: \(field)\r\n"))
    }

    @Test(arguments: [
        "", ".", "a..b.", "jürgen", "[127.0.0.1]", String(repeating: "x.", count: 500), "a\r\nSubject: b",
    ])
    func `whatever the host is called, the message is 7-bit, and its lines are short`(host: String) {
        let bytes = message(to: "joe", from: host).bytes
        #expect(bytes.allSatisfy { $0 < 0x80 && $0 != 0 })
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        #expect(lines.allSatisfy { $0.last == UInt8(ascii: "\r") && $0.count <= 998 && $0.count { $0 == 13 } == 1 })
        #expect(MarkReader(bytes[...]).mark == message(to: "joe", from: host).mark)
        #expect(lines.count == 10)
    }

    @Test func `points at the start of a line are doubled`() {
        let text = String(decoding: message(to: "joe").dotStuffed, as: UTF8.self)
        #expect(text.hasSuffix("at any time.\r\n.\r\n"))
        #expect(text.dropLast(2) == String(decoding: message(to: "joe").bytes, as: UTF8.self))
    }

    @Test(arguments: [
        ("joe", "<joe>"), ("joe@example.org", "<joe@example.org>"), ("two words", "<\"two words\">"),
        ("a\"b\\c@d", "<\"a\\\"b\\\\c\"@d>"), ("\"quoted one\"@d", "<\"quoted one\"@d>"), ("a@b@c", "<\"a@b\"@c>"),
        ("x> NOTIFY=NEVER", "<\"x> NOTIFY=NEVER\">"), ("", "<>"), ("a..b@c", "<\"a..b\"@c>"),
    ])
    func `an address is written as SMTP wants it`(address: String, path: String) {
        #expect(MailPath.path(address) == path)
    }
}
