import Site
import Testing

@testable import DirectorAdmin

private func host(_ line: String) -> Host? { Host(Array(line.utf8)[...]) }

@Suite struct HostRowTests {
    @Test func aRowOfARealDirector() throws {
        let address = try #require(IPAddress("127.0.1.2"))
        #expect(
            host("127.0.1.2\t100\t7\t\tD\t1795224346")
                == Host(
                    address: address, spelling: "127.0.1.2", vhosts: 100, users: 7, tag: "", state: .down,
                    lastChange: 1_795_224_346))
    }

    @Test func furtherFieldsArePassedOver() {
        #expect(host("10.0.0.1\t1\t2\tt\tU\t3\t4\t\t6") == host("10.0.0.1\t1\t2\tt\tU\t3"))
    }

    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("a\u{1}tb", "a\tb"), ("a\u{1}1b", "a\u{1}b"), ("\u{1}n\u{1}r\u{1}0", "\n\r\0"),
        ("x\u{1}", "x\u{1}"), ("\u{1}z", "z"), ("ü ö", "ü ö"),
    ])
    func aTagMayBeEscaped(written: String, tag: String) {
        #expect(host("10.0.0.1\t1\t2\t\(written)\tU\t3")?.tag == tag)
    }

    @Test func aTagThatIsNotUTF8IsNoTrap() {
        let line = Array("10.0.0.1\t1\t2\t".utf8) + [0xff, 0xc3] + Array("\tU\t3".utf8)
        #expect(Host(line[...])?.tag == "\u{fffd}\u{fffd}")
    }

    @Test(arguments: [("U", HostState.up), ("D", .down), ("X", nil), ("u", nil), ("", nil), ("UP", nil)])
    func aStateIsOneOfTwoLettersOrUnknown(letter: String, state: HostState?) throws {
        let row = try #require(host("10.0.0.1\t1\t2\t\t\(letter)\t3"))
        #expect(row.state == state)
    }

    @Test(arguments: [
        "10.0.0.1\t-1\t2\t\tU\t3", "10.0.0.1\t1\t-2\t\tU\t3", "10.0.0.1\tmany\t2\t\tU\t3", "10.0.0.1\t\t2\t\tU\t3",
        "10.0.0.1\t99999999999999999999\t2\t\tU\t3", "10.0.0.1\t1\t99999999999999999999\t\tU\t3",
        "10.0.0.1\t1.5\t2\t\tU\t3", "10.0.0.1\t0x10\t2\t\tU\t3", "10.0.0.1\t 1\t2\t\tU\t3",
    ])
    func numbersThatAreNoneMakeNoRow(line: String) {
        #expect(host(line) == nil)
    }

    @Test(arguments: [
        "", "10.0.0.1", "10.0.0.1\t1\t2", "10.0.0.1\t1\t2\t", "imap1.example.org\t1\t2\t\tU\t3", "\t1\t2\t\tU\t3",
        "10.0.0.256\t1\t2\t\tU\t3", "10.0.0.1/8\t1\t2\t\tU\t3", "fe80::1%eth0\t1\t2\t\tU\t3",
        "10.0.0.1\u{1}0\t1\t2\t\tU\t3", "10.0.0.1\u{1}nHOST-DOWN\t1\t2\t\tU\t3", "010.0.0.1\t1\t2\t\tU\t3",
    ])
    func whatIsNoAddressOrTooShortIsNoRow(line: String) {
        #expect(host(line) == nil)
    }

    @Test func largeNumbersArePossible() {
        let row = host("10.0.0.1\t9223372036854775807\t9223372036854775807\t\tU\t9223372036854775807")
        #expect(row?.vhosts == .max)
        #expect(row?.users == .max)
        #expect(row?.lastChange == .max)
    }

    @Test(arguments: ["", "\t", "\tnever", "\t99999999999999999999"])
    func aTimeThatIsNoneIsNever(rest: String) {
        #expect(host("10.0.0.1\t1\t2\t\tU" + rest)?.lastChange == 0)
    }

    @Test func anIPv6AddressIsCommandedAsTheDirectorSpellsIt() throws {
        let row = try #require(host("2001:DB8:0:0::1\t1\t2\t\tU\t3"))
        #expect(row.address == IPAddress("2001:db8::1"))
        #expect(DirectorCommand(.hostDown, row).line == Array("HOST-DOWN\t2001:DB8:0:0::1\n".utf8))
        #expect(DirectorCommand(.hostUp, row).line == Array("HOST-UP\t2001:DB8:0:0::1\n".utf8))
        #expect(DirectorCommand(.hostResetUsers, row).line == Array("HOST-RESET-USERS\t2001:DB8:0:0::1\n".utf8))
        #expect(DirectorCommand(.hostFlush, row).line == Array("HOST-FLUSH\t2001:DB8:0:0::1\n".utf8))
    }

    @Test func onlyHostResetUsersTakesANumber() throws {
        let row = try #require(host("10.0.0.1\t1\t2\t\tU\t3"))
        func line(_ verb: DirectorCommand.Verb) -> String {
            String(decoding: DirectorCommand(verb, row, parallelMoves: 7).line, as: UTF8.self)
        }
        #expect(line(.hostResetUsers) == "HOST-RESET-USERS\t10.0.0.1\t7\n")
        #expect(line(.hostFlush) == "HOST-FLUSH\t10.0.0.1\n")
        #expect(line(.hostDown) == "HOST-DOWN\t10.0.0.1\n")
        #expect(DirectorCommand(weighing: row, 40).line == Array("HOST-UPDATE\t10.0.0.1\t40\n".utf8))
    }
}
