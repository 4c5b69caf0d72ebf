import ScriptedPeers
import Synchronization

/// IMAP servers at all addresses 127.*, at one port: any of them can be made ill, and well again.
final class Backends: Sendable {
    private final class Patients: Sendable {
        let ill = Mutex<Set<String>>([])
    }

    private let patients = Patients()
    private let peer: ScriptedPeer

    init() async throws {
        let patients = patients
        peer = try await ScriptedPeer.start(on: "0.0.0.0") { connection in
            try await connection.write("* OK [CAPABILITY IMAP4rev1] ready\r\n")
            let login = try await connection.expect("d1 LOGIN")
            let isIll = patients.ill.withLock { $0.contains(connection.localAddress ?? "") }
            guard !isIll else { return try await connection.write("d1 NO [UNAVAILABLE] No: \(login)\r\n") }
            try await connection.write("d1 OK\r\n")
            try await connection.answer("d2 LOGOUT", "d2 OK\r\n")
        }
    }

    var port: Int { peer.port }
    func fall(_ addresses: String...) { patients.ill.withLock { $0.formUnion(addresses) } }
    func recover(_ addresses: String...) { patients.ill.withLock { $0.subtract(addresses) } }
    func stop() async { await peer.stop() }
}
