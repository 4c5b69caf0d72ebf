import Glibc
import TemporaryFiles
import Testing

@testable import Settings

@Suite struct NewFileTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func permissions(of path: String) -> UInt32 {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    private func contents(of path: String) throws -> String {
        String(decoding: try regularFile(path, limit: FileSizeLimit(mebibytes: 1, advice: "")).bytes, as: UTF8.self)
    }

    /// The names in the directory but `.` and `..`.
    private func names() -> [String] {
        guard let stream = opendir(directory.path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    @Test(arguments: [0o644, 0o600] as [UInt32])
    func aFileIsWrittenWholeWithItsPermissions(mode: UInt32) throws {
        let path = "\(directory.path)/new.yml"
        #expect(NewFile.write("ä\n", to: path, permissions: mode) == .written)
        #expect(try contents(of: path) == "ä\n")
        #expect(permissions(of: path) == mode)
        #expect(names() == ["new.yml"])
    }

    @Test func whatIsThereIsNotTouched() throws {
        let path = try directory.write("mine\n", to: "old.yml")
        #expect(NewFile.write("yours\n", to: path, permissions: 0o644) == .exists)
        #expect(try contents(of: path) == "mine\n")
        #expect(names() == ["old.yml"])
        let dangling = "\(directory.path)/link.yml"
        #expect(symlink("/nowhere/x", dangling) == 0)
        #expect(NewFile.write("yours\n", to: dangling, permissions: 0o644) == .exists)
        #expect(NewFile.write("x", to: directory.path, permissions: 0o644) == .exists)
    }

    @Test func aConfigurationIsMissingWhereNoneIsAndOnlyThere() throws {
        let first = "\(directory.path)/first.yml"
        let second = "\(directory.path)/second.yml"
        #expect(Settings.missing(places: [first, second]) == first)
        #expect(Settings.missing(path: second, places: [first]) == second)
        _ = try directory.write("interval: wrong\n", to: "second.yml")
        #expect(Settings.missing(places: [first, second]) == nil)
        #expect(Settings.missing(path: second) == nil)
        #expect(Settings.missing(path: directory.path) == nil)
        #expect(NewFile.write(sampleConfiguration(), to: first, permissions: 0o644) == .written)
        #expect(Settings.load(path: first).diagnostics == [])
    }

    @Test func whyItCannotBeWrittenIsTold() {
        #expect(
            NewFile.write("x", to: "/nowhere/new.yml", permissions: 0o644) == .failed("no such directory, create it"))
        #expect(
            NewFile.write("x", to: "", permissions: 0o644)
                == .failed("an empty path or one with a NUL in it names no file, give the path of a file"))
        #expect(
            NewFile.write("x", to: "/tmp/a\0b", permissions: 0o644)
                == .failed("an empty path or one with a NUL in it names no file, give the path of a file"))
    }
}
