internal import Glibc

/// Whether two paths lead to the same socket, however they are spelled: `/var/run` is `/run` on most machines.
///
/// Where there is none at the moment, as nobody listens, its directory decides.
package func isSameSocket(_ path: String, _ other: String) -> Bool {
    if path == other { return true }
    // What comes behind a zero byte no system call would see.
    guard !path.utf8.contains(0), !other.utf8.contains(0) else { return false }
    if let first = identity(path), let second = identity(other) { return first == second }
    guard let first = place(path), let second = place(other) else { return false }
    return first == second
}

private func identity(_ path: String) -> [UInt]? {
    var status = stat()
    return stat(path, &status) == 0 ? [UInt(status.st_dev), UInt(status.st_ino)] : nil
}

/// The directory as it is, and the name in it.
private func place(_ path: String) -> String? {
    guard let end = path.lastIndex(of: "/"),
        let directory = realpath(end == path.startIndex ? "/" : String(path[..<end]), nil)
    else { return nil }
    defer { free(directory) }
    return String(cString: directory) + path[end...]
}
