import Settings
import Site
import Testing

/// What goes with the program: its help, its manual pages' source, and Debian's package.
@Suite struct PackagingTests {
    @Test func `the list of settings, which is the manual page's summary too, has every setting as the table has it`() {
        let lines = settingsList().split(separator: "\n")
        let rows = Setting.table.flatMap { setting in
            let unit = setting.unit.map { " (\($0))" } ?? ""
            return [
                "  \(setting.name): \(setting.accepted)",
                "      \(setting.meaning)\(unit); default: \(setting.defaultValue)",
            ]
        }
        #expect(lines.filter { $0.hasPrefix("  ") }.map(String.init) == rows)
    }

    @Test func `Debian's package has the program's version`() throws {
        let entry = try #require(try Repository.text(of: "debian/changelog").split(separator: "\n").first)
        #expect(entry.hasPrefix("dovemon (\(dovemonVersion)) "))
    }
}
