internal import NIOCore
internal import Site

/// Runs one conversation on one channel: bytes to lines, steps to writes, whatever ends it to its one outcome.
final class ConversationHandler<C: Conversation>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Ends the conversation when it takes too long; cancelled at its end.
    var deadline: Scheduled<Void>?

    private var conversation: C
    private let limits: Limits
    private var decoder: LineDecoder
    private var received = 0
    private let tlsContext: TLSContext?
    private var tls: TLSSession?
    private var channel: (any Channel)?
    /// Nil once called: the conversation is over.
    private var completion: ((C.Outcome) -> Void)?

    init(_ conversation: C, tls: TLSContext?, limits: Limits, completion: @escaping (C.Outcome) -> Void) {
        self.conversation = conversation
        self.tlsContext = tls
        self.limits = limits
        self.completion = completion
        self.decoder = LineDecoder(limit: limits.line)
    }

    /// Ends the conversation from outside, if it has not ended.
    func interrupt(_ interruption: Interruption) {
        guard completion != nil else { return }
        end(with: conversation.interrupted(by: interruption, at: .now()))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        channel = context.channel
        // The deadline may have passed, or the caller given up, before there was a channel.
        if completion == nil { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        channel = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        guard completion != nil else { return }
        conversation.connected(at: .now())
        guard let tlsContext else { return perform(conversation.opened(at: .now())) }
        do {
            let session = try TLSSession(context: tlsContext)
            tls = session
            advance(session, session.startHandshake())
        } catch {
            // Only the own machine can be in the way before the first byte.
            interrupt(.local(error.description))
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard completion != nil else { return }
        let bytes = unwrapInboundIn(data)
        received += bytes.readableBytes
        guard received <= limits.total else {
            return interrupt(.oversized("more than \(limits.total) bytes"))
        }
        if let tls {
            var plaintext = context.channel.allocator.buffer(capacity: bytes.readableBytes)
            let progress = bytes.withUnsafeReadableBytes { tls.receive($0, plaintext: &plaintext) }
            decoder.append(plaintext.readableBytesView)
            advance(tls, progress)
        } else {
            decoder.append(bytes.readableBytesView)
            consumeLines()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // TLS tells better what is missing.
        if let tls, case .failed(let error) = tls.inputClosed().end { interrupt(.closed(error.description)) }
        interrupt(.closed("connection closed by the peer"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        interrupt(Interruption(error))
    }

    /// Acts on what a call into the TLS session brought about, in the order in which it happened.
    private func advance(_ session: TLSSession, _ progress: TLSProgress) {
        // The peer gets what TLS has to say even when the conversation ends here: an alert tells it why.
        flush(session)
        if progress.established, completion != nil { perform(conversation.opened(at: .now())) }
        consumeLines()
        switch progress.end {
        case nil: break
        case .peerClosed: interrupt(.closed("connection closed by the peer"))
        case .failed(let error): interrupt(.tls(error.description))
        }
    }

    private func send(_ bytes: [UInt8]) {
        guard let channel else { return }
        guard let tls else {
            channel.writeAndFlush(channel.allocator.buffer(bytes: bytes), promise: nil)
            return
        }
        do {
            try bytes.withUnsafeBytes { try tls.send($0) }
            flush(tls)
        } catch {
            interrupt(Interruption(error))
        }
    }

    private func flush(_ session: TLSSession) {
        guard let channel, session.hasCiphertext else { return }
        var ciphertext = channel.allocator.buffer(capacity: 1024)
        session.drainCiphertext(into: &ciphertext)
        channel.writeAndFlush(ciphertext, promise: nil)
    }

    private func consumeLines() {
        while completion != nil {
            switch decoder.next() {
            case .line(let line): perform(conversation.lineReceived(line, at: .now()))
            case .incomplete: return
            case .oversized: return interrupt(.oversized("a line of more than \(limits.line) bytes"))
            }
        }
    }

    private func perform(_ step: Step<C.Outcome>) {
        switch step {
        case .wait: break
        case .send(let bytes): send(bytes)
        case .skip(let count): decoder.skip(count)
        case .finish(let outcome): end(with: outcome)
        }
    }

    private func end(with outcome: C.Outcome) {
        guard let completion else { return }
        self.completion = nil
        deadline?.cancel()
        deadline = nil
        if let tls {
            tls.close()
            flush(tls)
        }
        channel?.close(promise: nil)
        completion(outcome)
    }
}
