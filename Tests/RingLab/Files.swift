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
func readBytes(_ path: String, from offset: Int) -> [UInt8]? {
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

func makeDirectory(_ path: String) throws {
    guard mkdir(path, 0o755) == 0 else { throw LabError.failed("\(path): \(String(cString: strerror(errno)))") }
}
