package import Site
package import Transport

/// Polls backends, each poll a conversation of its own on the connector's event loop.
package struct Prober {
    private let connector: Connector
    private let tls: TLSContext

    /// Makes a prober; `tls` serves all polls of services with TLS.
    package init(connector: Connector, tls: TLSContext) {
        self.connector = connector
        self.tls = tls
    }

    /// Polls one service of one backend. Must be called on the connector's loop.
    ///
    /// - Parameters:
    ///   - time: the one deadline, from the start of the connection to the goodbye.
    ///   - completion: called exactly once, on the loop.
    /// - Returns: the means to give the poll up; it is then reported as a failure of kind `local`.
    @discardableResult
    package func poll(
        _ address: IPAddress, plan: PollPlan, within time: Duration, completion: @escaping (PollReport) -> Void
    ) -> RunningConversation {
        switch plan.service.mailProtocol {
        case .imap: start(IMAPDialogue(plan), address, plan, time, completion)
        case .pop3: start(POP3Dialogue(plan), address, plan, time, completion)
        case .lmtp: start(LMTPDialogue(plan), address, plan, time, completion)
        case .sieve, .submission, .banner: start(LMTPDialogue(plan), address, plan, time, completion)
        }
    }

    private func start(
        _ dialogue: some Dialogue, _ address: IPAddress, _ plan: PollPlan, _ time: Duration,
        _ completion: @escaping (PollReport) -> Void
    ) -> RunningConversation {
        connector.start(
            Poll(dialogue, plan: plan, startedAt: .now()),
            at: .tcp(address, port: plan.service.port),
            tls: plan.service.tls == .implicit ? tls : nil,
            limits: .poll, within: time, completion: completion)
    }
}
