package import Glibc

/// A file that one process at a time can have locked, with that process's number in it.
///
/// The lock is flock(2)'s: the kernel gives it back when the process has ended, however it did, so that a file that was
/// left behind holds up nobody.
package struct LockFile: ~Copyable, Sendable {
    /// Why there is no lock.
    package enum Failure: Error, Hashable, Sendable {
        /// Another process has it; its number, where the file tells one.
        case held(by: Int32?)
        /// It cannot be locked at all, with the system's reason.
        case impossible(String)
    }

    private let path: String
    private let descriptor: CInt

    /// Makes the file where it is missing, and locks it without waiting.
    ///
    /// Only a regular file is taken, and no symbolic link in its place: the usual places can be open to others.
    package init(path: String, permissions: mode_t = 0o644) throws(Failure) {
        self.path = path
        // Whoever had the file may have removed it between the opening and the locking: then the name is another file's.
        for _ in 0..<100 {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, permissions)
            guard descriptor >= 0 else { throw .impossible(Self.reason(errno)) }
            do throws(Failure) {
                try Self.lock(descriptor)
            } catch {
                close(descriptor)
                throw error
            }
            if Self.isSame(descriptor, path) {
                self.descriptor = descriptor
                write(getpid())
                return
            }
            close(descriptor)
        }
        throw .impossible("it is removed again and again")
    }

    /// Removes the file, or empties it where it cannot be removed, and gives the lock back.
    deinit {
        // Still under the lock, and only if it is still this file that has the name.
        if !Self.isSame(descriptor, path) || unlink(path) != 0 { ftruncate(descriptor, 0) }
        close(descriptor)
    }

    /// Ends what `deinit` ends, and keeps the lock up to here.
    package consuming func release() {}

    /// Where the file is when the settings name no other: `dovemon.pid` in the directory that systemd made for the
    /// service, else the original's place where its directory exists, else in `/run`.
    package static func defaultPath(
        runtimeDirectory: String? = environment("RUNTIME_DIRECTORY"), subsystems: String = "/var/lock/subsys"
    ) -> String {
        // systemd separates several directories by colons.
        if let directory = runtimeDirectory?.split(separator: ":").first { return "\(directory)/dovemon.pid" }
        var status = stat()
        let isThere = stat(subsystems, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        return isThere ? "\(subsystems)/dovemon" : "/run/dovemon.pid"
    }

    private static func lock(_ descriptor: CInt) throws(Failure) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .impossible(reason(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .impossible("not a regular file") }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: throw .held(by: owner(descriptor))
            default: throw .impossible(reason(errno))
            }
        }
    }

    /// The number that the file tells.
    private static func owner(_ descriptor: CInt) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    private static func isSame(_ descriptor: CInt, _ path: String) -> Bool {
        var opened = stat()
        var named = stat()
        return fstat(descriptor, &opened) == 0 && lstat(path, &named) == 0
            && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    /// A full disk is no reason not to start: the number is for people, the lock is what counts.
    private func write(_ pid: pid_t) {
        let text = Array("\(pid)\n".utf8)
        ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    private static func reason(_ number: CInt) -> String { String(cString: strerror(number)) }
}

/// A variable of the environment; nil where it is not set or empty.
package func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
}
