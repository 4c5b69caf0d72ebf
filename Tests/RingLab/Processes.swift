import Glibc

/// The living processes of a process group; with `name`, those that bear it (the kernel's name for them, 15 bytes at
/// most).
///
/// Dovecot's services are named after their program: `auth`, `director`, `imap-login`.
package func processes(named name: String? = nil, inGroup group: Int32) -> [Int32] {
    var found: [Int32] = []
    for pid in (listDirectory("/proc") ?? []).compactMap({ Int32($0) }) {
        // "123 (imap-login) S PARENT GROUP …"; the name itself may hold spaces and brackets.
        guard let line = readFile("/proc/\(pid)/stat"),
            let opening = line.firstIndex(of: "("), let closing = line.lastIndex(of: ")")
        else { continue }
        let fields = line[closing...].split(separator: " ")
        guard fields.count > 3, pid_t(fields[3]) == group, fields[1] != "Z" else { continue }
        if let name, line[line.index(after: opening)..<closing] != name { continue }
        found.append(pid)
    }
    return found
}
