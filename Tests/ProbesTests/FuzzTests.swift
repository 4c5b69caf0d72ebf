import Site
import Testing
import Transport

@testable import Probes

/// Good transcripts, mutated at random from fixed seeds: the same run each time.
@Suite struct FuzzTests {
    private static let transcripts: [(PollPlan, [String])] = [
        (
            .imap(),
            [
                "* OK [CAPABILITY IMAP4rev1 LITERAL+] ready", "d1 OK in", "* LIST () \"/\" {5}", "INBOX", "* 3 EXISTS",
                "d2 OK", "* BYE", "d3 OK",
            ]
        ),
        (
            .imap(Account("jürgen", "pässwört")),
            ["* OK hi", "* CAPABILITY IMAP4rev1", "d1 OK", "+ go", "+ go", "d2 OK", "d3 OK", "d4 OK"]
        ),
        (
            .imap(),
            ["* OK [CAPABILITY LOGINDISABLED AUTH=PLAIN] hi", "+ ", "d1 OK", "* X ~{2+}", "ab {0}", "", "d2 OK"]
        ),
        (.imap(nil), ["* PREAUTH hi", "* CAPABILITY X", "d1 OK", "* BYE", "d2 OK"]),
        (.pop3(), ["+OK ready", "+OK", "-ERR [AUTH] no PASS hunter2", "+OK"]),
        (.pop3(nil), ["+OK ready", "+OK list", "TOP", "SASL PLAIN", ".", "+OK"]),
        (.lmtp(), ["220-mx", "220 hi", "250-a", "250-b", "250 c", "221 bye"]),
        (
            .imap().startingTLS,
            ["* OK [CAPABILITY STARTTLS] hi", "d1 OK", "* CAPABILITY ID", "d2 OK", "d3 OK", "d4 OK", "d5 OK", "d6 OK"]
        ),
        (.pop3().startingTLS, ["+OK ready", "+OK list", "STLS", ".", "+OK", "+OK", "+OK", "+OK"]),
        (.lmtp().startingTLS, ["220 hi", "250-a", "250 STARTTLS", "220 go", "250-a", "250 b", "221 bye"]),
        (
            .submission().startingTLS,
            ["220 hi", "250-a", "250 STARTTLS", "220 go", "250-a", "250 AUTH PLAIN", "235 AGpvZQBodW50ZXIy", "221 bye"]
        ),
        (
            .sieve().startingTLS,
            [
                "\"STARTTLS\"", "OK", "OK", "\"SASL\" {5}", "PLAIN", "OK (X \"y\") \"z\"", "OK {4}", "abcd", "OK",
                "BYE",
            ]
        ),
        (
            deep,
            IMAPVisitTests.loggedIn + [
                "+ ", "d2 OK", "* 1 EXISTS", "d3 OK", "* SEARCH 7", "d4 OK",
            ] + IMAPVisitTests.read(7, IMAPVisitTests.id) + ["d5 OK", "* SEARCH 1 7", "d6 OK"]
                + IMAPVisitTests.fetch(7, IMAPVisitTests.id) + ["d7 OK", "d8 OK", "* 1 EXPUNGE", "d9 OK", "d10 OK"]
        ),
        (
            deep,
            IMAPVisitTests.loggedIn + ["d2 NO [OVERQUOTA] no", "* 1 EXISTS", "d3 OK", "* SEARCH 7", "d4 OK"]
                + IMAPVisitTests.fetch(7, "mon.example/a1/1/0000000000000001") + ["d5 OK", "d6 OK", "d7 OK"]
        ),
        (
            deep.at(.pop3),
            [
                "+OK hi", "+OK", "+OK in", "+OK 2 1400", "+OK", "TOP", ".", "+OK 1 700", "+OK", "Subject: hi", "",
                ".", "+OK 2 700", "+OK", "X-Dovemon-Test: mon.example/a1/1/0000000000000001", ".", "+OK", "+OK bye",
            ]
        ),
        (deep.at(.lmtp), ["220 hi", "250 mx", "250", "250", "250", "250", "250", "354 go", "250 saved", "221 bye"]),
    ]

