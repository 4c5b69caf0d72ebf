import Probes
import Rehearsal
import Site
import Testing

/// That the rules bite: polls which break one are told.
@Suite struct RulesTests {
    /// An IMAP poll as a careless dialogue would hold it.
    private func complaints(
        _ header: String, hears: String = "", says words: [String], text: String = "no", phase: Phase = .greeting
    ) throws -> [String] {
        let input = try #require(PollInput(.imap, Array((header + hears).utf8)))
        let report = PollReport(
            failure: PollFailure(phase: phase, kind: .closed, text: text),
            phases: [PhaseTime(.connect, .zero), PhaseTime(.greeting, .zero)], duration: .zero)
        var complaints = Complaints()
        let said = words.map { Rehearsal<PollReport>.Word.said(Array($0.utf8)) }
        PollRules(input, Rehearsal(words: said, outcome: report)).check(&complaints)
        return complaints.texts
    }

    @Test func `what keeps the rules is not complained of`() throws {
        #expect(try complaints("A@ @", says: ["d1 LOGOUT\r\n"]) == [])
        #expect(try complaints("A@ @", hears: "UID 7 X-Dovemon-Test: a", says: ["d7 UID EXPUNGE 7\r\n"]) == [])
    }

    @Test(arguments: [
        ("E@ @", "", "d1 LOGIN joe hunter2\r\n"), ("E@ @", "", "d1 AUTHENTICATE PLAIN AGpvZQBodW50ZXIy\r\n"),
        ("A@ @", "UID 7 X-Dovemon-Test: a", "d7 UID STORE 8 +FLAGS.SILENT (\\Deleted)\r\n"),
        ("A@ @", "UID 7", "d7 UID EXPUNGE 7\r\n"), ("A@ @", "", "d7 EXPUNGE\r\n"),
        ("AA @", "UID 7 X-Dovemon-Test: a", "d7 UID EXPUNGE 7\r\n"), ("A@ @", "", "d1 NOOP\r\nx2 DELETE x\r\n"),
        ("A@ @", "", "d1 NOOP"),
    ])
    func `what breaks one is`(header: String, hears: String, says: String) throws {
        #expect(try complaints(header, hears: hears, says: [says]).count == 1)
    }

    @Test func `a report has to be fit to be shown, and to say where it failed`() throws {
        #expect(try complaints("A@ @", says: [], text: "no: hunter2").count == 1)
        #expect(try complaints("A@ @", says: [], text: "no\u{1B}[31m").count == 1)
        #expect(try complaints("A@ @", says: [], phase: .login).count == 1)
    }
}
