internal import NIOCore
internal import NIOHTTP1
internal import Site

/// Who is connected. On the server's loop alone.
final class Visitors {
    enum Reception {
        case welcome
        /// Sent away with these words.
        case told(HTTPResponseStatus, String)
        /// Sent away without a word.
        case closed
    }

    var configuration = HTTPConfiguration()
    private let limits: HTTPLimits
    private var served: [ConnectionWatch] = []
    private var leaving: Set<ObjectIdentifier> = []
    /// Bytes of the answers that are being sent.
    private var bytes = 0

    init(_ limits: HTTPLimits) { self.limits = limits }

    /// How many are served.
    var count: Int { served.count }

    /// Takes a connection in, if need be in the place of the one that has been waiting longest for a request.
    func admit(_ visitor: ConnectionWatch, from address: SocketAddress?) -> Reception {
        guard configuration.admits(address) else {
            return send(visitor, .forbidden, "you are not in http_allow")
        }
        if served.count >= limits.connections {
            let easiest = served.filter { $0.patience != nil }.max {
                ($0.patience ?? 0, $1.waitingSince) < ($1.patience ?? 0, $0.waitingSince)
            }
            guard let easiest else { return send(visitor, .serviceUnavailable, "too many connections: try again") }
            easiest.close()
            served.removeAll { $0 === easiest }
        }
        served.append(visitor)
        return .welcome
    }

    private func send(_ visitor: ConnectionWatch, _ status: HTTPResponseStatus, _ text: String) -> Reception {
        guard leaving.count < limits.farewells else { return .closed }
        leaving.insert(ObjectIdentifier(visitor))
        return .told(status, text)
    }

    /// A connection has ended.
    func left(_ visitor: ConnectionWatch) {
        served.removeAll { $0 === visitor }
        leaving.remove(ObjectIdentifier(visitor))
    }

    /// Closes all.
    func sendAllAway() { for visitor in served { visitor.close() } }

    /// Takes so many bytes of what may be sent at once; false when that is too much now.
    func reserve(_ count: Int) -> Bool {
        // One answer alone always has its place, whatever its size.
        guard bytes == 0 || bytes + count <= limits.responseBytes else { return false }
        bytes += count
        return true
    }

    /// Gives them back.
    func release(_ count: Int) { bytes -= count }
}

extension HTTPConfiguration {
    /// Whether somebody there may ask; whoever has no address, as in a test, is this machine.
    func admits(_ peer: SocketAddress?) -> Bool {
        guard let text = peer?.ipAddress else { return true }
        // A link-local peer's has its interface behind it.
        return IPAddress(String(text.prefix { $0 != "%" })).map(admits) ?? false
    }
}
