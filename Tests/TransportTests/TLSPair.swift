import NIOCore
import ScriptedPeers
import Transport

/// A client's session wired to a server's in memory.
final class TLSPair {
    let client: TLSSession
    let server: ServerTLSSession
    /// How often the client told that the handshake was finished.
    private(set) var establishedCount = 0
    /// What the client told of its end, each time.
    private(set) var ends: [TLSProgress.End] = []
    private(set) var clientReceived = ByteBuffer()
    private(set) var serverReceived: [UInt8] = []
    private(set) var serverError: (any Error)?

    init(_ tls: PeerTLS, context: TLSContext, expecting identity: PeerIdentity? = nil) throws {
        client = try TLSSession(context: context, expecting: identity)
        server = try ServerTLSSession(tls)
    }

    /// Starts the handshake and carries bytes back and forth until it is over.
    func connect(portion: Int = .max) {
        note(client.startHandshake())
        shuttle(portion: portion)
    }

    /// Carries bytes back and forth, so many at a time, until neither side has any more.
    func shuttle(portion: Int = .max) {
        while true {
            let toServer = drainClient()
            give(toServer, portion: portion)
            let toClient = server.drain()
            if toServer.isEmpty, toClient.isEmpty { return }
            receive(toClient, portion: portion)
        }
    }

    func give(_ bytes: [UInt8], portion: Int = .max) {
        var rest = bytes[...]
        while !rest.isEmpty, serverError == nil {
            do {
                serverReceived += try server.receive(rest.prefix(portion))
            } catch {
                serverError = error
            }
            rest = rest.dropFirst(portion)
        }
    }

    func receive(_ bytes: [UInt8], portion: Int = .max) {
        var rest = bytes[...]
        while !rest.isEmpty {
            note(rest.prefix(portion).withUnsafeBytes { client.receive($0, plaintext: &clientReceived) })
            rest = rest.dropFirst(portion)
        }
    }

    func closeInput() { note(client.inputClosed()) }

    func drainClient() -> [UInt8] {
        var buffer = ByteBuffer()
        client.drainCiphertext(into: &buffer)
        return Array(buffer.readableBytesView)
    }

    func send(_ text: String) throws { try Array(text.utf8).withUnsafeBytes { try client.send($0) } }

    var clientText: String { String(buffer: clientReceived) }
    var serverText: String { String(decoding: serverReceived, as: UTF8.self) }

    var failure: TLSError? {
        guard case .failed(let error) = ends.last else { return nil }
        return error
    }

    private func note(_ progress: TLSProgress) {
        if progress.established { establishedCount += 1 }
        if let end = progress.end { ends.append(end) }
    }
}

/// What all tests of one suite share, since making keys and contexts is the slow part.
struct TLSSides {
    let context: TLSContext
    let tls: PeerTLS

    init(_ versions: PeerTLS.Versions = .current) throws {
        context = try TLSContext()
        tls = try PeerTLS(versions: versions)
    }

    func pair() throws -> TLSPair { try TLSPair(tls, context: context) }

    func connected() throws -> TLSPair {
        let pair = try pair()
        pair.connect()
        return pair
    }
}
