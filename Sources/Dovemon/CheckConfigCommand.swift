internal import ArgumentParser
internal import Settings

/// `dovemon check-config`: reads both files and prints what is in force, or says which settings there are.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Check the configuration and print the effective settings.",
        discussion: """
            Lists every mistake, every doubt and every piece of advice as FILE:LINE:COLUMN, and prints the settings in \
            force, with passwords hidden. Exit status: 0 all is well, 3 something is wrong or doubtful, 4 there is no \
            configuration. --settings reads nothing; dovemon.yml(5) says more of each.
            """)

    @OptionGroup var files: FileOptions

    @Flag(help: "Print every setting, what it accepts, its meaning and its default instead.")
    var settings = false

    func run() throws {
        guard !settings else { return try standardOutput(settingsList()) }
        let loaded = try files.loadOrExit()
        for remark in loaded.remarks { standardError("\(remark)") }
        try standardOutput(effectiveConfiguration(loaded.settings, loaded.accounts))
        // Advice is about what is meant as it stands.
        guard !loaded.remarks.contains(where: { $0.severity == .warning }) else { throw ExitStatus.unusable }
    }
}
