internal import ArgumentParser
internal import Glibc

/// `dovemon launch`: becomes another program, with the limit of descriptors that dovemon itself was started with.
///
/// Only for dovemon's own use: a limit is the whole process's, so that it can be lowered for a program only behind the fork,
/// and neither posix_spawn nor swift-subprocess runs anything there. Setting it from outside comes too late for a program that
/// looks at once.
struct LaunchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch", abstract: "Become another program, with another limit of descriptors.",
        shouldDisplay: false)

    @Argument(help: "The soft limit of descriptors.")
    var limit: Int

    @Argument(parsing: .captureForPassthrough, help: "The program's absolute path, and its arguments.")
    var command: [String]

    /// The words that launch a program that is named behind them; none where the limit is as it was.
    static func launcher(_ limit: DescriptorLimit) -> [String] {
        // Not the file's name: another version may have taken its place since.
        limit.former.map { ["/proc/self/exe", configuration.commandName ?? "", "\($0)"] } ?? []
    }

    func run() throws {
        DescriptorLimit.set(limit)
        // Execution goes on here only when it fails. A shell would be none of dovemon's business: execvp(3) would try one.
        let words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        execv(command[0], words)
        let error = errno
        for word in words { free(word) }
        standardError("\(command[0]): cannot be run: \(String(cString: strerror(error)))")
        // As shells have it.
        throw ExitCode(error == ENOENT ? 127 : 126)
    }
}
