/// A backend as the director's HOST-LIST shows it.
package struct HostListEntry: Hashable, Sendable {
    package enum State: Hashable, Sendable { case up, down }

    package let address: String
    package let vhosts: Int
    package let users: Int
    package let tag: String
    package let state: State
    /// When the state last changed, in UNIX seconds; 0 for never.
    package let changed: Int

    init?(line: String) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard fields.count >= 6, let vhosts = Int(fields[1]), let users = Int(fields[2]), let changed = Int(fields[5])
        else { return nil }
        switch fields[4] {
        case "U": state = .up
        case "D": state = .down
        default: return nil
        }
        (address, tag) = (fields[0], fields[3])
        (self.vhosts, self.users, self.changed) = (vhosts, users, changed)
    }
}

/// Asks over the director's admin socket, one command a connection. This is the lab's own client on purpose: what is
/// tested must not be what tests it.
enum DirectorAdmin {
    /// The lines of an answer that an empty line ends.
    static func list(_ command: String, socket: String, within limit: Duration) throws -> [String] {
        let conversation = try begin(command, socket: socket, within: limit)
        var lines: [String] = []
        while true {
            let line = try conversation.readLine()
            if line.isEmpty { return lines }
            lines.append(line)
        }
    }

    /// The one line that answers a command.
    static func reply(to command: String, socket: String, within limit: Duration) throws -> String {
        try begin(command, socket: socket, within: limit).readLine()
    }

    private static func begin(_ command: String, socket: String, within limit: Duration) throws -> Conversation {
        let conversation = try Conversation(path: socket, within: limit)
        try conversation.send("VERSION\tdirector-doveadm\t1\t0\n")
        let version = try conversation.readLine()
        guard version.hasPrefix("VERSION\tdirector-doveadm\t1\t") else {
            throw LabError.failed("\(socket): \(version)")
        }
        try conversation.send(command + "\n")
        return conversation
    }
}
