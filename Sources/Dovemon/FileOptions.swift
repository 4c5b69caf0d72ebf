internal import ArgumentParser
internal import Settings
internal import Site
internal import Transport

/// Where the settings and the accounts are read from.
struct FileOptions: ParsableArguments {
    @Option(
        name: [.customShort("c"), .long], help: "The configuration (default: /etc/dovecot/dovemon/config.yml).",
        completion: .file(extensions: ["yml"]))
    var config: String?

    @Option(
        name: [.customShort("a"), .long],
        help: "The test accounts (default: /etc/dovecot/dovemon/test.accounts.yml; none without that file).",
        completion: .file(extensions: ["yml"]))
    var accounts: String?

    /// Reads both files as they are now.
    func read() -> ReadFiles {
        ReadFiles(
            settings: Settings.load(path: config, rules: [.readableAuthorities]),
            accounts: Accounts.load(path: accounts))
    }

    /// Writes the default configuration where there is none; never over a file.
    func writeMissingConfiguration() throws {
        guard let path = Settings.missing(path: config) else { return }
        try writeNew(sampleConfiguration(), to: path, permissions: 0o644)
        standardError("dovemon: \(printable(path, limit: 4096)): written, as there was no configuration")
    }

    /// Reads both files; where one cannot be used, tells why on standard error and ends the program.
    func loadOrExit() throws -> LoadedFiles {
        let files = read()
        if let loaded = files.loaded { return loaded }
        for diagnostic in files.diagnostics { standardError("\(diagnostic)") }
        if case .absent = files.settings { throw ExitStatus.notConfigured }
        throw ExitStatus.unusable
    }
}

extension SettingsRule {
    /// The file of trusted issuers can be used. OpenSSL alone knows, and it is asked where the setting's place is known.
    static let readableAuthorities = SettingsRule(
        names: ["ssl_ca_file"], accepted: "a PEM file with a certificate in it, which dovemon's user can read",
        complaint: { settings in
            guard let file = settings.authoritiesFile else { return nil }
            do throws(TLSError) {
                _ = try TLSContext(TLSConfiguration(trust: .file(file)))
                return nil
            } catch {
                return error.reason
            }
        })
}

/// What came of reading both files.
struct ReadFiles {
    let settings: Loaded<Settings>
    let accounts: Loaded<Accounts>
    /// What is wrong, or doubtful, in either or between them.
    let diagnostics: [Diagnostic]

    init(settings: Loaded<Settings>, accounts: Loaded<Accounts>) {
        self.settings = settings
        self.accounts = accounts
        diagnostics = settings.diagnostics + accounts.diagnostics + doubts(between: settings, accounts)
    }

    /// Their contents; nil where they cannot be used.
    var loaded: LoadedFiles? {
        guard let settings = settings.value, let accounts = accounts.value,
            !diagnostics.contains(where: { $0.severity == .error })
        else { return nil }
        return LoadedFiles(settings: settings, accounts: accounts, remarks: diagnostics)
    }
}

/// Both files' contents.
struct LoadedFiles: Sendable {
    var settings: Settings
    let accounts: Accounts
    /// The warnings, and the advice.
    let remarks: [Diagnostic]
}

extension LoadedFiles {
    /// The same, with `dry_run: yes` where the command line asks for it.
    func commandingNothing(if isDryRun: Bool) -> LoadedFiles {
        var files = self
        if isDryRun { files.settings.isDryRun = true }
        return files
    }
}
