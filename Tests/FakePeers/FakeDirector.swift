package import NIOCore

/// A director of one whose ring is always synced. Loop-confined.
package final class FakeDirector {
    private let addresses: [String]
    private let numbers: [String: Int]
    private var isUp: [Bool]
    private var changes: [Int]
    private let needed: Int
    private var clock = 1_700_000_000
    private let loop: any EventLoop
    private let path: String
    private var listening: (any Channel)?

    package private(set) var upCount: Int
    package private(set) var fewestUp: Int
    package private(set) var downs = 0
    package private(set) var ups = 0
    /// HOST-DOWNs that left fewer up than the guard has to leave, and commands that changed nothing.
    package private(set) var violations = 0
    package private(set) var doubled = 0
    /// Connections at once, and the most there ever were.
    private var connections = 0
    package private(set) var mostConnections = 0
    /// Hears of each change that is commanded, before it is answered.
    package var changed: ((_ address: String, _ isUp: Bool) -> Void)?

    /// - Parameter needed: so many backends have to stay up.
    package init(_ addresses: [String], needed: Int, path: String, loop: any EventLoop) {
        self.addresses = addresses
        self.needed = needed
        self.path = path
        self.loop = loop
        numbers = Dictionary(uniqueKeysWithValues: zip(addresses, addresses.indices))
        isUp = addresses.map { _ in true }
        changes = addresses.map { _ in 0 }
        upCount = addresses.count
        fewestUp = addresses.count
    }

    package func isUp(_ number: Int) -> Bool { isUp[number] }

    /// Begins to listen, also after `leave`.
    package func listen() -> EventLoopFuture<Void> {
        let box = NIOLoopBound(self, eventLoop: loop)
        return listener(on: loop, backlog: 64) { [unowned self] in Connection(self) }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true)
            .map { box.value.listening = $0 }
    }

    /// Is away, as one that is being restarted.
    package func leave() {
        listening?.close(promise: nil)
        listening = nil
    }

    fileprivate func answer(_ line: String) -> String? {
        let fields = line.split(separator: "\t").map(String.init)
        switch fields.first {
        case "HOST-LIST": return list
        case "DIRECTOR-LIST": return "127.0.0.11\t9090\tself\t0\tring synced\t0\n\n"
        case "HOST-DOWN": return fields.last.flatMap { numbers[$0] }.map { change($0, to: false) } ?? "NOTFOUND\n"
        case "HOST-UP": return fields.last.flatMap { numbers[$0] }.map { change($0, to: true) } ?? "NOTFOUND\n"
        case "HOST-RESET-USERS": return "OK\n"
        default: return nil
        }
    }

    private var list: String {
        var text = ""
        text.reserveCapacity(addresses.count * 40)
        for (number, address) in addresses.enumerated() {
            text += address
            text += isUp[number] ? "\t100\t0\t\tU\t" : "\t100\t0\t\tD\t"
            text += "\(changes[number])\n"
        }
        return text + "\n"
    }

    private func change(_ number: Int, to isUp: Bool) -> String {
        changed?(addresses[number], isUp)
        if self.isUp[number] == isUp { doubled += 1 } else { upCount += isUp ? 1 : -1 }
        self.isUp[number] = isUp
        clock += 1
        changes[number] = clock
        if isUp { ups += 1 } else { downs += 1 }
        if !isUp, upCount < needed { violations += 1 }
        fewestUp = min(fewestUp, upCount)
        return "OK\n"
    }

    private final class Connection: LineService {
        private let director: FakeDirector

        init(_ director: FakeDirector) { self.director = director }

        func opened(_ channel: any Channel) {
            director.connections += 1
            director.mostConnections = max(director.mostConnections, director.connections)
            channel.say("VERSION\tdirector-doveadm\t1\t0\n")
        }

        func closed() { director.connections -= 1 }

        func heard(_ line: String, _ channel: any Channel) {
            guard !line.hasPrefix("VERSION") else { return }
            if let answer = director.answer(line) { channel.say(answer) } else { channel.close(promise: nil) }
        }
    }
}
