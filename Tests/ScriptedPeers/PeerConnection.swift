internal import NIOCore

/// One connection that a scripted peer accepted: what its script reads, writes and breaks. Confined to that script.
///
/// Every call throws once the client has gone or the peer is stopped, and so ends the script.
package final class PeerConnection {
    /// Which of the peer's connections this is, from 0.
    package let number: Int

    private let channel: any Channel
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let record: PeerRecord
    private var tls: ServerTLSSession?
    private var pending: [UInt8] = []
    private var isOpen = true

    init(
        number: Int, channel: any Channel, inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, record: PeerRecord
    ) {
        self.number = number
        self.channel = channel
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
        self.record = record
    }

    /// The address of this machine that the client connected to; nil for a UNIX socket.
    package var localAddress: String? { channel.localAddress?.ipAddress }

    /// The next line without its CRLF or LF; nil when the client has ended its side.
    package func readLine() async throws -> String? {
        while true {
            if let end = pending.firstIndex(of: 0x0A) {
                let line = pending[..<end]
                pending.removeSubrange(...end)
                return String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
            }
            guard try await readMore() else { return nil }
        }
    }

    /// Exactly so many bytes.
    package func read(_ count: Int) async throws -> [UInt8] {
        while pending.count < count {
            guard try await readMore() else { throw PeerError("the client closed after \(pending.count) bytes") }
        }
        defer { pending.removeFirst(count) }
        return Array(pending.prefix(count))
    }

    /// Reads a line that has to begin so, and gives it; anything else is one of the peer's `complaints`.
    @discardableResult
    package func expect(_ prefix: String) async throws -> String {
        let line = try await readLine()
        guard let line, line.hasPrefix(prefix) else {
            let complaint = "connection \(number): expected '\(prefix)', got \(line.map { "'\($0)'" } ?? "the end")"
            record.complain(complaint)
            throw PeerError(complaint)
        }
        return line
    }

    /// Reads a line that has to begin so, and answers it.
    package func answer(_ prefix: String, _ reply: String) async throws {
        try await expect(prefix)
        try await write(reply)
    }

    /// Reads whatever comes until the client ends its side, and answers nothing: a peer that hangs.
    package func silence() async throws {
        while try await readMore() {}
    }

    /// Reads nothing more and never closes, until the peer is stopped: what the client sends piles up in the kernels.
    package func stall() async {
        let (stream, end) = AsyncStream<Never>.makeStream()
        // Cancellation alone ends it, as long as its other end is held.
        for await _ in stream {}
        withExtendedLifetime(end) {}
    }

    /// Sends a text, which has its line ends in it.
    package func write(_ text: String) async throws { try await write(Array(text.utf8)) }

    /// Sends bytes, in one TLS record where TLS is on and they are no more than 16 KiB.
    package func write(_ bytes: [UInt8]) async throws {
        guard let tls else { return try await writeRaw(bytes) }
        try tls.send(bytes)
        try await flush(tls)
    }

    /// Sends bytes in clear, whether TLS is on or not.
    package func writeRaw(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    /// Sends a text a byte at a time, in packets and TLS records of their own.
    package func drip(_ text: String, every pause: Duration) async throws {
        for byte in text.utf8 {
            try await write([byte])
            try await Task.sleep(for: pause)
        }
    }

    /// Sends a text over and over until the client goes away, which throws.
    package func flood(_ text: String) async throws {
        let copies = max(1, 16_384 / max(1, text.utf8.count))
        let bytes = Array(String(repeating: text, count: copies).utf8)
        while true { try await write(bytes) }
    }

    /// Ends this side in order, TLS first, then waits for the client to end its own. A script that returns does this.
    package func close() async throws {
        guard isOpen else { return }
        tls?.close()
        if let tls { try await flush(tls) }
        try await cut()
    }

    /// Ends this side without TLS's goodbye, then waits for the client to end its own.
    package func cut() async throws {
        guard isOpen else { return }
        isOpen = false
        outbound.finish()
        // Closing with the client's bytes unread would send it a reset.
        try await discardInput()
    }

    /// Breaks the connection off: the client gets a reset (TCP only).
    package func reset() async throws {
        isOpen = false
        if let options = channel as? any SocketOptionProvider {
            try await options.setSoLinger(.init(l_onoff: 1, l_linger: 0)).get()
        }
        try await channel.close()
    }

    /// Does the server's side of a TLS handshake now, as `tls` has it; clear text that came before its turn is taken for
    /// the client's first bytes of TLS.
    package func startTLS(_ tls: PeerTLS) async throws {
        let session = try ServerTLSSession(tls)
        var bytes = pending
        pending = []
        repeat {
            if bytes.isEmpty { bytes = try await readRaw() }
            switch tls.handshake {
            case .silent: return try await discardInput()
            case .garbage: return try await writeRaw(Array("no TLS here, sorry\r\n".utf8))
            case .proper, .closedHalfway: break
            }
            do {
                pending += try session.receive(bytes)
            } catch {
                // The alert.
                try await flush(session)
                throw error
            }
            bytes = []
            if tls.handshake == .closedHalfway {
                let answer = session.drain()
                guard answer.isEmpty else {
                    try await writeRaw(Array(answer.prefix(answer.count / 2)))
                    return try await cut()
                }
            }
            try await flush(session)
        } while !session.isEstablished
        record.received(pending, on: number)
        self.tls = session
    }

    /// The TLS session, to misbehave with, and then to `flush`.
    package var tlsSession: ServerTLSSession? { tls }

    /// Sends what a TLS session wants sent.
    package func flush(_ session: ServerTLSSession) async throws {
        let bytes = session.drain()
        if !bytes.isEmpty { try await writeRaw(bytes) }
    }

    private func discardInput() async throws {
        while try await inbound.next() != nil {}
    }

    private func readRaw() async throws -> [UInt8] {
        guard let buffer = try await inbound.next() else { throw PeerError("the client closed in the handshake") }
        return Array(buffer.readableBytesView)
    }

    /// False when the client has ended its side.
    private func readMore() async throws -> Bool {
        if let tls, tls.clientClosed { return false }
        guard let buffer = try await inbound.next() else { return false }
        guard let tls else {
            let bytes = Array(buffer.readableBytesView)
            pending += bytes
            record.received(bytes, on: number)
            return true
        }
        let bytes = try tls.receive(buffer.readableBytesView)
        pending += bytes
        record.received(bytes, on: number)
        try await flush(tls)
        return true
    }
}
