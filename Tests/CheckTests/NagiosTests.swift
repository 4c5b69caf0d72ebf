import DirectorAdmin
import Site
import Testing

@testable import Check

@Suite struct NagiosTests {
    /// The text and the performance data; nil for a line that is not one text, one bar and one set of data at most.
    private func parts(_ line: String) -> (text: String, data: String?)? {
        let halves = line.utf8.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
        guard halves.count <= 2, !line.utf8.contains(where: { $0 < 0x20 }) else { return nil }
        let strings = halves.map { String(decoding: Array($0), as: UTF8.self) }
        return (strings[0], strings.count == 2 ? strings[1] : nil)
    }

    @Test func `healthy backends are told in one line`() {
        #expect(
            CheckResult(.listed("10.0.0.1", .good), .listed("10.0.0.2", .good)).nagios
                == "DOVEMON OK - 2 of 2 backends healthy"
                + " | healthy=2;;;0;2 faulty=0;;0;0;2 down=0;;;0;2 slowest=0.005s;;;0;")
    }

    @Test func `each faulty backend is told with its first failure`() {
        let result = CheckResult(
            .listed("10.0.0.1", .good), .listed("10.0.0.2", .good, .bad, .failed(.timeout, "late")),
            .listed("10.0.0.3", state: .down, .good))
        #expect(
            result.nagios == "DOVEMON CRITICAL - 2 of 3 backends healthy"
                + "; 10.0.0.2 imap login rejected [AUTHENTICATIONFAILED] Authentication failed."
                + "; 10.0.0.3 is down but polls well"
                + " | healthy=2;;;0;3 faulty=1;;0;0;3 down=1;;;0;3 slowest=1.235s;;;0;")
    }

    @Test(arguments: [
        (CheckResult(.listed(state: .down, .good)), "WARNING"), (CheckResult(.listed(.undetermined)), "UNKNOWN"),
        (CheckResult(.listed(vhosts: 0, .bad)), "OK"), (CheckResult(), "UNKNOWN"),
    ])
    func `the status comes first, as its word`(result: CheckResult, word: String) {
        #expect(result.nagios.hasPrefix("DOVEMON \(word) - "))
    }

    @Test func `a backend under maintenance is not told, and not counted as faulty`() {
        let line = CheckResult(.listed("10.0.0.1", .good), .listed("10.0.0.2", vhosts: 0, .bad)).nagios
        #expect(!line.contains("10.0.0.2"))
        #expect(line.contains("faulty=0;;0;0;2"))
    }

    @Test func `a director that cannot be asked is told without data`() {
        #expect(CheckResult(failure: "no such socket").nagios == "DOVEMON UNKNOWN - no such socket")
    }

    @Test func `a director without backends is told`() {
        #expect(CheckResult().nagios.hasPrefix("DOVEMON UNKNOWN - the director lists no backends | healthy=0;;;0;0 "))
    }

    @Test(arguments: [
        "a|b", "|", "||| healthy=99", "|\u{301}", "a |\u{20DD} healthy=99", "|\u{200D}", "a\nb", "a\r\nb", "a\u{1B}[0m",
    ])
    func `nothing that is said ends the text`(text: String) {
        for result in [
            CheckResult(.listed(.failed(.rejected, code: text, text))), CheckResult(failure: text),
        ] {
            let parts = parts(result.nagios)
            #expect(parts != nil)
            #expect(parts?.data == nil || parts?.data?.hasPrefix(" healthy=0;") == true)
        }
    }

    @Test(arguments: [0, 1, 10, 11, 12, 1000])
    func `no more than ten are told one by one`(count: Int) throws {
        let backends = (0..<count).map { CheckResult.Backend.listed("10.0.\($0 / 256).\($0 % 256)", .bad) }
        let line = CheckResult(checkedAt: 0, backends: [.listed("10.9.9.9", .good)] + backends).nagios
        let text = try #require(parts(line)).text
        #expect(text.split(separator: "; ").filter { $0.contains("login rejected") }.count == min(10, count))
        #expect(text.contains("; \(count - 10) more") == (count > 10))
        #expect(line.utf8.count < 4096)
    }

    @Test func `the performance data is as the guidelines have it`() throws {
        let result = CheckResult(.listed("10.0.0.1", .good), .listed("10.0.0.2", .bad), .listed("10.0.0.3"))
        let data = try #require(parts(result.nagios)?.data)
        let names = try data.split(separator: " ").map { item in
            // 'label'=value[UOM];[warn];[crit];[min];[max]
            let expression = /(?<name>[a-z]+)=(?<value>-?[0-9]+(\.[0-9]+)?)(s|)(;[0-9.:~@]*){0,2}(;[0-9.]*){0,2}/
            return try #require(item.wholeMatch(of: expression)).name
        }
        #expect(names == ["healthy", "faulty", "down", "slowest"])
    }
}
