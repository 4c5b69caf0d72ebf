internal import ArgumentParser
internal import Check
internal import DirectorAdmin
internal import Glibc
internal import Health
internal import Monitor
internal import NIOCore
internal import Probes
internal import Settings
internal import Site
internal import Transport

/// `dovemon check`: one round of polls now. Changes nothing at the director.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Poll all backends once and tell how they are.",
        discussion: """
            Changes nothing at the director. In the mailboxes of the test accounts it does what the settings say: with \
            poll_imap_append and poll_lmtp_deliver it writes test messages, with poll_imap_expunge and poll_pop3_delete \
            it removes them, and nothing else: `all` counts as `yes` here.

            Exit status: 0 all backends are healthy; 1 one is listed as down but polls well, or a poll warns (of a \
            certificate that expires, test messages that stay, submission's relay); 2 one is faulty; 3 it could not be \
            told (usage, settings, director, the own machine, standard output). A backend under maintenance (vhosts 0), \
            or not polled for want of an account, never raises it.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, nagios }

    @OptionGroup var files: FileOptions

    @Option(name: [.customShort("b"), .long], help: "Poll this address; no director is asked. Repeatable.")
    var backend: [String] = []

    @Option(help: "How to tell the result.")
    var format: Format = .table

    @Flag(name: .shortAndLong, help: "Tell what was said in each poll, and when (table and JSON).")
    var verbose = false

    func validate() throws {
        for text in backend where IPAddress(text) == nil {
            throw ValidationError("--backend \(printable(text)): not an IP address; host names are not looked up.")
        }
    }

    func run() async throws {
        let result = try await result()
        switch format {
        case .json: try standardOutput(result.json)
        case .nagios: try standardOutput(result.nagios)
        case .table:
            // What failed has been told on standard error.
            if result.failure == nil {
                try standardOutput(result.table(colours: showsColours))
            }
        }
        throw ExitCode(result.status.rawValue)
    }

    private func result() async throws -> CheckResult {
        let read = files.read()
        for diagnostic in read.diagnostics { standardError("\(diagnostic)") }
        guard let loaded = read.loaded else {
            // Nagios shows what is on standard output alone.
            let first = read.diagnostics.first { $0.severity == .error }
            return CheckResult(checkedAt: time(nil), backends: [], failure: first.map { "\($0)" } ?? "no settings")
        }
        return try await CheckRound(loaded, transcribing: verbose ? .all : .nothing).run(backend)
    }
}

/// One check from the director's list to the result.
private struct CheckRound: Sendable {
    private let policy: Policy
    private let socketPath: String
    private let transcribing: Transcribing

    init(_ files: LoadedFiles, transcribing: Transcribing) {
        self.transcribing = transcribing
        var policy = Policy(files)
        if policy.options.spareStrangers() {
            standardError(
                "dovemon: removal of all mail is for the daemon alone: test messages are removed here, and no others")
        }
        self.policy = policy
        socketPath = files.settings.directorAdminSocket
    }

    func run(_ spellings: [String]) async throws -> CheckResult {
        let now = time(nil)
        _ = DescriptorLimit.raise()
        let loop = try Reactor()
        let tls = TLSContexts()
        try tls.prepare(policy.options.tls)
        let targets: [Checker.Target]
        if spellings.isEmpty {
            switch try await list(on: loop) {
            case .success(let listing) where listing.ring == .handshaking:
                return unreadable("it has only just joined its ring: try again in a moment", at: now)
            case .success(let listing): targets = listing.hosts.map { target($0.spelling, $0.address, listed: $0) }
            case .failure(let failure):
                return unreadable(failure.text, at: now)
            }
        } else {
            var seen: Set<IPAddress> = []
            targets = spellings.compactMap { text in
                IPAddress(text).flatMap { seen.insert($0).inserted ? target(text, $0, listed: nil) : nil }
            }
        }
        let progress = ProgressLine()
        let backends = try await loop.flatSubmit {
            let done = loop.makePromise(of: [CheckResult.Backend].self)
            Checker(
                targets, timeout: policy.timeout,
                prober: Prober(connector: Connector(loop: loop), tls: tls, transcribing: transcribing),
                progress: progress.show, completion: { done.succeed($0.map { $0.judged(judge) }) }
            ).start()
            return done.futureResult
        }.get()
        progress.clear()
        return CheckResult(checkedAt: now, backends: backends)
    }

    /// As the daemon would take it: a rejected test account may be no fault of the backend's.
    private func judge(_ report: PollReport) -> PollReport {
        var standing = AccountStanding()
        var judged = report
        judged.failure = standing.judge(report, policy.deciding.rejection)
        return judged
    }

    private func unreadable(_ why: String, at now: Int) -> CheckResult {
        let text = "the director cannot be read: \(why)"
        standardError("dovemon: \(text)")
        return CheckResult(checkedAt: now, backends: [], failure: text)
    }

    private func list(on loop: Reactor) async throws -> Result<Listing, DirectorFailure> {
        try await loop.flatSubmit {
            let done = loop.makePromise(of: Result<Listing, DirectorFailure>.self)
            DirectorClient(connector: Connector(loop: loop), path: socketPath).list { done.succeed($0) }
            return done.futureResult
        }.get()
    }

    private func target(_ spelling: String, _ address: IPAddress, listed: Host?) -> Checker.Target {
        Checker.Target(
            spelling: spelling, address: address, listed: listed,
            plans: policy.polls(address) ? policy.services.map { policy.plan(for: address, $0) } : [])
    }
}

/// A line on the terminal that tells how far a check is; nothing where there is no terminal.
private struct ProgressLine: Sendable {
    private let isShown = isatty(STDERR_FILENO) == 1

    func show(done: Int, all: Int) {
        guard isShown, all > 0 else { return }
        standardError("\r\u{1B}[Kpolling \(done)/\(all)", terminator: "")
    }

    func clear() {
        if isShown { standardError("\r\u{1B}[K", terminator: "") }
    }
}
