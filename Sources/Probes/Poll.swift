internal import Site
internal import Transport

/// One poll of one service: runs a protocol's dialogue, takes the time of its phases, and makes the report.
struct Poll<Protocol: Dialogue>: Conversation {
    private var dialogue: Protocol
    private var stopwatch: Stopwatch
    private let account: Account?
    /// Before the dialogue can speak: `.connect`, then `.tls` where wanted.
    private var transportPhase: Phase? = .connect
    private let encrypted: Bool

    init(_ dialogue: Protocol, plan: PollPlan, startedAt start: Instant) {
        self.dialogue = dialogue
        self.stopwatch = Stopwatch(startedAt: start)
        self.account = plan.account
        self.encrypted = plan.service.tls == .implicit
    }

    private var phase: Phase { transportPhase ?? dialogue.phase }

    mutating func connected(at now: Instant) {
        guard encrypted else { return }
        transportPhase = .tls
        stopwatch.enter(.tls, at: now)
    }

    mutating func opened(at now: Instant) -> Step<PollReport> {
        transportPhase = nil
        stopwatch.enter(dialogue.phase, at: now)
        return .wait
    }

    mutating func lineReceived(_ line: ArraySlice<UInt8>, at now: Instant) -> Step<PollReport> {
        let spoken = dialogue.phase
        let turn = dialogue.lineReceived(line)
        if dialogue.phase != spoken { stopwatch.enter(dialogue.phase, at: now) }
        switch turn {
        case .listen: return .wait
        case .say(let bytes): return .send(bytes)
        case .skip(let count): return .skip(count)
        case .done: return .finish(stopwatch.report(failure: nil, at: now))
        // All that was to be shown has been shown: no goodbye can spoil it.
        case .fail where spoken == .logout: return .finish(stopwatch.report(failure: nil, at: now))
        case .fail(let kind, let code, let remark, let text):
            let redaction = Redaction(account, in: line)
            let failure = PollFailure(
                phase: dialogue.phase, kind: kind,
                code: code.map { printable(redaction.apply(to: $0), limit: 64) },
                text: printable(Array(remark.utf8) + redaction.apply(to: text)))
            return .finish(stopwatch.report(failure: failure, at: now))
        }
    }

    mutating func interrupted(by interruption: Interruption, at now: Instant) -> PollReport {
        // Nor can the lack of one.
        if phase == .logout { return stopwatch.report(failure: nil, at: now) }
        let (kind, text): (FailureKind, String) =
            switch interruption {
            case .refused(let text): (.refused, text)
            case .unreachable(let text): (.unreachable, text)
            case .local(let text): (.local, text)
            case .closed(let text): (.closed, text)
            case .tls(let text): (.tls, text)
            case .oversized(let text): (.oversized, text)
            case .deadline: (.timeout, "no answer in time")
            case .cancelled: (.local, "the poll was given up")
            }
        let failure = PollFailure(phase: phase, kind: kind, text: printable(text))
        return stopwatch.report(failure: failure, at: now)
    }
}
