import Glibc
import Testing

/// What fuzzing has found, and what it began with (`Fuzz/Corpus`): each input is run again as a test.
@Suite struct CorpusTests {
    private static let corpus = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Fuzz/Corpus"

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `no input that was kept does any harm`(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let files = try files(in: "\(Self.corpus)/\(name)")
        #expect(!files.isEmpty)
        for file in files {
            let complaints = target.complaints(try contents(of: "\(Self.corpus)/\(name)/\(file)"))
            #expect(complaints == [], "\(name)/\(file)")
        }
    }

    @Test func `each corpus is of a target`() throws {
        #expect(try Set(files(in: Self.corpus)) == Set(FuzzTarget.all.map(\.name)))
    }

    private func files(in directory: String) throws -> [String] {
        let stream = try #require(opendir(directory), "\(directory)")
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private func contents(of path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"), "\(path)")
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }
}
