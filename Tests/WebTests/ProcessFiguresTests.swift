import Glibc
import Testing

@testable import Web

@Suite struct ProcessFiguresTests {
    @Test("the kernel's line is read behind the program's name, in which anything may stand")
    func line() throws {
        let stat =
            "77 (a) b (c) R 1 77 77 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 3 0 10000 300000000 2000 18446744073709551615 0 0"
        let figures = try #require(
            ProcessFigures(
                stat: stat, bootTime: 1_000, ticks: 100, pageSize: 4_096, openDescriptors: 7, maximumDescriptors: 9))
        #expect(figures.cpuSeconds == 2)
        #expect(figures.start == 1_100)
        #expect(figures.virtualBytes == 300_000_000)
        #expect(figures.residentBytes == 8_192_000)
        #expect(figures.openDescriptors == 7 && figures.maximumDescriptors == 9)
        for wrong in ["", "77 (a", "77 (a) R 1 2", "77 (a) " + String(repeating: "x ", count: 30)] {
            #expect(
                ProcessFigures(
                    stat: wrong, bootTime: 0, ticks: 100, pageSize: 1, openDescriptors: 0, maximumDescriptors: 0) == nil
            )
        }
    }

    @Test("this process has figures that can be")
    func own() throws {
        let figures = try #require(ProcessFigures.now())
        #expect(figures.residentBytes > 1_000_000 && figures.residentBytes < figures.virtualBytes)
        #expect((3...figures.maximumDescriptors).contains(figures.openDescriptors))
        #expect(figures.start > 1_600_000_000 && figures.start <= Double(time(nil)) + 2)
        let file = open("/dev/null", O_RDONLY)
        #expect(try #require(ProcessFigures.now()).openDescriptors >= figures.openDescriptors)
        close(file)
    }
}
