import Site
import Testing

@testable import Probes

@Suite struct IMAPCredentialsTests {
    private static let long = String(repeating: "p", count: 600)
    private static let tooLong = String(repeating: "p", count: 5000)

    /// What is sent to log in at a server with these capabilities, one that asks for all that is held back.
    private func said(_ account: Account, _ capabilities: String, continuations: Int = 0) -> [String] {
        let poll = rehearse(
            .imap(account, list: false),
            ["* OK [CAPABILITY IMAP4rev1 \(capabilities)]"] + Array(repeating: "+ OK", count: continuations)
                + ["d1 OK in", "d2 OK bye"])
        #expect(poll.report.succeeded)
        #expect(poll.said.last == "d2 LOGOUT\r\n")
        return poll.said.dropLast()
    }

    @Test(arguments: [
        ("hunter2", "\"hunter2\""), ("", "\"\""), (" ", "\" \""), ("two words ", "\"two words \""),
        ("say \"hi\"", "\"say \\\"hi\\\"\""), ("back\\slash", "\"back\\\\slash\""), ("\\\"", "\"\\\\\\\"\""),
        ("{5}", "\"{5}\""), ("{5+}", "\"{5+}\""), ("%*()[]", "\"%*()[]\""), ("NIL", "\"NIL\""), ("~!", "\"~!\""),
        (String(repeating: "p", count: 512), "\"\(String(repeating: "p", count: 512))\""),
    ])
    func `printable ASCII goes between quotes`(text: String, quoted: String) {
        #expect(said(Account("joe", text), "LITERAL+") == ["d1 LOGIN \"joe\" \(quoted)\r\n"])
        #expect(said(Account(text, "pw"), "") == ["d1 LOGIN \(quoted) \"pw\"\r\n"])
    }

    @Test(arguments: [
        ("pässwörd", 10), ("tab\t", 4), ("\u{7F}", 1), ("😀", 4), (long, 600),
    ])
    func `anything else goes as a literal at once where the server takes it`(text: String, count: Int) {
        for capability in ["LITERAL+", "literal+", "LITERAL-", "IMAP4rev2"] {
            #expect(said(Account("joe", text), capability) == ["d1 LOGIN \"joe\" {\(count)+}\r\n\(text)\r\n"])
            #expect(said(Account(text, "pw"), capability) == ["d1 LOGIN {\(count)+}\r\n\(text) \"pw\"\r\n"])
        }
    }

    @Test func `a literal awaits the server where it wants that`() {
        #expect(
            said(Account("jürgen", "hunter2"), "", continuations: 1)
                == ["d1 LOGIN {7}\r\n", "jürgen \"hunter2\"\r\n"])
        #expect(
            said(Account("joe", "pässwort"), "", continuations: 1)
                == ["d1 LOGIN \"joe\" {9}\r\n", "pässwort\r\n"])
        #expect(
            said(Account("jürgen", Self.long), "", continuations: 2)
                == ["d1 LOGIN {7}\r\n", "jürgen {600}\r\n", "\(Self.long)\r\n"])
    }

    @Test func `LITERAL- takes no more than 4096 bytes at once`() {
        let atLimit = String(repeating: "p", count: 4096)
        #expect(said(Account("joe", atLimit), "LITERAL-") == ["d1 LOGIN \"joe\" {4096+}\r\n\(atLimit)\r\n"])
        #expect(
            said(Account("joe", Self.tooLong), "LITERAL-", continuations: 1)
                == ["d1 LOGIN \"joe\" {5000}\r\n", "\(Self.tooLong)\r\n"])
        #expect(
            said(Account("joe", Self.tooLong), "LITERAL- LITERAL+")
                == ["d1 LOGIN \"joe\" {5000+}\r\n\(Self.tooLong)\r\n"])
    }

    @Test(arguments: [["d1 OK in"], ["+ ", "d1 OK in"]])
    func `a success before all literals were sent is malformed`(replies: [String]) {
        let poll = rehearse(.imap(Account("jürgen", "pässwort")), ["* OK [CAPABILITY IMAP4rev1]"] + replies)
        #expect(
            poll.report.failure
                == PollFailure(phase: .login, kind: .malformed, text: "not to be said yet: d1 OK in"))
    }

    @Test func `a refusal in place of a continuation is a refusal`() {
        let poll = rehearse(
            .imap(Account("jürgen", "hunter2")), ["* OK [CAPABILITY IMAP4rev1]", "d1 NO [TOOBIG] Literal too long"])
        #expect(poll.said == ["d1 LOGIN {7}\r\n"])
        #expect(
            poll.report.failure
                == PollFailure(phase: .login, kind: .rejected, code: "TOOBIG", text: "Literal too long"))
    }

    @Test func `one continuation too many is malformed`() {
        let poll = rehearse(.imap(Account("jürgen", "hunter2")), ["* OK [CAPABILITY IMAP4rev1]", "+", "+ more"])
        #expect(
            poll.report.failure == PollFailure(phase: .login, kind: .malformed, text: "not asked for: + more"))
    }

    @Test func `PLAIN carries any characters as UTF-8`() {
        let poll = rehearse(
            .imap(Account("jürgen", "a \"b\" \\ {5} ß")), ["* OK [CAPABILITY LOGINDISABLED AUTH=PLAIN SASL-IR]"])
        #expect(poll.said == ["d1 AUTHENTICATE PLAIN AGrDvHJnZW4AYSAiYiIgXCB7NX0gw58=\r\n"])
    }
}
