import Site
import Testing
import Transport

@testable import Probes

/// What is kept of what was said in a poll.
@Suite struct TranscriptTests {
    private func transcript(
        _ plan: PollPlan, _ lines: [String], then end: Interruption = .hangUp, transcribing: Transcribing = .all
    ) -> Transcript? {
        let bytes = lines.flatMap { Array($0.utf8) + crlf }
        return rehearse(plan, [bytes[...]], then: end, transcribing: transcribing).report.transcript
    }

    private static let good = ["+OK hi", "+OK", "+OK", "+OK bye"]

    @Test func `each line has its time and its side`() throws {
        let told = try #require(transcript(.pop3(), ["+OK hi", "+OK", "-ERR [AUTH] \u{1B}no"]))
        #expect(
            told.all == [
                "1 event connected", "3 received +OK hi", "3 sent USER joe", "4 received +OK",
                "4 sent PASS [password]",
                #"5 received -ERR [AUTH] \x1bno"#, #"5 event rejected [AUTH] \x1bno"#,
            ])
        #expect(told.omitted == 0)
    }

    @Test func `what cuts a poll short is its last line`() throws {
        let told = try #require(transcript(.pop3(), ["+OK hi"], then: .deadline))
        #expect(told.all.last == "4 event timeout no answer in time")
    }

    @Test func `TLS and its peer are lines of their own`() throws {
        var plan = PollPlan.pop3()
        plan.service = Service(.pop3, port: 110, tls: .starttls)
        let told = try #require(transcript(plan, ["+OK hi", "+OK", "STLS", ".", "+OK go"] + Self.good))
        #expect(
            told.all[6...9] == ["6 sent STLS", "7 received +OK go", "7 event TLS begins", "8 event TLS: TLSv1.3, "])
    }

    @Test func `a poll that succeeds has one only where all have`() {
        #expect(transcript(.pop3(), Self.good)?.all.count == 8)
        #expect(transcript(.pop3(), Self.good, transcribing: .failures) == nil)
        #expect(transcript(.pop3(), Self.good, transcribing: .nothing) == nil)
        #expect(transcript(.pop3(), ["-ERR"], transcribing: .failures) != nil)
        #expect(transcript(.pop3(), ["-ERR"], transcribing: .nothing) == nil)
    }

    @Test func `of a long conversation the beginning and the end are kept`() throws {
        let lines = (1...100).map { "* LIST () \"/\" box\($0)" }
        let told = try #require(transcript(.imap(), ["* OK [CAPABILITY IMAP4rev1]", "d1 OK"] + lines + ["d2 NO gone"]))
        #expect(told.beginning.count == 10 && told.end.count == 21)
        #expect(told.omitted == 101 + 6 - 30)
        #expect(told.beginning.last?.text == "* LIST () \"/\" box4")
        #expect(told.end.first?.text == "* LIST () \"/\" box82")
        #expect(told.end.last?.text == "rejected gone")
    }

    @Test func `long lines are cut, and so is the whole`() throws {
        let long = String(repeating: "x", count: 1_000)
        let told = try #require(transcript(.imap(), ["* OK \(long)"] + (0..<50).map { _ in "* \(long)" }))
        let texts = (told.beginning + told.end).map(\.text.utf8.count)
        #expect((190...200).contains(texts.max() ?? 0))
        #expect((3_500...4_096).contains(texts.reduce(0, +)))
        #expect(told.end.last?.kind == .event)
        #expect(told.beginning.dropFirst().first?.text.hasSuffix("x…") == true)
    }
}

/// No transcript shows a password, whatever it is, however it was sent, and whatever the server makes of it.
@Suite struct TranscriptRedactionTests {
    private static let passwords = [
        "hunter2", "two words", "quo\"te", "back\\slash", "pässwört", "{5} ", "LOGIN", "PASS wörd", "joe1", "xyz", "…",
        String(repeating: "Long", count: 100), String(repeating: "ö", count: 300),
    ]

