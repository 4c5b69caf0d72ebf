internal import ArgumentParser
internal import Control
internal import Monitor
internal import Site

/// `dovemon status`: what the running daemon knows.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell how the backends are, as the running daemon sees them.",
        discussion: """
            Polls nothing itself: `dovemon check` does. Exit status: 0 it was told, whatever it says; 3 no daemon answers, \
            or it refuses.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @OptionGroup var control: ControlOptions

    @Argument(help: "These backends alone, by their addresses.")
    var backends: [String] = []

    @Option(help: "How to tell it.")
    var format: Format = .table

    @Flag(help: "Show it, and keep it up to date until q or Ctrl-C is pressed.")
    var watch = false

    @Flag(help: "Tell the latest events with their reasons instead.")
    var events = false

    @Option(help: "So many events at most, 1 to 10000 (default: 50).")
    var limit: Int?

    func validate() throws {
        for text in backends { try requireAddress(text) }
        if watch, format == .json { throw ValidationError("--watch shows a table, and no JSON.") }
        if watch, terminalSize() == nil || isDumbTerminal {
            throw ValidationError("--watch needs a terminal that draws in place.")
        }
        if events, backends.count > 1 { throw ValidationError("--events tells of one backend, or of all.") }
        if limit != nil, !events { throw ValidationError("--limit is of --events.") }
        guard (1...10_000).contains(limit ?? 1) else { throw ValidationError("--limit: give it from 1 to 10000.") }
    }

    func run() throws {
        if watch {
            let client = try control.client()
            return try LiveView { columns, lines, keys in
                do throws(ControlClient.Failure) {
                    return try view(client, columns, lines, keys)
                } catch {
                    return error == .interrupted ? nil : "dovemon: \(error)\n"
                }
            }.run()
        }
        if events {
            let request = ControlRequest(.events, backend: backends.first, limit: limit ?? 50)
            let document = try control.ask(request, for: EventsDocument.self)
            return try standardOutput(format == .json ? jsonText(document, isPretty: true) : trimmed(document.text))
        }
        let document = try control.ask(ControlRequest(.status, backends: backends), for: StatusDocument.self)
        let text =
            format == .json
            ? jsonText(document, isPretty: true)
            : trimmed(document.text(colours: showsColours, width: terminalSize()?.columns))
        try standardOutput(text)
    }

    private func view(
        _ client: ControlClient, _ columns: Int, _ lines: Int, _ keys: CInt
    ) throws(ControlClient.Failure) -> String {
        if events {
            let request = ControlRequest(
                .events, backend: backends.first, limit: max(1, min(limit ?? 50, lines - 1)))
            return try client.ask(request, for: EventsDocument.self, until: keys).text
        }
        let request = ControlRequest(.status, backends: backends)
        // The last line of a terminal stays free: writing its last column would scroll.
        return try client.ask(request, for: StatusDocument.self, until: keys)
            .text(colours: showsColours, width: columns, height: lines - 1)
    }

    /// `standardOutput` ends the last line.
    private func trimmed(_ text: String) -> String { text.hasSuffix("\n") ? String(text.dropLast()) : text }
}

/// `dovemon explain`: why a backend is in the state it is in.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tell why a backend is in the state it is in.",
        discussion: """
            The polls, the counts, the guard, holds, ownership, the director's replies and the last failed polls with \
            their transcripts, in the order in which they happened. Exit status: 0 it was told; 3 no daemon answers, or \
            the director does not list the backend.
            """)

    @OptionGroup var control: ControlOptions

    @Argument(help: "The backend's address.")
    var backend: String

    @Option(help: "How to tell it.")
    var format: StatusCommand.Format = .table

    func validate() throws { try requireAddress(backend) }

    func run() throws {
        let document = try control.ask(ControlRequest(.backend, backend: backend), for: DetailDocument.self)
        let text = format == .json ? jsonText(document, isPretty: true) : document.text(now: LogTime.now().iso8601)
        try standardOutput(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    }
}
