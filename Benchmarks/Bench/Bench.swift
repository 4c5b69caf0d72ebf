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

    @Option(help: "Measure only this part (\(Part.allCases.map(\.rawValue).joined(separator: ", "))), or these.")
    var only: [Part] = []

    @Option(help: .hidden)
    var fillHistories: Int?

    func run() async throws {
        if let fillHistories { return print(Histories.fill(fillHistories)) }
        raiseDescriptorLimit()
        try requireDescriptors()
        let workshop = try Workshop()
        defer { workshop.stop() }
        let certificate = try await Certificate(in: workshop)
        let stage = Stage(
            workshop: workshop, certificate: certificate,
            peers: try await Peers(workshop, "peers", certificate: certificate, tickets: 0),
            resumingPeers: try await Peers(workshop, "resuming-peers", certificate: certificate, tickets: 1),
            director: try await Director("\(workshop.directory)/director"), isBrief: brief)
        var sections = ["Measured on: \(await Machine(workshop).lines.joined(separator: "; "))."]
        // The detection takes as long as all others, and has a section of the document to itself.
        if !only.isEmpty, only != [.detection] {
            let parts = only.map { " --only \($0.rawValue)" }.joined()
            sections.append("**Not all parts** (`bench\(parts)`): nothing else was measured.")
        }
        var targets: [Target] = []
        let start = ContinuousClock.now
        for part in Part.allCases where only.isEmpty ? part != .detection : only.contains(part) {
            say("\(part.rawValue), after \((.now - start).components.seconds) s\(isAll ? " of some 1,400" : "")")
            let section = try await measure(part, stage)
            sections.append(section.text)
            targets += section.targets
        }
        if !targets.isEmpty {
            sections.append(
                """
                ### Targets

                What is aimed at\(isAll ? "" : ", of what was measured"), and what was reached: medians, where there are several rounds.

                \(targets.markdown)
                """)
        }
        print(sections.joined(separator: "\n\n"))
    }

    private var isAll: Bool { only.isEmpty && !brief }

    private func measure(_ part: Part, _ stage: Stage) async throws -> Section {
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

    /// Half an hour must not end with nothing for want of them.
    private func requireDescriptors() throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard !brief, limit.rlim_cur < Self.neededDescriptors else { return }
        throw ValidationError(
            "\(limit.rlim_cur) descriptors are too few: let the hard limit be \(Self.neededDescriptors) (ulimit -Hn)")
    }

    /// Ten thousand idle connections, and a thousand polls beside them.
    private static let neededDescriptors: rlim_t = 12_000

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