    /// Conversations up to and behind the login, in all the ways there are.
    private static let conversations: [(Service, [String])] = [
        (Service(.imap, port: 143), ["* OK [CAPABILITY IMAP4rev1]", "+ go", "+ go"]),
        (Service(.imap, port: 143), ["* OK [CAPABILITY IMAP4rev1 LITERAL+]"]),
        (Service(.imap, port: 143), ["* OK [CAPABILITY LOGINDISABLED AUTH=PLAIN]", "+ "]),
        (Service(.imap, port: 143), ["* OK [CAPABILITY LOGINDISABLED AUTH=PLAIN SASL-IR]"]),
        (Service(.pop3, port: 110), ["+OK hi", "+OK"]),
        (Service(.sieve, port: 4190), ["\"SASL\" \"PLAIN\"", "OK"]),
        (Service(.submission, port: 587), ["220 hi", "250-x", "250 AUTH PLAIN"]),
    ]

    @Test(arguments: passwords, [nil, "master"])
    func `not as it was sent, and not as a server repeats it`(password: String, master: String?) throws {
        let account = Account(username: "joe", password: Password(password), masterUser: master)
        let forms = [
            password, String(decoding: SASL.plain(account).prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self),
            String(decoding: IMAPString.quotedContent(password.utf8), as: UTF8.self),
        ]
        for (service, lines) in Self.conversations {
            // Only SASL knows master users.
            if master != nil, service.mailProtocol == .imap, !lines[0].contains("AUTH=PLAIN") { continue }
            let plan = PollPlan(service: service, account: account)
            let echoes = forms.map { "* \($0)" } + [String(repeating: "-", count: 190) + password + password]
            let bytes = (lines + echoes).flatMap { Array($0.utf8) + crlf }
            let poll = rehearse(plan, [bytes[...]], transcribing: .all)
            let told = try #require(poll.report.transcript)
            let logins = (told.beginning + told.end).filter { $0.kind == .sent }
            #expect(!logins.isEmpty, "\(service) \(lines)")
            for line in told.beginning + told.end {
                // The words of the program itself tell nothing.
                let text = line.text.replacing("LOGIN \"joe\"", with: "")
                    .replacing(#/^PASS |CAPABILITY.*|^d1 (LOGIN|AUTHENTICATE) /#, with: "")
                for form in forms where form.count > 1 {
                    #expect(!text.contains(form), "\(service) \(lines): \(line)")
                }
            }
        }
    }

    @Test(arguments: [
        ("LOGIN", "d1 LOGIN \"joe\" \"[password]\""), ("d1 L", "d1 LOGIN \"joe\" \"[password]\""),
        ("say \"hi\"", "d1 LOGIN \"joe\" \"[password]\""),
        ("abc", "d1 LOGIN [withheld: the password is very short]"), ("", "d1 LOGIN \"joe\" \"\""),
    ])
    func `the program's own words have no gaps that would tell the password`(password: String, login: String) {
        let lines = Array("* OK [CAPABILITY IMAP4rev1]\r\n".utf8)
        let told = rehearse(.imap(Account("joe", password)), [lines[...]], transcribing: .all).report.transcript
        #expect(told?.all.contains("3 sent \(login)") == true, "\(told?.all ?? [])")
    }

    @Test(arguments: 150...205)
    func `the cut of a long line leaves no part of a password behind`(position: Int) throws {
        let (before, between) = (String(repeating: "x", count: position), String(repeating: "y", count: 50))
        let line = "+OK \(before)hunter2\(between)hunter2\r\n"
        let told = rehearse(.pop3(), [ArraySlice(line.utf8)], transcribing: .all).report.transcript
        let text = try #require(told?.all.first { $0.contains("received") })
        #expect(!text.contains("h"))
        #expect(text.hasSuffix("…"))
    }

    @Test func `with a very short password nothing of the server is shown`() throws {
        let told = rehearse(.pop3(Account("joe", "on")), [ArraySlice("+OK on\r\n+OK\r\n".utf8)], transcribing: .all)
        let lines = try #require(told.report.transcript).all
        #expect(lines[1] == "3 received [withheld: the password is very short]")
        #expect(lines[4] == "4 sent PASS [withheld: the password is very short]")
    }
}

extension Transcript {
    /// `3 sent USER joe`, with the milliseconds.
    fileprivate var all: [String] {
        (beginning + end).map { "\(Int($0.time.inMilliseconds)) \($0.kind.rawValue) \($0.text)" }
    }
}
