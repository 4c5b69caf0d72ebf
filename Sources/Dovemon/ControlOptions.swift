internal import ArgumentParser
internal import Control
internal import Glibc
internal import Settings
internal import Site

/// Where the daemon is asked.
struct ControlOptions: ParsableArguments {
    @Option(
        name: [.customShort("c"), .long],
        help: "The daemon's configuration, which names its control_socket (default: /etc/dovecot/dovemon/config.yml).",
        completion: .file(extensions: ["yml"]))
    var config: String?

    @Option(help: "The control socket, whatever the configuration says.", completion: .file())
    var socket: String?

    /// Asks the daemon; where it does not answer, or refuses, tells why and ends the program.
    func ask<Answer: Codable & Sendable>(_ request: ControlRequest, for answer: Answer.Type) throws -> Answer {
        let client = try client()
        do throws(ControlClient.Failure) {
            return try client.ask(request, for: answer)
        } catch {
            standardError("dovemon: \(error)")
            throw ExitStatus.unusable
        }
    }

    /// A client for the socket that is named; ends the program where none is.
    func client() throws -> ControlClient {
        if let socket { return ControlClient(path: socket) }
        let loaded = Settings.load(path: config)
        // Whoever may ask the daemon need not be able to read its configuration.
        if let config, loaded.value == nil {
            for diagnostic in loaded.diagnostics { standardError("\(diagnostic)") }
            standardError(
                "dovemon: \(printable(config, limit: 4096)): cannot be used; --socket names the socket itself")
            throw ExitStatus.unusable
        }
        guard let path = (loaded.value ?? Settings()).controlSocket else {
            standardError("dovemon: control_socket is empty in the configuration: the daemon cannot be asked")
            throw ExitStatus.unusable
        }
        return ControlClient(path: path)
    }
}

/// Refuses what is no address, before anybody is asked.
func requireAddress(_ text: String) throws {
    guard IPAddress(text) != nil else {
        throw ValidationError("\(printable(text)): not an IP address; backends are named as the director lists them.")
    }
}

/// Whether standard output is a terminal that shows colours, and the user has not declined them (no-color.org).
var showsColours: Bool {
    isatty(STDOUT_FILENO) == 1 && !isDumbTerminal && !(getenv("NO_COLOR").map { $0.pointee != 0 } ?? false)
}

/// Whether the terminal says of itself that it knows no escape sequences (terminfo's `dumb`).
var isDumbTerminal: Bool { getenv("TERM").map { String(cString: $0) } == "dumb" }

/// The terminal's columns and lines; nil where standard output is none.
func terminalSize() -> (columns: Int, lines: Int)? {
    var size = winsize()
    guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 else { return nil }
    // A terminal that does not know its size is taken for an old one.
    return (size.ws_col > 0 ? Int(size.ws_col) : 80, size.ws_row > 0 ? Int(size.ws_row) : 24)
}
