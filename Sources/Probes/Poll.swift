internal import Site
internal import Transport

/// One poll of one service: runs a protocol's dialogue, takes the time of its phases, and makes the report.
struct Poll<Protocol: Dialogue>: Conversation {
    private var dialogue: Protocol
    private var stopwatch: Stopwatch
    private let account: Account?
    private let expiry: ExpiryWatch
    private var warnings: [PollWarning] = []
    private var certificateExpiry: Int?
    /// Why it has failed.
    private var failure: PollFailure?
    /// Before the dialogue can speak: `.connect`, then `.tls` where wanted.
    private var transportPhase: Phase? = .connect
    private let encrypted: Bool
    private let transcribing: Transcribing
    private var recorder: TranscriptRecorder?

    /// A poll that began at `start`, and for which a name was looked up until `resolved`; `date` is the wall clock's time,
    /// in seconds since 1970.
    init(
        _ dialogue: Protocol, plan: PollPlan, startedAt start: Instant, resolvedAt resolved: Instant? = nil, date: Int,
        transcribing: Transcribing = .nothing
    ) {
        self.dialogue = dialogue
        self.stopwatch = Stopwatch(startedAt: start, in: resolved == nil ? .connect : .resolve)
        if let resolved { stopwatch.enter(.connect, at: resolved) }
        self.account = plan.account
        self.expiry = ExpiryWatch(days: plan.options.tls.expiryWarning, date: date)
        self.encrypted = plan.service.tls == .implicit
        self.transcribing = transcribing
        recorder = transcribing == .nothing ? nil : TranscriptRecorder(startedAt: start, plan.account)
        if let resolved { recorder?.nameFound(at: resolved) }
    }

    private var phase: Phase { transportPhase ?? dialogue.phase }

    mutating func connected(at now: Instant) {
        recorder?.connected(at: now)
        guard encrypted else { return }
        transportPhase = .tls
        stopwatch.enter(.tls, at: now)
    }

    mutating func encrypted(by peer: TLSPeer, at now: Instant) {
        recorder?.encrypted(by: peer, at: now)
        certificateExpiry = peer.certificate?.expiry
        if let warning = expiry.warning(of: peer.certificate) { warnings.append(warning) }
    }

    mutating func opened(at now: Instant) -> Step {
        guard transportPhase == nil else {
            transportPhase = nil
            stopwatch.enter(dialogue.phase, at: now)
            return .wait
        }
        let spoken = dialogue.phase
        return step(dialogue.encrypted(), spoken, [], now)
    }

    mutating func lineReceived(_ line: ArraySlice<UInt8>, at now: Instant) -> Step {
        recorder?.received(line, at: now)
        let spoken = dialogue.phase
        return step(dialogue.lineReceived(line), spoken, line, now)
    }

    /// Carries out a turn that answers `line`, which was received in the phase `spoken`.
    private mutating func step(
        _ turn: Turn, _ spoken: Phase, _ line: ArraySlice<UInt8>, _ now: Instant
    ) -> Step {
        if dialogue.phase != spoken { stopwatch.enter(dialogue.phase, at: now) }
        switch turn {
        case .listen: return .wait
        case .say(let bytes, let former):
            for command in former { recorder?.sent(command, isLogin: false, at: now) }
            recorder?.sent(bytes, isLogin: dialogue.phase == .login, at: now)
            guard !former.isEmpty else { return .send(bytes) }
            var all: [UInt8] = []
            all.reserveCapacity(former.reduce(bytes.count) { $0 + $1.count })
            for command in former { all += command }
            all += bytes
            return .send(all)
        case .skip(let count):
            recorder?.passedOver(count, at: now)
            return .skip(count)
        case .startTLS:
            recorder?.startedTLS(at: now)
            return .startTLS
        case .read(let count): return .read(count)
        case .done: return .part
        // All that was to be shown has been shown: no goodbye can spoil it.
        case .fail where spoken == .logout: return .finish
        case .fail(let kind, let code, let remark, let text, let earlier):
            let redaction = Redaction(account, in: earlier ?? line)
            // ManageSieve's code comes in a line before that of the text.
            func shown(_ part: ArraySlice<UInt8>) -> [UInt8] {
                (redaction.covers(part) ? redaction : Redaction(account, in: part)).apply(to: part)
            }
            failure = PollFailure(
                phase: dialogue.phase, kind: kind, code: code.map { printable(shown($0), limit: 64) },
                text: printable(Array(remark.utf8) + shown(text)))
            return .finish
        }
    }

    mutating func concluded(at now: Instant) -> PollReport {
        failure.map { report($0, at: now) } ?? success(at: now)
    }

    private mutating func success(at now: Instant) -> PollReport {
        let transcript = transcribing == .all ? recorder?.transcript(endedBy: nil, at: now) : nil
        var report = stopwatch.report(
            failure: nil, warnings: warnings + dialogue.warnings, deliveredMessage: dialogue.deliveredMessage,
            transcript: transcript, at: now)
        report.certificateExpiry = certificateExpiry
        return report
    }

    private mutating func report(_ failure: PollFailure, at now: Instant) -> PollReport {
        let end = [failure.kind.rawValue, failure.code.map { "[\($0)]" }, failure.text].compactMap(\.self)
        let transcript = recorder?.transcript(endedBy: end.joined(separator: " "), at: now)
        var report = stopwatch.report(failure: failure, transcript: transcript, at: now)
        report.certificateExpiry = certificateExpiry
        return report
    }

    func outcome(_ report: PollReport, afterStallOf time: Duration) -> PollReport {
        report.undetermined(by: Interruption.stall(time))
    }

    mutating func interrupted(by interruption: Interruption, at now: Instant) -> PollReport {
        // Nor can the lack of one.
        if phase == .logout { return success(at: now) }
        let (kind, text): (FailureKind, String) =
            switch interruption {
            case .refused(let text): (.refused, text)
            case .unreachable(let text): (.unreachable, text)
            case .local(let text): (.local, text)
            case .closed(let text): (.closed, text)
            case .tls(let text), .injected(let text): (.tls, text)
            case .certificate(let text): (.certificate, text)
            case .oversized(let text): (.oversized, text)
            case .deadline: (.timeout, "no answer in time")
            case .cancelled: (.local, "the poll was given up")
            }
        return report(PollFailure(phase: phase, kind: kind, text: printable(text)), at: now)
    }
}
