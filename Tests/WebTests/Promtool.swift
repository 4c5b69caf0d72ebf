import Foundation
import TemporaryFiles

/// Prometheus' own tool.
enum Promtool {
    /// `PROMTOOL` names it, or it is in the usual place; nil where it is not.
    static let path = [ProcessInfo.processInfo.environment["PROMTOOL"], "/usr/bin/promtool"].compactMap { $0 }
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Runs it to its end, and gives all that it said.
    static func run(_ arguments: [String], input: String = "") throws -> (status: Int32, output: String) {
        let directory = try TemporaryDirectory()
        let file = "\(directory.path)/input"
        try input.write(toFile: file, atomically: false, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path ?? "")
        process.arguments = arguments
        process.standardInput = FileHandle(forReadingAtPath: file)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
    }
}
