import Glibc

/// Replaces a file's content in one step, so that a reader never sees half of it.
func writeFile(_ path: String, _ text: String, mode: mode_t = 0o644) throws {
    let draft = path + ".new"
    let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard file >= 0 else { throw LabError.failed("\(draft): \(String(cString: strerror(errno)))") }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        guard count > 0 else {
            close(file)
            throw LabError.failed("\(draft): \(String(cString: strerror(errno)))")
        }
        rest = rest.dropFirst(count)
    }
    close(file)
    guard rename(draft, path) == 0 else { throw LabError.failed("\(path): \(String(cString: strerror(errno)))") }
}

/// A file's text; nil when it cannot be read.
package func readFile(_ path: String) -> String? {
    readBytes(path, from: 0).map { String(decoding: $0, as: UTF8.self) }
}

/// A file's bytes from `offset` on; nil when it cannot be read.
package func readBytes(_ path: String, from offset: Int) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    if offset > 0 { lseek(file, offset, SEEK_SET) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = read(file, &chunk, chunk.count)
        guard count > 0 else { return count == 0 ? bytes : nil }
        bytes += chunk[..<count]
    }
}

/// The names in a directory, without `.` and `..`; nil when it cannot be read.
package func listDirectory(_ path: String) -> [String]? {
    guard let listing = opendir(path) else { return nil }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

func makeDirectory(_ path: String) throws {
    guard mkdir(path, 0o755) == 0 else { throw LabError.failed("\(path): \(String(cString: strerror(errno)))") }
}

/// A program that was built together with the one that runs, tests or demo: they lie in one directory.
package func builtProgram(_ name: String) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = max(0, readlink("/proc/self/exe", &buffer, buffer.count))
    let own = String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return (own.lastIndex(of: "/").map { String(own[...$0]) } ?? "") + name
}
