import Glibc
import Surroundings
import Testing

@Suite struct LockFileTests {
    private let scratch: Scratch
    private var path: String { "\(scratch.path)/dovemon.pid" }

    init() throws { scratch = try Scratch() }

    /// How an attempt to lock ends; nil when it succeeds.
    private func failure(_ path: String) -> LockFile.Failure? {
        do throws(LockFile.Failure) {
            _ = try LockFile(path: path)
            return nil
        } catch {
            return error
        }
    }

    @Test func itHoldsTheOwnersNumberAndIsRemovedAtTheEnd() throws {
        do {
            let lock = try LockFile(path: path)
            #expect(scratch.lines(of: "dovemon.pid") == ["\(getpid())"])
            #expect(failure(path) == .held(by: getpid()))
            _ = lock
        }
        #expect(access(path, F_OK) != 0)
        #expect(failure(path) == nil)
    }

    @Test func anotherProcessThatHasItIsTold() throws {
        let fifo = try scratch.fifo("fifo")
        let hold = "exec 9>>\(path); flock 9; echo 4711 >&9; echo locked; read -r line <\(scratch.path)/fifo"
        let other = popen(hold, "r")
        try #require(other != nil)
        var line = [CChar](repeating: 0, count: 16)
        #expect(fgets(&line, 16, other) != nil)
        #expect(failure(path) == .held(by: 4711))
        #expect(scratch.lines(of: "dovemon.pid") == ["4711"])
        try fifo.write()
        pclose(other)
        // It has ended without removing the file, as one that was killed.
        #expect(access(path, F_OK) == 0)
        let lock = try LockFile(path: path)
        #expect(scratch.lines(of: "dovemon.pid") == ["\(getpid())"])
        _ = lock
    }

    @Test(arguments: ["", "no number", "99999999999999999999"])
    func aHolderThatIsNotNamedIsToldWithoutItsName(content: String) throws {
        try scratch.write(content, to: "dovemon.pid")
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        #expect(flock(descriptor, LOCK_EX) == 0)
        #expect(failure(path) == .held(by: nil))
    }

    @Test func anotherFileThatHasTakenTheNameIsLeftAlone() throws {
        do {
            let lock = try LockFile(path: path)
            unlink(path)
            try scratch.write("other\n", to: "dovemon.pid")
            _ = lock
        }
        #expect(scratch.lines(of: "dovemon.pid") == ["other"])
    }

    @Test func whatIsNoPlainFileIsNotLocked() throws {
        let fifo = try scratch.fifo("fifo")
        try scratch.write("", to: "target")
        symlink("\(scratch.path)/target", "\(scratch.path)/link")
        for path in ["\(scratch.path)/fifo", "\(scratch.path)/link", scratch.path, "\(scratch.path)/none/file"] {
            guard case .impossible = failure(path) else {
                Issue.record("\(path) was locked")
                continue
            }
        }
        withExtendedLifetime(fifo) {}
    }

    @Test func theDefaultPlaceIsSystemdsElseTheOriginalsElseRun() {
        #expect(
            LockFile.defaultPath(runtimeDirectory: "/run/dovemon", subsystems: "/tmp") == "/run/dovemon/dovemon.pid")
        #expect(LockFile.defaultPath(runtimeDirectory: "/run/a:/run/b", subsystems: "/tmp") == "/run/a/dovemon.pid")
        #expect(LockFile.defaultPath(runtimeDirectory: nil, subsystems: "/tmp") == "/tmp/dovemon")
        #expect(LockFile.defaultPath(runtimeDirectory: nil, subsystems: "/nowhere") == "/run/dovemon.pid")
        #expect(LockFile.defaultPath(runtimeDirectory: nil, subsystems: "/etc/passwd") == "/run/dovemon.pid")
    }
}
