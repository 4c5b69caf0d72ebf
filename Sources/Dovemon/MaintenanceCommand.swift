internal import ArgumentParser
internal import Control
internal import Monitor
internal import Site

/// `dovemon maintenance`: leaves a backend to a person for a while.
struct MaintenanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintenance",
        abstract: "Leave a backend to people for a while: no commands and no alerts for it.",
        subcommands: [Start.self, End.self, List.self])

    func run() throws { throw ValidationError("Say start, end or list: see dovemon maintenance --help.") }

    private static let statuses = "Exit status: 0 it is done; 3 no daemon answers, or it refuses."

    struct Start: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "start", abstract: "Begin a maintenance, or extend the one that goes on.",
            discussion: """
                The backend is polled and shown, and nothing else, until the time is over or `end` is said; a restart of \
                dovemon does not end it. Other dovemons of the ring are not told: say it to each of them, or use --drain, \
                for all leave a backend alone whose vhosts are 0. \(statuses)
                """)

        @OptionGroup var control: ControlOptions

        @Argument(help: "The backend's address.")
        var backend: String

        @Option(name: .customLong("for"), help: "How long, such as 90s, 30m, 2h, 1d or 1h30m; at most 7d.")
        var length: String

        @Option(help: "Why, for the others who see it.")
        var reason = ""

        @Flag(help: "Also have the director send it no users: its vhosts are 0 until the end.")
        var drain = false

        func validate() throws {
            try requireAddress(backend)
            guard let time = duration(length) else {
                throw ValidationError("--for \(printable(length)): no length of time; write 90s, 30m, 2h, 1d or 1h30m.")
            }
            guard Maintenance.lengths.contains(time) else {
                throw ValidationError(
                    "--for \(printable(length)): give it from 1s to 7d; vhosts 0 keeps a backend out for longer.")
            }
            guard reason.utf8.count <= Maintenance.reasonLimit else {
                throw ValidationError(
                    "--reason has \(reason.utf8.count) bytes, and \(Maintenance.reasonLimit) at most are kept.")
            }
        }

        func run() throws {
            let seconds = duration(length)?.inSeconds ?? 0
            let request = ControlRequest(
                .startMaintenance, backend: backend, seconds: seconds, reason: reason, drain: drain)
            let window = try control.ask(request, for: MaintenanceDocument.self)
            // It has begun, whatever becomes of this.
            let status = try? control.client().ask(ControlRequest(.status), for: StatusDocument.self)
            try standardOutput(window.answer(for: backend, status).joined(separator: "\n"))
        }
    }

    struct End: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "end", abstract: "End a maintenance before its time.", discussion: statuses)

        @OptionGroup var control: ControlOptions

        @Argument(help: "The backend's address.")
        var backend: String

        func validate() throws { try requireAddress(backend) }

        func run() throws {
            let windows = try control.ask(ControlRequest(.maintenances), for: MaintenancesDocument.self)
            _ = try control.ask(ControlRequest(.endMaintenance, backend: backend), for: Nothing.self)
            try standardOutput(windows.answer(toEndOf: backend))
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Tell which backends are under maintenance by order.", discussion: statuses)

        @OptionGroup var control: ControlOptions

        @Option(help: "How to tell it.")
        var format: StatusCommand.Format = .table

        func run() throws {
            let document = try control.ask(ControlRequest(.maintenances), for: MaintenancesDocument.self)
            if format == .json { return try standardOutput(jsonText(document, isPretty: true)) }
            let lines = document.maintenance.map { "\($0.backend): \($0.maintenance.summary)" }
            try standardOutput(lines.isEmpty ? "no backend is under maintenance" : lines.joined(separator: "\n"))
        }
    }
}
