import DirectorAdmin
import Glibc
import Monitor
import Site
import Surroundings
import TemporaryFiles
import Testing

/// Who may write a state file.
@Suite struct StateStoreTests {
    private let directory: TemporaryDirectory
    private let file: StateFile
    private let now = Instant.origin + .seconds(1000)

    init() throws {
        directory = try TemporaryDirectory()
        file = StateFile(path: "\(directory.path)/state.json", director: "/run/d")
    }

    private static let state: MonitorState = {
        guard let address = IPAddress("10.0.0.1") else { preconditionFailure("no address") }
        return MonitorState(intents: [address: DownIntent(at: .origin)])
    }()

    private func open(
        _ file: StateFile, isDryRun: Bool = false
    ) -> (store: StateStore, state: MonitorState, remarks: [String]) {
        StateStore.open(file, isDryRun: isDryRun, origin: 0, at: now)
    }

    private func change(
        _ former: StateStore?, to file: StateFile?, isDryRun: Bool = false
    ) -> (store: StateStore?, found: MonitorState?, remarks: [String]) {
        StateStore.change(former, to: file, isDryRun: isDryRun, origin: 0, at: now)
    }

    private var written: MonitorState {
        get throws { try file.read(origin: 0, at: now).state }
    }

    // MARK: What cannot be read

    /// root reads everything; the file system user id is the one thing that a thread has for itself.
    private func asNobody<Result>(_ body: () throws -> Result) throws -> Result {
        typealias SetUser = @convention(c) (uid_t) -> Int32
        guard geteuid() == 0 else { return try body() }
        let setFileSystemUser = unsafeBitCast(try #require(dlsym(nil, "setfsuid")), to: SetUser.self)
        _ = setFileSystemUser(65_534)
        defer { _ = setFileSystemUser(0) }
        return try body()
    }

    @Test func `A file that may not be read is left as it was, now and at each reload`() throws {
        try file.write(Self.state, origin: 0)
        #expect(chmod(directory.path, 0o755) == 0 && chmod(file.path, 0) == 0)
        let (store, state, remarks) = try asNobody { open(file) }
        #expect(state == MonitorState())
        #expect(
            remarks == [
                "\(file.path): Permission denied: left as it is, neither used nor written, so that it is not known whose "
                    + "downs they are; let dovemon's user read it, or move it away, and restart dovemon"
            ])
        #expect(chmod(file.path, 0o600) == 0)
        try store.write(MonitorState(), origin: 0)
        #expect(try written == Self.state)
        // What is in it would be lost still: only a start reads it.
        let again = change(store, to: file)
        try again.store?.write(MonitorState(), origin: 0)
        #expect(try written == Self.state)
        #expect(open(file).state == Self.state)
    }

    @Test(arguments: [S_IFDIR, S_IFIFO]) func `What is no file is left alone`(kind: mode_t) throws {
        #expect((kind == S_IFDIR ? mkdir(file.path, 0o700) : mkfifo(file.path, 0o600)) == 0)
        let (store, _, remarks) = open(file)
        #expect(remarks.count == 1 && remarks[0].hasPrefix("\(file.path): not a regular file: left as it is, "))
        try store.write(Self.state, origin: 0)
        var status = stat()
        #expect(stat(file.path, &status) == 0 && status.st_mode & S_IFMT == kind)
    }

    @Test func `A directory that is missing is one remark, and may come`() throws {
        let lost = StateFile(path: "\(directory.path)/none/state.json", director: "/run/d")
        let (store, _, remarks) = open(lost)
        #expect(remarks.count == 1 && remarks[0].contains("none: No such file or directory: a restart will not know"))
        #expect(throws: StateFile.Failure.self) { try store.write(Self.state, origin: 0) }
        #expect(mkdir("\(directory.path)/none", 0o700) == 0)
        try store.write(Self.state, origin: 0)
        #expect(try lost.read(origin: 0, at: now).state == Self.state)
        unlink(lost.path)
        rmdir("\(directory.path)/none")
    }

    // MARK: Two dovemons

    @Test func `A second dovemon neither reads nor writes the file of the first`() throws {
        let first = open(file)
        try first.store.write(Self.state, origin: 0)
        // Of another director even, whose file it would set aside.
        for director in ["/run/d", "/run/other"] {
            let (store, state, remarks) = open(StateFile(path: file.path, director: director))
            #expect(state == MonitorState())
            #expect(
                remarks == [
                    "\(file.path): process \(getpid()) has it, a dovemon most likely: neither read nor written, so that a "
                        + "restart will not know whose downs they are; name another file by state_file, and reload"
                ])
            try store.write(MonitorState(), origin: 0)
        }
        #expect(try written == Self.state)
        // The file is another one now, and the lock still holds.
        try first.store.write(Self.state, origin: 0)
        #expect(open(file).remarks.count == 1)
        #expect(try directory.names() == ["state.json", "state.json.lock"])
        withExtendedLifetime(first) {}
    }

    @Test func `A reload tries again to get what another one had`() throws {
        var first: StateStore? = open(file).store
        let second = open(file).store
        #expect(change(second, to: file).remarks.count == 1)
        withExtendedLifetime(first) {}
        first = nil
        let (store, found, remarks) = change(second, to: file)
        #expect(found == MonitorState())
        try store?.write(Self.state, origin: 0)
        #expect(try written == Self.state && remarks == [])
    }

    @Test func `A reload keeps the lock, also for another director, and gives it back with another file`() throws {
        var store: StateStore? = open(file).store
        store = change(store, to: StateFile(path: file.path, director: "/run/other")).store
        try store?.write(Self.state, origin: 0)
        store = change(store, to: file).store
        try store?.write(Self.state, origin: 0)
        #expect(try written == Self.state)
        #expect(open(file).remarks.count == 1)
        let other = StateFile(path: "\(directory.path)/other.json", director: "/run/d")
        store = change(store, to: other).store
        #expect(open(file).remarks == [])
        #expect(open(other).remarks.count == 1)
        store = change(store, to: nil).store
        #expect(store == nil && open(other).remarks == [])
        #expect(try directory.names() == ["state.json"])
    }

    @Test func `A lock that cannot be had is a remark, and no more`() throws {
        #expect(mkdir(file.path + ".lock", 0o700) == 0)
        let (store, _, remarks) = open(file)
        #expect(remarks.count == 1 && remarks[0].hasPrefix("\(file.path).lock: cannot be locked: Is a directory: let "))
        try store.write(Self.state, origin: 0)
        #expect(try written == Self.state)
    }

    // MARK: Dry runs

    @Test func `A dry run reads what another one has, and touches nothing until it is none`() throws {
        var real: StateStore? = open(file).store
        try real?.write(Self.state, origin: 0)
        let (dry, state, remarks) = open(file, isDryRun: true)
        #expect(state == Self.state && remarks == [])
        try change(dry, to: file, isDryRun: true).store?.write(MonitorState(), origin: 0)
        #expect(try written == Self.state)
        #expect(change(dry, to: file).remarks.count == 1)
        withExtendedLifetime(real) {}
        real = nil
        let (none, found, _) = change(dry, to: file)
        #expect(found == Self.state, "it may be of a later time than the dry run's start")
        try none?.write(MonitorState(), origin: 0)
        #expect(try written == MonitorState())
        #expect(change(none, to: file).found == nil, "what is this one's own is no news to it")
    }
}
