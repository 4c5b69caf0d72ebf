import Glibc
import Settings
import TemporaryFiles
import Testing

@Suite struct FileReaderTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func complaints(_ path: String) -> [String] {
        Settings.load(path: path).diagnostics.map(\.description)
    }

    @Test func theFirstPlaceThatHasAFileCounts() throws {
        let first = "\(directory.path)/first.yml"
        let second = try directory.write("interval: 2\n", to: "second.yml")
        var loaded = Settings.load(places: [first, second])
        #expect(loaded.value?.interval == .seconds(2))
        #expect(loaded.path == second)
        _ = try directory.write("interval: 1\n", to: "first.yml")
        loaded = Settings.load(places: [first, second])
        #expect(loaded.value?.interval == .seconds(1))
        #expect(loaded.path == first)
    }

    @Test func aPlaceThatCannotBeReadIsNotPassedOver() throws {
        let second = try directory.write("interval: 2\n", to: "second.yml")
        let loaded = Settings.load(places: [directory.path, second])
        #expect(loaded.diagnostics.map(\.description) == ["\(directory.path): is a directory, name a file in it"])
    }

    @Test func noConfigurationAnywhereIsACaseOfItsOwn() {
        let loaded = Settings.load(places: ["/nowhere/a.yml", "/nowhere/b.yml"])
        guard case .absent(let diagnostic) = loaded else {
            Issue.record("not absent: \(loaded)")
            return
        }
        #expect(
            diagnostic.description
                == "/nowhere/a.yml: no configuration here and none at /nowhere/b.yml,"
                + " copy config.yml.sample to it or name a file with --config")
    }

    @Test func noAccountsAnywhereIsNoMistake() {
        #expect(
            Accounts.load(places: ["/nowhere/a.yml", "/nowhere/b.yml"]) == .read(Accounts(), from: nil, warnings: []))
    }

    @Test(
        arguments: [(0o600, nil), (0o640, nil), (0o644, "read the passwords in it"), (0o602, "write to it")]
            as [(mode_t, String?)])
    func accountsThatEveryUserCanReachAreAWarning(mode: mode_t, reach: String?) throws {
        let path = try directory.write("default: {username: u, password: p}\n", to: "accounts.yml")
        try #require(chmod(path, mode) == 0)
        let loaded = Accounts.load(path: path)
        #expect(loaded.value?.count == 1)
        let warnings = loaded.diagnostics.map(\.description)
        #expect(
            warnings
                == (reach.map { reach in
                    [
                        "\(path): warning: every user of this machine can \(reach), close it to others (chmod o=)"
                    ]
                } ?? []))
    }

    @Test func accountsThatAreWrongAndOpenToAllAreBoth() throws {
        let path = try directory.write("default: p\n", to: "accounts.yml")
        try #require(chmod(path, 0o666) == 0)
        let diagnostics = Accounts.load(path: path).diagnostics
        #expect(diagnostics.map(\.severity) == [.error, .warning])
    }

    @Test func aFileNamedByHandHasToBeThere() {
        let complaint = ["/nowhere/a.yml: no such file, check the path"]
        #expect(Settings.load(path: "/nowhere/a.yml").diagnostics.map(\.description) == complaint)
        // Which is as good as none at the default places, and no mistake in it.
        #expect(
            Settings.load(path: "/nowhere/a.yml")
                == .absent(Diagnostic(.error, file: "/nowhere/a.yml", at: nil, "no such file, check the path")))
        #expect(Accounts.load(path: "/nowhere/a.yml").diagnostics.map(\.description) == complaint)
        #expect(Accounts.load(path: "/nowhere/a.yml").value == nil)
    }

    @Test func theDefaultPlacesAreTheSeedsAndTheManuals() {
        #expect(Settings.defaultPlaces == ["/etc/dovecot/dovemon/config.yml", "/etc/dovecot/dovemon.config.yml"])
        #expect(
            Accounts.defaultPlaces == [
                "/etc/dovecot/dovemon/test.accounts.yml", "/etc/dovecot/dovemon.testaccounts.yml",
            ])
    }

    @Test(.timeLimit(.minutes(1))) func onlyRegularFilesAreReadAndNothingIsWaitedFor() throws {
        let fifo = "\(directory.path)/fifo"
        #expect(mkfifo(fifo, 0o600) == 0)
        #expect(complaints(fifo) == ["\(fifo): is a FIFO, name a regular file"])
        #expect(complaints(directory.path) == ["\(directory.path): is a directory, name a file in it"])
        #expect(complaints("/dev/zero") == ["/dev/zero: is a device, name a regular file"])
        let socket = "\(directory.path)/socket"
        #expect(mknod(socket, S_IFSOCK | 0o600, 0) == 0)
        #expect(complaints(socket) == ["\(socket): is a socket, name a regular file"])
        #expect(complaints("") == [": an empty path or one with a NUL in it names no file, give the path of a file"])
        let loop = "\(directory.path)/loop"
        #expect(symlink(loop, loop) == 0)
        #expect(
            complaints(loop) == [
                "\(loop): cannot be read (Too many levels of symbolic links), check the file system"
            ])
    }

    @Test func hugeFilesAreRefused() throws {
        let path = try directory.write("interval: 1\n", to: "huge.yml")
        #expect(truncate(path, 100_000_000) == 0)
        #expect(
            complaints(path) == ["\(path): is larger than 1 MiB, a configuration is a few lines: name that file"])
        #expect(
            Accounts.load(path: path).diagnostics.map(\.description) == [
                "\(path): is larger than 16 MiB, 80,000 accounts need less: name the file of accounts"
            ])
    }

    @Test func aFileThatOneMayNotReadIsNamed() throws {
        let path = try directory.write("interval: 1\n", to: "secret.yml")
        #expect(chmod(path, 0) == 0)
        // root may read everything; the file system user id is the one thing that a thread has for itself.
        let isRoot = geteuid() == 0
        typealias SetUser = @convention(c) (uid_t) -> Int32
        let setFileSystemUser = unsafeBitCast(try #require(dlsym(nil, "setfsuid")), to: SetUser.self)
        if isRoot { _ = setFileSystemUser(65_534) }
        let all = complaints(path)
        if isRoot { _ = setFileSystemUser(0) }
        #expect(
            all == [
                "\(path): permission denied, let the user that dovemon runs as (uid \(geteuid())) read it"
            ])
    }
}
