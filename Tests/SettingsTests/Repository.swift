@testable import Settings

/// The files at the top of the repository that go with the module.
enum Repository {
    private static let top = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

    static func text(of path: String) throws -> String { String(decoding: try bytes(of: path), as: UTF8.self) }

    static func bytes(of path: String) throws -> [UInt8] {
        try regularFile("\(top)/\(path)", limit: FileSizeLimit(mebibytes: 1, advice: "")).bytes
    }
}
