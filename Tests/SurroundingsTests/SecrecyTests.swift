import Glibc
import RingLab
import Testing

/// What processes of the daemon's own user, beupdatescript's among them, can see of it.
@Suite struct SecrecyTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func `nobody of its own user can look into its memory, and it leaves no dump`() async throws {
        // As root, the owner of all there is, a test would see no difference.
        let lowered = getuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : ""
        let owner: uid_t = getuid() == 0 ? 65_534 : getuid()
        try #require(chmod(scratch.path, 0o777) == 0)
        try scratch.write("lockfile: \(scratch.path)/lock\ndirector_admin_socket: /nowhere\n", to: "config.yml")
        try scratch.write("", to: "accounts.yml")
        // Where it was built, other users may have no way.
        let program = "\(scratch.path)/dovemon"
        try #require(system("cp \(builtProgram("dovemon")) \(program) && chmod 755 \(program)") == 0)

        let other = try Shell("exec \(lowered) /bin/sleep 60")
        try await eventually { other.owner == owner }
        #expect(other.end(by: SIGKILL) == SIGKILL)

        let files = "--config \(scratch.path)/config.yml --accounts \(scratch.path)/accounts.yml"
        let daemon = try Shell("ulimit -c unlimited; exec \(lowered) \(program) run \(files) --foreground 2>&1")
        try await eventually { scratch.lines(of: "lock") == ["\(daemon.pid)"] }
        #expect(daemon.owner == 0)
        // A core would show in the status, and Swift itself has no use for this signal.
        #expect(daemon.end(by: SIGXCPU) == SIGXCPU)
    }
}

/// A shell's command, and its process.
private final class Shell {
    let pid: pid_t
    private let stream: UnsafeMutablePointer<FILE>

    init(_ command: String) throws {
        stream = try #require(popen("echo $$; \(command)", "r"))
        var line = [CChar](repeating: 0, count: 32)
        try #require(fgets(&line, CInt(line.count), stream) != nil)
        pid = try #require(Int32(String(decoding: line.prefix { $0 > 32 }.map(UInt8.init(bitPattern:)), as: UTF8.self)))
    }

    /// Whose its memory is: root's when its user may not see it (proc(5)).
    var owner: uid_t? {
        var status = stat()
        return stat("/proc/\(pid)/environ", &status) == 0 ? status.st_uid : nil
    }

    /// Ends it; gives the status that wait(2) does.
    func end(by signal: CInt) -> CInt {
        kill(pid, signal)
        return pclose(stream)
    }
}
