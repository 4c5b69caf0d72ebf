internal import Glibc
package import Site
package import Transport

/// Polls backends, each poll a conversation of its own on the connector's event loop.
package struct Prober {
    private let connector: Connector
    private let tls: TLSContexts
    private let names: PointerNames
    private let transcribing: Transcribing
    private let numbers = UniqueNumbers()
    let sessions = KeptSessions()

    /// Makes a prober; `tls` serves all polls of services with TLS, `names` those that need their backend's name, and
    /// `transcribing` says which reports have a transcript.
    package init(
        connector: Connector, tls: TLSContexts, names: PointerNames? = nil, transcribing: Transcribing = .nothing
    ) {
        self.transcribing = transcribing
        self.connector = connector
        self.tls = tls
        self.names = names ?? PointerNames(loop: connector.loop)
    }

    /// Polls one service of one backend. Must be called on the connector's loop.
    ///
    /// - Parameters:
    ///   - time: the one deadline, from the start of the connection, or of the lookup of a name, to the goodbye.
    ///   - completion: called exactly once, on the loop.
    /// - Returns: the means to give the poll up; it is then reported as a failure of kind `local`.
    @discardableResult
    package func poll(
        _ address: IPAddress, plan: PollPlan, within time: Duration, completion: @escaping (PollReport) -> Void
    ) -> RunningConversation {
        let start = Instant.now()
        let completion = doubting(address, plan, completion)
        guard plan.needsPointer else {
            let identity = plan.identity(of: address, pointer: nil)
            return open(Opening(address, plan, identity, startedAt: start), within: time, completion)
        }
        let poll = UnnamedPoll(completion: completion)
        poll.lookup = names.find(address, within: time) { result in
            let resolved = Instant.now()
            let left = time - (resolved - start)
            switch result {
            case .failure(let failure): poll.unnamed(.unresolved(failure.text, after: resolved - start))
            // A backend must not pay for the resolver's slowness. The name is known the next time.
            case .success where left < time / 2:
                poll.unnamed(.unresolved("the resolver took too long", after: resolved - start))
            case .success(let name):
                let identity = plan.identity(of: address, pointer: name)
                let opening = Opening(address, plan, identity, startedAt: start, resolvedAt: resolved)
                poll.named { open(opening, within: left, $0) }
            }
        }
        var approach = Opening(address, plan, nil, startedAt: start)
        approach.plan.options.tls.verifies = false
        approach.isApproach = true
        poll.approach { [approach] in open(approach, within: time, $0) }
        return RunningConversation { poll.cancel() }
    }

    /// Keeps an idle connection to the greeting of an IMAP service, until it breaks. Must be called on the connector's loop.
    ///
    /// - Parameters:
    ///   - time: how long it may take up to the greeting.
    ///   - standing: called on the loop when the greeting is there.
    ///   - completion: called exactly once, on the loop.
    package func keepSentinel(
        at address: IPAddress, plan: PollPlan, within time: Duration, standing: @escaping () -> Void,
        completion: @escaping (SentinelEnd) -> Void
    ) -> RunningConversation {
        do {
            return connector.start(
                Sentinel(), at: .tcp(address, port: plan.service.port),
                encryption: plan.service.tls == .implicit
                    ? Encryption(try tls.context(plan.options.tls.configuration)) : nil,
                preamble: preamble(plan), limits: .poll, within: time, rested: standing,
                completion: { [sessions] end in
                    if case .lost = end { sessions.forget(address, at: .now()) }
                    completion(end)
                })
        } catch {
            completion(.quiet)
            return RunningConversation {}
        }
    }

    /// Has a backend that is seen to fail show its certificates again.
    private func doubting(
        _ address: IPAddress, _ plan: PollPlan, _ completion: @escaping (PollReport) -> Void
    ) -> (PollReport) -> Void {
        guard plan.options.tls.resumes else { return completion }
        return { [sessions] report in
            if !report.succeeded { sessions.forget(address, at: .now()) }
            completion(report)
        }
    }

    private func preamble(_ plan: PollPlan) -> [UInt8] {
        plan.options.proxied.contains(plan.service.mailProtocol) ? ProxyHeader.local : []
    }

    /// Where and how a poll's connection is opened.
    private struct Opening {
        let address: IPAddress
        var plan: PollPlan
        let identity: PeerIdentity?
        let start: Instant
        let resolved: Instant?
        /// Whether it goes no further than a server's certificate.
        var isApproach = false
        /// The TLS session that it goes on from.
        var former: KeptSessions.Session?

        init(
            _ address: IPAddress, _ plan: PollPlan, _ identity: PeerIdentity?, startedAt start: Instant,
            resolvedAt resolved: Instant? = nil
        ) {
            self.address = address
            self.plan = plan
            self.identity = identity
            self.start = start
            self.resolved = resolved
        }
    }

    private func open(
        _ opening: Opening, within time: Duration, _ completion: @escaping (PollReport) -> Void
    ) -> RunningConversation {
        let service = opening.plan.service
        guard service.tls != .none, opening.plan.options.tls.resumes, !opening.isApproach,
            let context = try? tls.context(opening.plan.options.tls.configuration),
            let former = sessions.take(opening.address, service, context, opening.identity, at: opening.start)
        else { return begin(opening, within: time, completion) }
        var resuming = opening
        resuming.former = former
        var anew: RunningConversation?
        let watched = connector.watched(time)
        let first = begin(resuming, within: time) { report in
            let left = time - (.now() - opening.start)
            // That a session cannot be gone on from is no fault of a backend that can begin one.
            guard report.failure?.phase == .tls, report.failure?.kind != .local, left > .zero else {
                watched.end()
                return completion(report)
            }
            anew = begin(opening, within: left) { report in
                // The second one's time is what the first one has left, however that was lost.
                let stall = watched.stall
                watched.end()
                completion(stall.map { report.undetermined(by: Interruption.stall($0)) } ?? report)
            }
        }
        return RunningConversation { (anew ?? first).cancel() }
    }

    private func begin(
        _ opening: Opening, within time: Duration, _ completion: @escaping (PollReport) -> Void
    ) -> RunningConversation {
        let plan = opening.plan
        // The only look at the wall clock: the dialogues are pure.
        let stamp = MessageStamp(seconds: Glibc.time(nil), unique: numbers.next(), pollTime: time)
        return switch plan.service.mailProtocol {
        case .imap: start(IMAPDialogue(plan, stamp), opening, time, completion)
        case .pop3: start(POP3Dialogue(plan, stamp), opening, time, completion)
        case .lmtp: start(LMTPDialogue(plan, stamp), opening, time, completion)
        case .sieve: start(SieveDialogue(plan), opening, time, completion)
        case .submission: start(SubmissionDialogue(plan), opening, time, completion)
        case .banner: start(BannerDialogue(), opening, time, completion)
        }
    }

    private func start(
        _ dialogue: some Dialogue, _ opening: Opening, _ time: Duration, _ completion: @escaping (PollReport) -> Void
    ) -> RunningConversation {
        opening.isApproach
            ? run(Vestibule(dialogue, opening.plan), opening, time, completion)
            : run(dialogue, opening, time, completion)
    }

    private func run(
        _ dialogue: some Dialogue, _ opening: Opening, _ time: Duration, _ completion: @escaping (PollReport) -> Void
    ) -> RunningConversation {
        let plan = opening.plan
        var poll = Poll(
            dialogue, plan: plan, startedAt: opening.start, resolvedAt: opening.resolved, date: Glibc.time(nil),
            transcribing: transcribing)
        let encryption: Encryption?
        var completion = completion
        do throws(TLSError) {
            encryption = try self.encryption(opening, &completion)
        } catch {
            completion(poll.interrupted(by: .local(error.description), at: .now()))
            return RunningConversation {}
        }
        return connector.start(
            poll, at: .tcp(opening.address, port: plan.service.port), encryption: encryption,
            preamble: preamble(plan), limits: .poll, within: time, completion: completion)
    }

    private func encryption(
        _ opening: Opening, _ completion: inout (PollReport) -> Void
    ) throws(TLSError) -> Encryption? {
        let (plan, service) = (opening.plan, opening.plan.service)
        guard service.tls != .none else { return nil }
        let context = try tls.context(plan.options.tls.configuration)
        let resumption =
            plan.options.tls.resumes && !opening.isApproach ? Resumption(from: opening.former?.ticket) : nil
        if let resumption { completion = keeping(resumption, opening, context, completion) }
        return Encryption(
            context, expecting: opening.identity, start: service.tls == .implicit ? .atOnce : .onRequest,
            resumption: resumption)
    }

    /// Has the session of a poll that succeeds be kept for the next one.
    private func keeping(
        _ resumption: Resumption, _ opening: Opening, _ context: TLSContext,
        _ completion: @escaping (PollReport) -> Void
    ) -> (PollReport) -> Void {
        { [sessions] report in
            if report.succeeded, let ticket = resumption.ticket {
                let shown = resumption.isResumed ? opening.former?.shown : nil
                let session = KeptSessions.Session(
                    ticket: ticket, context: context, identity: opening.identity, shown: shown ?? opening.start)
                sessions.keep(session, opening.address, opening.plan.service, at: opening.start)
            }
            completion(report)
        }
    }
}

