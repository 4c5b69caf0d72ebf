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
    /// Where is listened at, or was until now: who comes in by another address was under way when that was closed.
    private var doors: Set<ListenAddress> = []
    private var leaving: Set<ObjectIdentifier> = []
    /// Bytes of the answers that are being sent.
    private var bytes = 0

    init(_ limits: HTTPLimits) { self.limits = limits }

    /// How many are served.
    var count: Int { served.count }

    /// Takes a connection in, if need be in the place of the one that has been waiting longest for a request.
    func admit(_ visitor: ConnectionWatch, from address: SocketAddress?, at local: SocketAddress?) -> Reception {
        if let door = visitor.door, !doors.contains(door) { return .closed }
        guard configuration.admits(address, at: local) else {
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

    /// An address is listened at.
    func open(_ door: ListenAddress) { doors.insert(door) }

    /// An address is served no more: those who came in by it go, with the answer that is being made for them.
    func close(_ door: ListenAddress) {
        doors.remove(door)
        for visitor in served where visitor.door == door { visitor.dismiss() }
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
    func admits(_ peer: SocketAddress?, at local: SocketAddress?) -> Bool {
        guard let peer = peer?.plainAddress else { return true }
        guard let address = IPAddress(peer) else { return false }
        // What comes from the address that it goes to has not left this machine.
        return local?.plainAddress == peer || admits(address)
    }
}

extension SocketAddress {
    /// Without the interface that a link-local one has behind it.
    fileprivate var plainAddress: String? { ipAddress.map { String($0.prefix { $0 != "%" }) } }
}
