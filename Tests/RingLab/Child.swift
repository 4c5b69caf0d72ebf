import Glibc
import Synchronization

/// How a process ended.
package enum ExitStatus: Hashable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)
}

/// POSIX_SPAWN_SETSID, which Glibc's module does not show.
private let setsidFlag: Int32 = 0x80

/// posix_spawn_file_actions_addclosefrom_np(3) from 3 on, which Glibc's module does not show either.
private func closeOthers(_ actions: inout posix_spawn_file_actions_t) {
    typealias Function = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
    guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else { return }
    _ = unsafeBitCast(symbol, to: Function.self)(&actions, 3)
}

/// A process that the lab started, the leader of a process group of its own.
///
/// It is signalled only while it is known not to have been waited for, so that a signal never hits a stranger that got
/// its number. When it has ended, whatever it left in its group is killed before its number is given back.
final class Child: Sendable {
    let pid: pid_t
    private let status = Mutex<ExitStatus?>(nil)

    /// Where a child's standard input, output and error go.
    struct Streams {
        var input: Int32?
        var output: Int32?
        var error: Int32?
    }

    /// Starts `arguments[0]`, an absolute path. Descriptors other than the three streams do not reach it.
    ///
    /// - Parameter ownSession: away from the terminal too, so that closing it does not reach the child.
    init(_ arguments: [String], streams: Streams, ownSession: Bool = false) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (stream, source) in [(0, streams.input), (1, streams.output), (2, streams.error)] as [(Int32, Int32?)] {
            if let source {
                posix_spawn_file_actions_adddup2(&actions, source, stream)
            } else {
                posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0)
            }
        }
        closeOthers(&actions)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The lab's process may ignore or block signals: the child starts with none of that.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        flags |= ownSession ? setsidFlag : Int32(POSIX_SPAWN_SETPGROUP)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var started: pid_t = 0
        let code = posix_spawn(&started, arguments[0], &actions, &attributes, words, environ)
        guard code == 0 else { throw LabError.failed("\(arguments[0]): \(String(cString: strerror(code)))") }
        pid = started
    }

    /// How it ended; nil while it runs.
    func exitStatus() -> ExitStatus? {
        status.withLock { status in
            if status == nil { status = reap() }
            return status
        }
    }

    /// Signals the process alone. False when it has ended.
    @discardableResult
    func signal(_ number: Int32) -> Bool {
        status.withLock { $0 == nil && kill(pid, number) == 0 }
    }

    /// Signals the process and all that it started. False when it has ended.
    @discardableResult
    func signalGroup(_ number: Int32) -> Bool {
        status.withLock { $0 == nil && kill(-pid, number) == 0 }
    }

    private func reap() -> ExitStatus? {
        var information = siginfo_t()
        let ended = waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
        guard ended == 0, information.si_signo == SIGCHLD else { return nil }
        kill(-pid, SIGKILL)
        var raw: Int32 = 0
        while waitpid(pid, &raw, 0) == -1, errno == EINTR {}
        return raw & 0x7f == 0 ? .exited((raw >> 8) & 0xff) : .killed(signal: raw & 0x7f)
    }
}
