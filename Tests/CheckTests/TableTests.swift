import DirectorAdmin
import Site
import Testing

@testable import Check

@Suite struct TableTests {
    private let mixed = CheckResult(
        .listed(
            "10.0.0.1", users: 12345, .good,
            .failed(.timeout, "no answer in time", Service(.pop3, port: 995, tls: .implicit))),
        .listed("2001:db8::1", state: .down, vhosts: 0, users: 0, .good))

    @Test func `columns are aligned, numbers to the right`() {
        #expect(
            mixed.table(colours: false) == """
                BACKEND      STATE  VHOSTS  USERS  PROTOCOL           TIME  RESULT
                10.0.0.1     up        100  12345  imap:143         5.2 ms  ok
                                                   pop3+tls:995  1235.0 ms  FAILED login timeout no answer in time
                2001:db8::1  down        0      0  imap:143         5.2 ms  ok

                2 backends: 1 healthy, 1 faulty, 1 under maintenance
                """)
    }

    @Test func `no line ends in blanks`() {
        for line in mixed.table(colours: false).split(separator: "\n") { #expect(line.last != " ") }
    }

    @Test func `colours are used only when they are asked for`() {
        #expect(!mixed.table(colours: false).contains("\u{1B}"))
        let coloured = mixed.table(colours: true)
        #expect(coloured.contains("\u{1B}[32mok\u{1B}[0m"))
        #expect(coloured.contains("\u{1B}[31mFAILED login timeout no answer in time\u{1B}[0m"))
        let unknown = CheckResult(.listed(.undetermined)).table(colours: true)
        #expect(unknown.contains("\u{1B}[33mUNKNOWN login local no descriptors\u{1B}[0m"))
    }

    @Test func `colours do not move the columns`() {
        let plain = mixed.table(colours: true).replacing(/\u{1B}\[[0-9]+m/, with: "")
        #expect(plain == mixed.table(colours: false))
    }

    @Test func `columns without any content are left out`() {
        let heading = CheckResult(.named("10.0.0.1", .good)).table(colours: false).prefix { $0 != "\n" }
        #expect(heading.split(separator: " ") == ["BACKEND", "PROTOCOL", "TIME", "RESULT"])
    }

    @Test func `tags are shown as soon as one backend has one`() {
        let table = CheckResult(.listed("10.0.0.1", .good), .listed("10.0.0.2", tag: "de\u{1B}", .good)).table(
            colours: false)
        #expect(
            table == """
                BACKEND   TAG     STATE  VHOSTS  USERS  PROTOCOL    TIME  RESULT
                10.0.0.1          up        100      7  imap:143  5.2 ms  ok
                10.0.0.2  de\\x1b  up        100      7  imap:143  5.2 ms  ok

                2 backends: 2 healthy
                """)
    }

    @Test(arguments: [
        (CheckResult(.named("10.0.0.1", .good)), "1 backend: 1 healthy"),
        (CheckResult(.listed(.undetermined), .listed(.bad)), "2 backends: 1 faulty, 1 unknown"),
        (CheckResult(.listed(state: .down, .good)), "1 backend: 1 healthy, 1 down though healthy"),
        (CheckResult(.listed(state: .down, vhosts: 0, .good)), "1 backend: 1 healthy, 1 under maintenance"),
    ])
    func `a summary is below it`(result: CheckResult, summary: String) {
        #expect(result.table(colours: false).split(separator: "\n").last.map(String.init) == summary)
    }

    @Test func `transcripts are below their polls`() {
        #expect(
            CheckResult(.listed(.transcribed, .good)).table(colours: false) == """
                BACKEND   STATE  VHOSTS  USERS  PROTOCOL     TIME  RESULT
                10.0.0.1  up        100      7  pop3:110  12.0 ms  ok
                        0.1 ms - connected
                        2.0 ms < +OK ready.
                                 … 3 more …
                     1012.0 ms > QUIT
                                                imap:143   5.2 ms  ok

                1 backend: 1 healthy
                """)
    }

    @Test func `a director without backends is told in place of a table`() {
        #expect(CheckResult().table(colours: true) == "the director lists no backends")
    }
}
