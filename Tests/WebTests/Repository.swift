import Glibc
import Testing

/// The files of this repository.
enum Repository {
    static let root = String(#filePath.dropLast("/Tests/WebTests/Repository.swift".count))

    static func text(of path: String) throws -> String {
        let file = try #require(fopen("\(root)/\(path)", "r"), "\(path)")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&space, 1, space.count, file), count > 0 { bytes += space.prefix(count) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The names of a directory's files, in order.
    static func files(in path: String) throws -> [String] {
        let directory = try #require(opendir("\(root)/\(path)"), "\(path)")
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
