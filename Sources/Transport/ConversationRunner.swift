internal import NIOCore
internal import Site

/// Runs one conversation on one connection: bytes to lines, steps to writes, whatever ends it to its one outcome.
final class ConversationRunner<C: Conversation>: StreamSocket.Client {
    private let reactor: Reactor
    private var conversation: C
    private let limits: Limits
    private var decoder: LineDecoder
    private var received = 0
    private let encryption: Encryption?
    private let preamble: [UInt8]
    private var tls: TLSSession?
    /// Whether TLS was begun with `Step.startTLS`, and nothing has arrived since.
    private var awaitsFirstRecord = false
    private var socket: StreamSocket?
    /// Ends the conversation when it takes too long; where it may take any time, the connection.
    private var deadline: Timer?
    /// The time that ends then; nil where there is no limit.
    private var time: WatchedTime?
    /// Nil once called: the conversation is at rest.
    private var rested: (() -> Void)?
    /// Nil once called: the conversation is over.
    private var completion: ((C.Outcome) -> Void)?

    init(
        _ conversation: C, on reactor: Reactor, encryption: Encryption?, preamble: [UInt8], limits: Limits,
        rested: (() -> Void)?, completion: @escaping (C.Outcome) -> Void
    ) {
        self.reactor = reactor
        self.conversation = conversation
        self.encryption = encryption
        self.preamble = preamble
        self.limits = limits
        self.rested = rested
        self.completion = completion
        self.decoder = LineDecoder(limit: limits.line)
    }

    /// Begins. `time` is how long it all may take, from now to the last word.
    func start(at endpoint: Endpoint, within time: Duration?, _ watch: LoopWatch) {
        self.time = time.map { WatchedTime($0, by: watch) }
        deadline = reactor.timer(at: .now() + (time ?? connectionLimit)) { [weak self] in self?.deadlinePassed() }
        let socket = StreamSocket(on: reactor, for: self)
        self.socket = socket
        do throws(SystemError) { try socket.connect(to: endpoint) } catch { failed(error) }
    }

    /// Ends the conversation from outside, if it has not ended.
    func interrupt(_ interruption: Interruption) {
        guard completion != nil else { return }
        end(with: conversation.interrupted(by: interruption, at: .now()))
    }

    /// Ends the conversation as its time is over. What the peer said may have come all the same, and only this process not
    /// have been there to read it.
    private func deadlinePassed() {
        interrupt(time?.stall.map { .local(Interruption.stall($0)) } ?? .deadline)
    }

    func connected() {
        guard completion != nil else { return }
        if time == nil { deadline?.cancel() }
        conversation.connected(at: .now())
        if !preamble.isEmpty { send(preamble) }
        guard let encryption, encryption.start == .atOnce else { return perform(conversation.opened(at: .now())) }
        negotiate(encryption)
    }

    func received(_ bytes: UnsafeRawBufferPointer) {
        guard completion != nil else { return }
        received += bytes.count
        guard received <= limits.total else {
            return interrupt(.oversized("more than \(limits.total) bytes"))
        }
        guard let tls else {
            decoder.append(bytes)
            return consumeLines()
        }
        if awaitsFirstRecord, let first = bytes.first {
            awaitsFirstRecord = false
            guard isRecordType(first) else { return interrupt(.injected(Self.injection)) }
        }
        var plaintext = ByteBuffer()
        let progress = tls.receive(bytes, plaintext: &plaintext)
        decoder.append(plaintext.readableBytesView)
        advance(tls, progress)
    }

    func ended() {
        // TLS tells better what is missing.
        if let tls, case .failed(let error) = tls.inputClosed().end { interrupt(.closed(error.description)) }
        interrupt(.closed("connection closed by the peer"))
    }

    func failed(_ error: SystemError) { interrupt(Interruption(error)) }

    private func negotiate(_ encryption: Encryption) {
        do {
            let session = try TLSSession(
                context: encryption.context, expecting: encryption.identity,
                resuming: encryption.resumption?.offered)
            tls = session
            advance(session, session.startHandshake())
        } catch {
            // Only the own machine can be in the way before the first byte.
            interrupt(.local(error.description))
        }
    }

    private func startTLS() {
        guard let encryption, tls == nil else { return interrupt(.local("TLS was begun without the means")) }
        guard decoder.isEmpty else { return interrupt(.injected(Self.injection)) }
        // What was put in clear into a packet of its own comes later.
        awaitsFirstRecord = true
        negotiate(encryption)
    }

    /// The same however the peer's bytes were cut into packets.
    private static var injection: String { "bytes in clear behind STARTTLS's OK" }

    /// An answer to a ClientHello is an alert or a handshake record (RFC 8446, section 5.1).
    private func isRecordType(_ byte: UInt8) -> Bool { byte == 21 || byte == 22 }

    /// Acts on what a call into the TLS session brought about, in the order in which it happened.
    private func advance(_ session: TLSSession, _ progress: TLSProgress) {
        // The peer gets what TLS has to say even when the conversation ends here: an alert tells it why.
        flush(session)
        if progress.established, completion != nil, let peer = session.peer {
            conversation.encrypted(by: peer, at: .now())
            perform(conversation.opened(at: .now()))
        }
        consumeLines()
        switch progress.end {
        case nil: break
        case .peerClosed: interrupt(.closed("connection closed by the peer"))
        case .failed(let error): interrupt(Interruption(error))
        }
    }

    private func send(_ bytes: [UInt8]) {
        guard let tls else {
            bytes.withUnsafeBytes { socket?.send($0) }
            return
        }
        let failure = bytes.withUnsafeBytes { bytes -> TLSError? in
            do throws(TLSError) { try tls.send(bytes) } catch { return error }
            return nil
        }
        if let failure { return interrupt(Interruption(failure)) }
        flush(tls)
    }

    private func flush(_ session: TLSSession) {
        guard session.hasCiphertext else { return }
        var ciphertext = ByteBuffer()
        session.drainCiphertext(into: &ciphertext)
        ciphertext.withUnsafeReadableBytes { socket?.send($0) }
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

    private func perform(_ step: Step) {
        switch step {
        case .wait: break
        case .send(let bytes): send(bytes)
        case .rest: rest()
        case .skip(let count): decoder.skip(count)
        case .startTLS: startTLS()
        case .read(let count): decoder.read(count)
        case .finish: conclude(isParting: false)
        case .part: conclude(isParting: true)
        }
    }

    private func rest() {
        deadline?.cancel()
        deadline = nil
        time?.end()
        time = nil
        if decoder.isEmpty { decoder = LineDecoder(limit: limits.line) }
        let rested = rested
        self.rested = nil
        rested?()
    }

    private func conclude(isParting: Bool) {
        guard completion != nil else { return }
        end(with: conversation.concluded(at: .now()), isParting: isParting)
    }

    private func end(with outcome: C.Outcome, isParting: Bool = false) {
        guard let completion else { return }
        self.completion = nil
        deadline?.cancel()
        deadline = nil
        if let tls {
            encryption?.resumption?.ended(tls)
            tls.close()
            flush(tls)
        }
        socket?.close(isReset: isParting)
        socket = nil
        let stall = time?.stall
        time?.end()
        time = nil
        completion(stall.map { conversation.outcome(outcome, afterStallOf: $0) } ?? outcome)
    }
}

/// A UNIX socket's connect can wait for a place in the listener's queue.
private let connectionLimit = Duration.seconds(60)
