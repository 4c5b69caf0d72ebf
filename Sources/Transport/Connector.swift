internal import NIOCore
internal import Site

/// Starts conversations on one event loop. Everything here, completions included, happens on that loop.
package struct Connector {
    /// The loop that all conversations of this connector run on.
    package let loop: Reactor
    private let watch: LoopWatch

    /// Makes a connector for `loop`.
    package init(loop: Reactor) {
        self.loop = loop
        watch = LoopWatch(loop: loop)
    }

    /// Watches the loop for what takes more than one conversation. `WatchedTime.end` has to follow.
    package func watched(_ time: Duration) -> WatchedTime { WatchedTime(time, by: watch) }

    /// Holds a conversation. Must be called on the loop.
    ///
    /// - Parameters:
    ///   - encryption: the means for TLS; nil for a plain connection.
    ///   - preamble: bytes that go before everything else, TLS included.
    ///   - limits: what the peer may send at most.
    ///   - time: how long it all may take, from now to the last word, or to `Step.rest`; nil for no limit.
    ///   - rested: called on the loop at the first `Step.rest`.
    ///   - completion: called exactly once, on the loop, possibly before `start` returns.
    /// - Returns: the means to cut it short.
    @discardableResult
    package func start<C: Conversation>(
        _ conversation: C, at endpoint: Endpoint, encryption: Encryption? = nil, preamble: [UInt8] = [], limits: Limits,
        within time: Duration?, rested: (() -> Void)? = nil, completion: @escaping (C.Outcome) -> Void
    ) -> RunningConversation {
        let runner = ConversationRunner(
            conversation, on: loop, encryption: encryption, preamble: preamble, limits: limits, rested: rested,
            completion: completion)
        runner.start(at: endpoint, within: time, watch)
        return RunningConversation { runner.interrupt(.cancelled) }
    }
}

/// How a conversation is encrypted.
package struct Encryption {
    /// When TLS begins.
    package enum Start: Hashable, Sendable {
        /// With the first byte.
        case atOnce
        /// With `Step.startTLS`.
        case onRequest
    }

    let context: TLSContext
    let identity: PeerIdentity?
    let start: Start
    let resumption: Resumption?

    /// Makes it of a context and the peer that is expected.
    package init(
        _ context: TLSContext, expecting identity: PeerIdentity? = nil, start: Start = .atOnce,
        resumption: Resumption? = nil
    ) {
        self.context = context
        self.identity = identity
        self.start = start
        self.resumption = resumption
    }
}

/// What a peer may send in one conversation; more of either ends it.
package struct Limits: Sendable {
    /// Bytes in one line.
    package let line: Int
    /// Bytes in all, TLS's own included.
    package let total: Int

    /// Makes limits.
    package init(line: Int, total: Int) {
        self.line = line
        self.total = total
    }

    /// A poll: 64 KiB a line, 1 MiB in all.
    package static let poll = Limits(line: 65_536, total: 1_048_576)
}

/// The means to cut a conversation short. To be used on the conversation's event loop.
package struct RunningConversation {
    /// Ends the conversation as `Interruption.cancelled`; without effect when it has ended.
    package let cancel: () -> Void

    /// Makes it of what cuts the conversation short.
    package init(cancel: @escaping () -> Void) { self.cancel = cancel }
}
