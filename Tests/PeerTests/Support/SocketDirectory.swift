import Glibc
import ScriptedPeers

/// A directory for a test's UNIX sockets, with a short name, that goes with its last holder.
final class SocketDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/peers.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw PeerError("mkdtemp: errno \(errno)") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for name in ["director", "log", "ca.pem"] { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    var director: String { "\(path)/director" }
    var log: String { "\(path)/log" }
    var authorities: String { "\(path)/ca.pem" }
}