    /// All that can be done.
    private static var deep: PollPlan {
        var plan = IMAPVisitTests.plan(appends: true, removal: .marked)
        plan.options.pop3 = POP3Checks(stats: true, removal: .marked)
        plan.options.lmtp = LMTPChecks(tests: true, delivers: true)
        return plan
    }

    @Test(arguments: 0..<transcripts.count)
    func `whatever a server says, a poll ends in a report that can be shown`(number: Int) {
        let (plan, lines) = Self.transcripts[number]
        let good = lines.flatMap { Array($0.utf8) + crlf }
        var random = SplitMix(seed: UInt64(number))
        for run in 0..<1_000 {
            let bytes = mutated(good, &random)
            var pieces: [ArraySlice<UInt8>] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(1 + random.below(40))
                pieces.append(piece)
                rest = rest.dropFirst(piece.count)
            }
            let performance = rehearse(plan, pieces)
            let report = performance.report
            let isWhole = rehearse(plan, [bytes[...]]) == performance
            #expect(isWhole, "number \(number), run \(run): \(bytes)")
            #expect(report.phases.reduce(.zero) { $0 + $1.duration } == report.duration)
            #expect(report.phases.first?.phase == .connect)
            #expect(Set(report.phases.map(\.phase)).count == report.phases.count)
            #expect(report.succeeded == (report.phases.last?.phase == .logout))
            // Only the message with the mark is ever named to be removed.
            let removals = performance.said.filter { $0.contains(" STORE ") || $0.contains("EXPUNGE") }
            #expect(removals.allSatisfy { $0.contains("UID STORE 7 ") || $0.hasSuffix("UID EXPUNGE 7\r\n") })
            guard let failure = report.failure else { continue }
            #expect(failure.phase == report.phases.last?.phase)
            let shown = failure.text + (failure.code ?? "")
            #expect(failure.text.utf8.count <= 200 && (failure.code?.utf8.count ?? 0) <= 64)
            #expect(plan.account.map { shown.contains($0.password.secret) } != true)
            #expect(shown.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
        }
    }

    @Test(arguments: 0..<transcripts.count)
    func `bytes without any sense are no trouble either`(number: Int) {
        var random = SplitMix(seed: UInt64(number) + 1000)
        let plan = Self.transcripts[number].0
        for _ in 0..<500 {
            let bytes = (0..<random.below(300)).map { _ in UInt8(random.below(256)) }
            let performance = rehearse(plan, [bytes[...]])
            #expect(!performance.report.succeeded)
            #expect(performance.report.failure?.phase == .greeting)
        }
    }

    /// One to four changes: bytes flipped, put in, left out, lines repeated, exchanged, lost.
    private func mutated(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var bytes = bytes
        for _ in 0...random.below(4) where !bytes.isEmpty {
            let index = random.below(bytes.count)
            switch random.below(7) {
            case 0: bytes[index] = UInt8(random.below(256))
            case 1: bytes.insert(UInt8(random.below(256)), at: index)
            case 2: bytes.remove(at: index)
            case 3: bytes.removeSubrange(index..<min(bytes.count, index + 1 + random.below(20)))
            case 4: bytes.insert(contentsOf: Self.oddities[random.below(Self.oddities.count)], at: index)
            case 5: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 1 + random.below(40))], at: index)
            default:
                var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                lines.swapAt(random.below(lines.count), random.below(lines.count))
                bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
            }
        }
        return bytes
    }

    private static let oddities = [
        "\r\n", "\n", "\0", "{", "}", " {0}\r\n", " {5}\r\n", "{99999999999999999999}\r\n", "{9223372036854775807}\r\n",
        "{-1}\r\n", "~{3}", "+\r\n", "* BYE\r\n", "d1 NO [", "] hunter2", "[[]]", "*", "* ", "\u{202E}", "\u{1B}[31m",
        "250-", "-ERR ", "+OK ", ".\r\n", "pässwört", "hunter2", String(repeating: "x", count: 300),
    ].map { Array($0.utf8) }
}

extension PollPlan {
    fileprivate func at(_ mailProtocol: MailProtocol) -> PollPlan {
        var plan = self
        plan.service = Service(mailProtocol, port: 1)
        return plan
    }
}

/// A small generator whose numbers are the same each time: Steele's SplitMix64.
private struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A number from 0 up to `bound`, which it does not reach.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
