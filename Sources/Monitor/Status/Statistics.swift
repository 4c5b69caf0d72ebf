package import DirectorAdmin
package import Site

/// What this run has done so far, in numbers: they only grow. Of fixed size, some 10 KiB, whatever befalls.
package struct Statistics: Hashable, Sendable {
    /// How a poll ended, as metrics name it.
    package enum PollResult: Hashable, Sendable, CaseIterable {
        /// The service answered as it should.
        case ok
        /// It did not.
        case failed(FailureKind)

        /// All there are.
        package static var allCases: [PollResult] { [.ok] + FailureKind.allCases.map { .failed($0) } }

        /// `ok`, or the kind of failure.
        package var name: String {
            switch self {
            case .ok: "ok"
            case .failed(let kind): kind.rawValue
            }
        }
    }

    /// What came of a command, as metrics name it: the director's own words are too many.
    package enum Reply: String, Hashable, Sendable, CaseIterable {
        /// It was carried out.
        case ok
        /// The director does not have the backend.
        case notFound = "not_found"
        /// The director is busy with it.
        case tryAgainLater = "try_again_later"
        /// Not all directors have it yet.
        case ringSyncTimedOut = "ring_sync_timed_out"
        /// Other words.
        case other
        /// The director closed without an answer.
        case closed
        /// It was given up from this side.
        case abandoned
        /// It was never sent.
        case notSent = "not_sent"

        /// Of a reply.
        package init(_ reply: CommandReply) {
            switch reply {
            case .ok: self = .ok
            case .notFound: self = .notFound
            case .tryAgainLater: self = .tryAgainLater
            case .ringSyncTimedOut: self = .ringSyncTimedOut
            case .other: self = .other
            case .closed: self = .closed
            case .abandoned: self = .abandoned
            case .notSent: self = .notSent
            }
        }
    }

    private struct PhaseKey: Hashable, Sendable {
        let mailProtocol: MailProtocol
        let phase: Phase
    }

    private struct PollKey: Hashable, Sendable {
        let mailProtocol: MailProtocol
        let result: PollResult
    }

    private struct CommandKey: Hashable, Sendable {
        let verb: DirectorCommand.Verb
        let reply: Reply
    }

    /// Upper bounds of the buckets of polls' phases, in seconds: from a LAN's round trip to the longest timeout.
    package static let phaseBounds = [
        0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    /// The same of how late polls start.
    package static let latenessBounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

    private var polls = Tally<PollKey, Int>()
    private var phases = Tally<PhaseKey, Histogram>()
    private var commands = Tally<CommandKey, Int>()
    /// How long after their time polls were started.
    package private(set) var lateness = Histogram(bounds: latenessBounds)

    /// Nothing has been done yet.
    package init() {}

    /// So many polls of a protocol ended so.
    package func polls(_ mailProtocol: MailProtocol, _ result: PollResult) -> Int {
        polls[PollKey(mailProtocol: mailProtocol, result: result)] ?? 0
    }

    /// How long a phase of a protocol's polls took; nil where none has come to it.
    package func times(_ mailProtocol: MailProtocol, _ phase: Phase) -> Histogram? {
        phases[PhaseKey(mailProtocol: mailProtocol, phase: phase)]
    }

    /// So many commands got this reply.
    package func commands(_ verb: DirectorCommand.Verb, _ reply: Reply) -> Int {
        commands[CommandKey(verb: verb, reply: reply)] ?? 0
    }

    /// A poll that had its time in the schedule was started so long after it.
    package mutating func pollStarted(late lateness: Duration) { self.lateness.observe(max(.zero, lateness)) }

    /// A poll has ended.
    package mutating func pollEnded(_ service: Service, _ report: PollReport) {
        let result = report.failure.map { PollResult.failed($0.kind) } ?? .ok
        polls.change(PollKey(mailProtocol: service.mailProtocol, result: result), from: 0) { $0 += 1 }
        for time in report.phases {
            let key = PhaseKey(mailProtocol: service.mailProtocol, phase: time.phase)
            phases.change(key, from: Histogram(bounds: Self.phaseBounds)) { $0.observe(time.duration) }
        }
    }

    /// A command has ended.
    package mutating func commandEnded(_ verb: DirectorCommand.Verb, _ reply: CommandReply) {
        commands.change(CommandKey(verb: verb, reply: Reply(reply)), from: 0) { $0 += 1 }
    }
}

/// How often times were how long: a histogram with fixed buckets.
package struct Histogram: Hashable, Sendable {
    /// Upper bounds of the buckets but the last one, in seconds, in order.
    package let bounds: [Double]
    /// How many times fell in each bucket, and in none before it; the last bucket takes all that are longer.
    package private(set) var counts: [Int]
    /// All times together.
    package private(set) var sum = Duration.zero

    /// An empty one.
    package init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Counts a time.
    package mutating func observe(_ time: Duration) {
        let seconds = time.inSeconds
        counts[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
        sum += time
    }
}
