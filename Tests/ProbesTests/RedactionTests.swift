import Site
import Testing

@testable import Probes

/// Some servers repeat what they refuse, and what they refuse may be the login.
@Suite struct RedactionTests {
    private static let longPassword = String((0..<300).map { Character(UnicodeScalar(UInt8(0x30 + $0 % 40))) })

    /// The failure of a POP3 poll whose server answers PASS with `line`.
    private func refusal(_ password: String, _ line: String) -> PollFailure? {
        rehearse(.pop3(Account("joe", password)), ["+OK hi", "+OK", line]).report.failure
    }

    private func imapRefusal(_ password: String, _ line: String, capabilities: String = "LITERAL+") -> PollFailure? {
        rehearse(.imap(Account("joe", password)), ["* OK [CAPABILITY \(capabilities)]", line]).report.failure
    }

    @Test(arguments: [
        "hunter2", "two words", "quo\"te", "back\\slash", "pässwört", "{5} ", "a]b c", "…", "\t\t\t\t", longPassword,
    ])
    func `a password that is repeated as it is is struck out`(password: String) {
        #expect(refusal(password, "-ERR What is PASS \(password)?")?.text.contains(password) == false)
        #expect(imapRefusal(password, "d1 BAD LOGIN joe \(password)")?.text.contains(password) == false)
    }

    @Test func `what stands around it stays`() {
        #expect(
            refusal("hunter2", "-ERR [AUTH] PASS hunter2, not hunter2!")
                == PollFailure(
                    phase: .login, kind: .rejected, code: "AUTH", text: "PASS [password], not [password]!"))
    }

    @Test(arguments: ["say \"hi\"", "back\\slash", "\\\"\\\"", "\"\"\"\""])
    func `a password that is repeated as a quoted string is struck out`(password: String) {
        let quoted = String(decoding: IMAPString.quotedContent(password.utf8), as: UTF8.self)
        let text = imapRefusal(password, "d1 BAD LOGIN \"joe\" \"\(quoted)\" is wrong")?.text
        #expect(text == "LOGIN \"joe\" \"[password]\" is wrong")
    }

    @Test(arguments: ["hunter2", "hunter22", "hunter222"])
    func `a password that is repeated in base64 is struck out, padded or not`(password: String) {
        let encoded = String(decoding: SASL.plain(Account("joe", password)), as: UTF8.self)
        let bare = String(encoded.prefix { $0 != "=" })
        for repeated in [encoded, bare] {
            let text = imapRefusal(
                password, "d1 BAD AUTHENTICATE PLAIN \(repeated)", capabilities: "LOGINDISABLED AUTH=PLAIN SASL-IR")?
                .text
            #expect(text?.contains(bare) == false)
            #expect(text?.hasPrefix("AUTHENTICATE PLAIN [password]") == true)
        }
    }

    @Test func `so is one in a code that comes in a line before the text`() {
        var plan = PollPlan.imap()
        plan.service = Service(.sieve, port: 4190)
        let lines = ["\"SASL\" \"PLAIN\"", "OK", "NO (hunter2) {3+}", "PASS hunter2 and no other, hunter2!"]
        #expect(
            rehearse(plan, lines).report.failure
                == PollFailure(
                    phase: .login, kind: .rejected, code: "[password]",
                    text: "PASS [password] and no other, [password]!"))
    }

    @Test func `a password in a response code is struck out`() {
        #expect(
            refusal("hunter2", "-ERR [hunter2] no")
                == PollFailure(phase: .login, kind: .rejected, code: "[password]", text: "no"))
    }

    @Test(arguments: [
        "sec]ret", "sec] ret", "]secret", "secret]", "AUTH] secret", "[AUTH] secret", "ERR [AUTH] secret",
    ])
    func `a password that the end of a response code divides is struck out of both`(password: String) {
        for line in ["-ERR [PASS \(password) no", "-ERR [\(password)", "-\(password)"] {
            guard let failure = refusal(password, line) else {
                Issue.record("not refused")
                continue
            }
            let shown = "\(failure.code ?? "") \(failure.text)"
            #expect(!shown.contains("sec") && !shown.contains("ret"), "\(line) gives \(failure)")
        }
    }

    @Test func `a password in a line that makes no sense is struck out`() {
        #expect(refusal("hunter2", "joe hunter2 ok")?.text == "not a POP3 reply: joe [password] ok")
        #expect(imapRefusal("hunter2", "hunter2")?.text == "not an IMAP response: [password]")
        #expect(imapRefusal("hunter2", "d9 NO hunter2")?.text == "not a reply to d1: d9 NO [password]")
        #expect(imapRefusal("hunter2", "+ hunter2")?.text == "not asked for: + [password]")
        #expect(imapRefusal("hunter2", "\0hunter2\u{1B}")?.text == "not an IMAP response: \\x00[password]\\x1b")
    }

    @Test(arguments: 150...205)
    func `the cut of a long text leaves no part of a password behind`(position: Int) {
        let text = refusal("hunter2", "-ERR \(String(repeating: "x", count: position))hunter2 is wrong")?.text
        #expect(text?.contains("h") == false || text?.contains("hunter") == false)
        #expect(text?.contains("hunt") == false)
        #expect((text?.utf8.count ?? 0) <= 200)
    }

    @Test(arguments: ["passwd", "password", "pass", "word]", "[password]", "sword"])
    func `the mark itself is never struck out`(password: String) {
        #expect(refusal(password, "-ERR not \(password).")?.text == "not [password].")
    }

    @Test func `passwords that overlap are struck out in full`() {
        #expect(refusal("abcab", "-ERR abcabcab!")?.text == "[password]!")
    }

    @Test(arguments: ["a", "A", "on", "ed.", "."])
    func `a text that holds a very short password is withheld, as its gaps would tell the password`(password: String) {
        let text = refusal(password, "-ERR [X] Authentication failed. A")?.text
        #expect(text == "[withheld: the password is in it]")
    }

    @Test(arguments: ["not", "reply", "a POP3 reply", "a POP3", ": "])
    func `the program's own words are not struck out, which would tell the password`(password: String) {
        #expect(refusal(password, "garbage")?.text == "not a POP3 reply: garbage")
    }

    @Test func `the program's words about a login that is not offered stay`() {
        let failure = imapRefusal("encryption", "", capabilities: "LOGINDISABLED")
        #expect(failure?.text == "LOGINDISABLED, and no AUTH=PLAIN: encryption may be wanted")
    }

    @Test func `it is struck out wherever a server says it, told or not`() {
        #expect(rehearse(.imap(), ["* BYE hunter2"]).report.failure?.text == "[password]")
        #expect(rehearse(.pop3(), ["-ERR hunter2"]).report.failure?.text == "[password]")
        #expect(rehearse(.lmtp(), ["421 hunter2"]).report.failure?.text == "[password]")
        #expect(rehearse(.imap(), ["* PREAUTH", "d1 NO hunter2"]).report.failure?.text == "[password]")
    }

    @Test func `an empty password is nowhere to be found`() {
        #expect(refusal("", "-ERR no")?.text == "no")
    }
}
