import Settings
import Site
import Testing

@Suite struct DocumentationTests {
    @Test func theSamplesAreReadWithoutADoubt() throws {
        let settings = Settings.read(try Repository.bytes(of: "config.yml.sample"), file: "config.yml.sample")
        var expected = Settings()
        expected.syslogFacility = .local5
        // What is better than the original, and off without a line.
        expected.retryInterval = .seconds(1)
        expected.timeoutGrows = true
        expected.upCount = 2
        expected.minHealthy = .count(1)
        expected.pollLMTPRecipient = true
        expected.httpListen = [try #require(ListenAddress("127.0.0.1:9393"))]
        #expect(settings == .read(expected, from: "config.yml.sample", warnings: []))
        let accounts = Accounts.read(try Repository.bytes(of: "test.accounts.yml.sample"), file: "sample")
        #expect(accounts.diagnostics == [])
        #expect(accounts.value?.map(\.address.description) == ["10.2.2.75", "10.2.2.76"])
        #expect(accounts.value?.map(\.account.username) == ["user0001", "user0002"])
        #expect(doubts(between: settings, accounts) == [])
    }

    @Test func theSampleIsWhatIsWrittenWhereThereIsNoConfiguration() throws {
        #expect(try Repository.text(of: "config.yml.sample") == sampleConfiguration())
    }

    @Test func theSampleHasEverySettingInTheTablesOrder() throws {
        let keys = try Repository.text(of: "config.yml.sample").split(separator: "\n")
            .filter { !$0.hasPrefix("#") }.compactMap { $0.split(separator: ":").first.map(String.init) }
        #expect(keys == Setting.table.map(\.name))
    }

    @Test func theManualHasEverySettingInTheTablesOrder() throws {
        let headings = try Repository.text(of: "docs/configuration.md").split(separator: "\n")
            .filter { $0.hasPrefix("### `") }.map { String($0.dropFirst(5).dropLast()) }
        #expect(headings == Setting.table.map(\.name))
    }

    @Test(arguments: Setting.table.map(\.name))
    func theManualSaysWhatTheTableSays(name: String) throws {
        let setting = try #require(Setting.table.first { $0.name == name })
        let manual = try Repository.text(of: "docs/configuration.md")
        let section = try #require(manual.split(separator: "\n### `\(name)`\n").last).prefix(upTo: "\n##")
        let lines = section.split(separator: "\n").map(String.init)
        #expect(lines.contains("- Type: \(setting.accepted)"))
        #expect(lines.contains("- Default: `\(setting.defaultValue)`"))
        let units = lines.filter { $0.hasPrefix("- Unit: ") }
        #expect(units == (setting.unit.map { ["- Unit: \($0)"] } ?? []))
        #expect(lines.contains { $0.first.map { "ABCDEFGHIJKLMNOPQRSTUVWXYZ0`".contains($0) } ?? false })

        let example = try #require(section.split(separator: "```yaml\n").last).prefix(upTo: "```")
        #expect(example.contains("\(name): "))
        let diagnostics = Settings.read(Array(example.utf8), file: name).diagnostics
        #expect(diagnostics.filter { $0.severity != .advice } == [])
    }

    @Test func theManualsExampleOfAccountsIsRead() throws {
        let manual = try Repository.text(of: "docs/configuration.md")
        let section = try #require(manual.split(separator: "\n## Test accounts\n").last)
        let example = try #require(section.split(separator: "```yaml\n").dropFirst().first).prefix(upTo: "```")
        let accounts = Accounts.read(Array(example.utf8), file: "example")
        #expect(accounts.diagnostics == [])
        #expect(accounts.value?.map(\.account.username) == ["user0001", "0123"])
        #expect(accounts.value?.map(\.account.password.secret).last == "with: special #characters")
        #expect(accounts.value?.fallback?.username == "probe")
    }

    @Test func noSettingHasTwoRows() {
        #expect(Set(Setting.table.map(\.name)).count == Setting.table.count)
        #expect(Setting.table.allSatisfy { !$0.meaning.isEmpty && !$0.meaning.contains("\n") })
    }
}

extension Substring {
    /// What comes before `mark`, everything when it does not come.
    fileprivate func prefix(upTo mark: String) -> Substring {
        guard let range = firstRange(of: mark) else { return self }
        return self[..<range.lowerBound]
    }
}
