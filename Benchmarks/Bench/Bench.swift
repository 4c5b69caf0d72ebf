import ArgumentParser
import Glibc
import RingLab

/// Measures dovemon beside others and prints what it found as Markdown; how it goes is told on standard error.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure dovemon beside HAProxy and a minimal C program.")

    enum Part: String, CaseIterable, ExpressibleByArgument {
        case cpu, memory, punctuality, first, mass, load, detection
    }

    @Flag(help: "Only see whether it all works.")
    var brief = false

    @Option(help: "Measure one part alone (\(Part.allCases.map(\.rawValue).joined(separator: ", "))).")
    var only: Part?

    func run() async throws {
        raiseDescriptorLimit()
        let workshop = try Workshop()
        defer { workshop.stop() }
        let certificate = try await Certificate(in: workshop)
        let stage = Stage(
            workshop: workshop, certificate: certificate,
            peers: try await Peers(workshop, "peers", certificate: certificate, tickets: 0),
            resumingPeers: try await Peers(workshop, "resuming-peers", certificate: certificate, tickets: 1),
            director: try await Director("\(workshop.directory)/director"), isBrief: brief)
        var sections = ["Measured on: \(await Machine(workshop).lines.joined(separator: "; "))."]
        // That one takes as long as all others, and has a target of its own.
        for part in Part.allCases where only.map({ $0 == part }) ?? (part != .detection) {
            sections.append(try await measure(part, stage))
        }
        print(sections.joined(separator: "\n\n"))
    }

    private func measure(_ part: Part, _ stage: Stage) async throws -> String {
        switch part {
        case .cpu: try await ProcessorTime(stage: stage).measure()
        case .memory: try await Memory(stage: stage).measure()
        case .punctuality: try await Punctuality(stage: stage).measure()
        case .first: try await FirstPoll(stage: stage).measure()
        case .mass: try await MassFailure(stage: stage).measure()
        case .load: try await Load(stage: stage).measure()
        case .detection: try await Detection(stage: stage).measure()
        }
    }

    private func raiseDescriptorLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// Tells how it goes, at once.
func say(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}

/// Lets what is measured run for so many seconds.
func pause(_ seconds: Double) async throws { try await Task.sleep(for: .seconds(seconds)) }

/// Ends a program, however long it takes to see it.
func stop(_ process: LabProcess) async throws {
    process.signal(SIGTERM)
    try await process.end(within: .seconds(20))
}
