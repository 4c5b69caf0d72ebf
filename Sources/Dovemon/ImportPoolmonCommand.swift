internal import ArgumentParser
internal import Glibc
internal import Settings
internal import Site

/// `dovemon import-poolmon`: writes the files that do what poolmon does with some options.
struct ImportPoolmonCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-poolmon",
        abstract: "Write the settings and accounts that do what poolmon does.",
        usage: """
            dovemon import-poolmon [--output DIR] [--] POOLMON-OPTION ...
            dovemon import-poolmon [--output DIR] --file /etc/default/poolmon
            """,
        discussion: """
            Takes the options of poolmon or of its maintained fork, and writes config.yml and test.accounts.yml, never \
            over existing files. What has no counterpart is told on standard error. Exit status: 0 all is written, 2 it \
            could not be written, 3 the options cannot be taken over.
            """)

    @Option(help: "Take the options from the OPTIONS of this file; nothing in it is executed.", completion: .file())
    var file: String?

    @Option(help: "The directory to write to; it is created where only its parent is there.", completion: .directory)
    var output = "."

    @Argument(parsing: .captureForPassthrough, help: "poolmon's options.")
    var options: [String] = []

    func run() throws {
        if options == ["--help"] || options == ["-h"] { throw CleanExit.helpRequest(self) }
        let imported: PoolmonImport
        do {
            imported = try PoolmonImport(try words(), credentials: contentsForPoolmon)
        } catch {
            standardError("dovemon: \(error)")
            throw ExitStatus.unusable
        }
        for note in imported.notes { standardError("note: \(note)") }
        try write(imported)
    }

    private func words() throws(PoolmonMistake) -> [String] {
        let words = options.first == "--" ? Array(options.dropFirst()) : options
        guard let file else { return words }
        return try PoolmonImport.options(inFile: try contentsForPoolmon(of: file)) + words
    }

    private func write(_ imported: PoolmonImport) throws {
        let files = [
            (path: "\(output)/test.accounts.yml", text: imported.accountsText, permissions: UInt32(0o600)),
            (path: "\(output)/config.yml", text: imported.configurationText, permissions: UInt32(0o644)),
        ]
        // Half of what belongs together helps nobody.
        let existing = files.filter { access($0.path, F_OK) == 0 }
        for file in existing { standardError("dovemon: \(file.path): exists, nothing is written") }
        guard existing.isEmpty else { throw ExitStatus.notWritten }
        if mkdir(output, 0o755) != 0, errno != EEXIST {
            standardError("dovemon: \(printable(output, limit: 4_096)): \(String(cString: strerror(errno)))")
            throw ExitStatus.notWritten
        }
        for file in files {
            try writeNew(file.text, to: file.path, permissions: file.permissions)
            try standardOutput(file.path)
        }
        standardError(
            "note: try them before dovemon is started: dovemon check --config \(output)/config.yml --accounts "
                + "\(output)/test.accounts.yml; and let dovemon's user read the accounts")
    }
}

/// Writes a file that is not to be there yet, or tells why not and ends the program.
func writeNew(_ text: String, to path: String, permissions: UInt32) throws {
    switch NewFile.write(text, to: path, permissions: permissions) {
    case .written: return
    case .exists: standardError("dovemon: \(path): exists, and is left as it is")
    case .failed(let why): standardError("dovemon: \(path): \(why)")
    }
    throw ExitStatus.notWritten
}
