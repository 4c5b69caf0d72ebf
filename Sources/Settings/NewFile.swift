import Glibc

/// What came of writing a file that was not to be there yet.
package enum NewFile: Equatable, Sendable {
    /// It is there now, whole.
    case written
    /// There is one of that name, which was not touched.
    case exists
    /// It could not be written, and there is none; why, and what to do.
    case failed(String)

    /// Writes a text to a file of its own, with these permissions whatever the umask is.
    ///
    /// Nobody ever sees half of it: it is written under another name, and then linked, which replaces nothing.
    package static func write(_ text: String, to path: String, permissions: UInt32) -> NewFile {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            return .failed("an empty path or one with a NUL in it names no file, give the path of a file")
        }
        var template = Array((path + ".XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { return .failed(errno) }
        let draft = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer {
            close(descriptor)
            unlink(draft)
        }
        guard fchmod(descriptor, mode_t(permissions)) == 0, writeAll(text, to: descriptor), fsync(descriptor) == 0
        else { return .failed(errno) }
        guard link(draft, path) == 0 else { return errno == EEXIST ? .exists : .failed(errno) }
        return .written
    }

    private static func failed(_ code: Int32) -> NewFile {
        switch code {
        case ENOENT, ENOTDIR: .failed("no such directory, create it")
        case EACCES, EPERM, EROFS: .failed("permission denied, let the user (uid \(geteuid())) write to its directory")
        default: .failed("cannot be written (\(String(cString: strerror(code)))), check the file system")
        }
    }
}

private func writeAll(_ text: String, to descriptor: Int32) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { return false }
        rest = rest.dropFirst(written)
    }
    return true
}
