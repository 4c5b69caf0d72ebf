import Glibc

/// The living processes of a process group that bear `name` (the kernel's name for them, 15 bytes at most).
///
/// Dovecot's services are named after their program: `auth`, `director`, `imap-login`.
func processes(named name: String, inGroup group: pid_t) -> [pid_t] {
    guard let listing = opendir("/proc") else { return [] }
    defer { closedir(listing) }
    var found: [pid_t] = []
    while let entry = readdir(listing) {
        let text = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        // "123 (imap-login) S PARENT GROUP …"; the name itself may hold spaces and brackets.
        guard let pid = pid_t(text), let line = readFile("/proc/\(pid)/stat"),
            let opening = line.firstIndex(of: "("), let closing = line.lastIndex(of: ")")
        else { continue }
        let fields = line[closing...].split(separator: " ")
        guard line[line.index(after: opening)..<closing] == name, fields.count > 3, pid_t(fields[3]) == group,
            fields[1] != "Z"
        else { continue }
        found.append(pid)
    }
    return found
}
