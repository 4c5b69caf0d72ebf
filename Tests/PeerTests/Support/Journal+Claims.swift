import DirectorAdmin
import Monitor
import Site

extension [Journal.Entry] {
    /// What was told of a backend's switch that nothing bears out: a change by a command is told only when a list shows it
    /// that was begun after the command's reply, any other change only when some list has shown it.
    var unfoundedClaims: [String] {
        var opened: [Int: Int] = [:]
        var heard: [Int: String] = [:]
        var lastReply: [String: Int] = [:]
        var shown: [IPAddress: [(state: HostState, begun: Int)]] = [:]
        var claims: [String] = []
        for (index, entry) in enumerated() {
            switch entry {
            case .opened(let connection): opened[connection] = index
            case .heard(let connection, let line): heard[connection] = line.split(separator: "\t").last.map(String.init)
            case .replied(let connection, _, _), .closed(let connection):
                // What ends without a reply is over as well.
                if let address = heard.removeValue(forKey: connection) { lastReply[address] = index }
            case .listed(let connection, let states):
                for (address, state) in states { shown[address, default: []].append((state, opened[connection] ?? 0)) }
            case .told(.stateChanged(let host, let cause, _), let line):
                var earliest = 0
                if case .command = cause { earliest = lastReply[host.spelling] ?? .max }
                let isFounded = shown[host.address, default: []].contains {
                    $0.state == host.state && $0.begun >= earliest
                }
                if !isFounded { claims.append(line.text) }
            default: break
            }
        }
        return claims
    }

    /// Whether a text is anywhere in what was told: in the lines, or in what the events are made of.
    func tells(_ secret: String) -> Bool {
        told.contains { event in
            var dumped = ""
            dump(event, to: &dumped)
            return LogLine(event).text.contains(secret) || dumped.contains(secret) || "\(event)".contains(secret)
        }
    }
}