extension TLSContexts {
    /// Makes what polls with these checks need, and forgets all else. Fails when the file of trusted issuers cannot be read.
    package func prepare(_ checks: TLSChecks) throws(TLSError) { try prepare(checks.configuration) }
}

extension TLSChecks {
    fileprivate var configuration: TLSConfiguration {
        TLSConfiguration(
            minimumVersion: minimumVersion, trust: verifies ? authorities.map { .file($0) } ?? .system : nil)
    }
}

extension PollPlan {
    private var serverName: ServerName { account?.serverName ?? options.tls.serverName }

    /// Whether the backend's name has to be looked up: only a verification needs it.
    fileprivate var needsPointer: Bool { service.tls != .none && options.tls.verifies && serverName == .pointer }

    fileprivate func identity(of address: IPAddress, pointer: String?) -> PeerIdentity? {
        switch serverName {
        case .address: .address(address)
        case .name(let name): IPAddress(name).map { .address($0) } ?? .name(name)
        case .pointer: pointer.map { .name($0) }
        }
    }
}

extension PollReport {
    /// The backend's name could not be told, which says nothing of the backend.
    fileprivate static func unresolved(_ text: String, after time: Duration) -> PollReport {
        PollReport(
            failure: PollFailure(phase: .resolve, kind: .local, text: printable(text)),
            phases: [PhaseTime(.resolve, time)], duration: time)
    }
}

/// Numbers that no other monitor has, and this one not twice. From one call to the system, as each poll needs one.
private final class UniqueNumbers {
    private var last = UInt64.random(in: .min ... .max)

    /// By SplitMix64, whose period is all there are.
    func next() -> UInt64 {
        last &+= 0x9e37_79b9_7f4a_7c15
        var mixed = last
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
