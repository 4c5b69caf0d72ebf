import Glibc

/// Why a file could not be read: what is the matter, and what to do.
struct FileFailure: Error, Equatable {
    /// Whether there is no file of that name.
    let isAbsent: Bool
    let message: String

    init(_ message: String, isAbsent: Bool = false) {
        self.message = message
        self.isAbsent = isAbsent
    }
}

/// How much of a file is read at most.
struct FileSizeLimit {
    let mebibytes: Int
    /// What to ask somebody whose file is larger.
    let advice: String

    var bytes: Int { mebibytes * 1_048_576 }
}

/// The bytes of a regular file, and what may be done with it by whom. It never waits for another process, as it would with a
/// FIFO, and never reads more than the limit.
func regularFile(
    _ path: String, limit: FileSizeLimit
) throws(FileFailure) -> (bytes: [UInt8], permissions: mode_t) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
        throw FileFailure("an empty path or one with a NUL in it names no file, give the path of a file")
    }
    var status = stat()
    // Before it is opened, since opening a device can already do something (start a watchdog, rewind a tape).
    guard stat(path, &status) == 0 else { throw FileFailure(errno) }
    try requireRegular(status)
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure(errno) }
    defer { close(descriptor) }
    guard fstat(descriptor, &status) == 0 else { throw FileFailure(errno) }
    try requireRegular(status)
    guard status.st_size <= limit.bytes else { throw FileFailure(over: limit) }
    return (try contents(of: descriptor, limit: limit), status.st_mode & 0o777)
}

/// Reads to the end: the size that was told is not believed, as a file may grow, and those of /proc say 0.
private func contents(of descriptor: Int32, limit: FileSizeLimit) throws(FileFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw FileFailure(errno) }
        guard count > 0 else { return bytes }
        bytes += chunk[..<count]
        guard bytes.count <= limit.bytes else { throw FileFailure(over: limit) }
    }
}

private func requireRegular(_ status: stat) throws(FileFailure) {
    let kind: String
    switch status.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw FileFailure("is a directory, name a file in it")
    case S_IFIFO: kind = "a FIFO"
    case S_IFSOCK: kind = "a socket"
    case S_IFCHR, S_IFBLK: kind = "a device"
    default: kind = "something special"
    }
    throw FileFailure("is \(kind), name a regular file")
}

extension FileFailure {
    fileprivate init(_ code: Int32) {
        switch code {
        case ENOENT, ENOTDIR: self.init("no such file, check the path", isAbsent: true)
        case EACCES, EPERM:
            self.init("permission denied, let the user that dovemon runs as (uid \(geteuid())) read it")
        default: self.init("cannot be read (\(String(cString: strerror(code)))), check the file system")
        }
    }

    fileprivate init(over limit: FileSizeLimit) {
        self.init("is larger than \(limit.mebibytes) MiB, \(limit.advice)")
    }
}
