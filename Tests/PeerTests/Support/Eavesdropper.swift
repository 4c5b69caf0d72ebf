import Site

/// Knows what a client may send to a director, and collects what it should not have sent.
struct Eavesdropper {
    private struct Connection {
        var saidVersion = false
        var greeted = false
        var rest: [UInt8] = []
        /// The command that has not been answered yet.
        var pending: String?
        /// The state-changing command that came on it.
        var command: String?
        var ringAnswered = false
    }

    /// Whether this director answers DIRECTOR-LIST.
    var knowsRing = true
    private(set) var violations: [String] = []
    private(set) var mostCommandConnections = 0
    private var connections: [Int: Connection] = [:]

    mutating func opened(_ number: Int) { connections[number] = Connection() }
    mutating func greeted(_ number: Int) { connections[number]?.greeted = true }
    mutating func closed(_ number: Int) { connections[number] = nil }

    /// The pending command has been answered.
    mutating func answered(_ number: Int) {
        if connections[number]?.pending == "DIRECTOR-LIST" { connections[number]?.ringAnswered = true }
        connections[number]?.pending = nil
    }

    /// Bytes came in at once; gives the lines that are whole now.
    mutating func received(_ bytes: [UInt8], on number: Int) -> [String] {
        guard var connection = connections[number] else { return [] }
        if let pending = connection.pending { note(number, "bytes before \(pending) was answered") }
        connection.rest += bytes
        connections[number] = connection
        var lines: [String] = []
        while let end = connections[number]?.rest.firstIndex(of: UInt8(ascii: "\n")) {
            if let pending = connections[number]?.pending, !lines.isEmpty { note(number, "bytes behind \(pending)") }
            let line = String(decoding: connections[number]?.rest[..<end] ?? [], as: UTF8.self)
            connections[number]?.rest.removeSubrange(...end)
            lines.append(line)
            heard(line, on: number)
        }
        if let pending = connections[number]?.pending, connections[number]?.rest.isEmpty == false {
            note(number, "bytes behind \(pending)")
        }
        return lines
    }

    private mutating func heard(_ line: String, on number: Int) {
        guard connections[number]?.saidVersion == true else {
            connections[number]?.saidVersion = true
            if line != "VERSION\tdirector-doveadm\t1\t0" { note(number, "\(line) in place of the version") }
            return
        }
        if connections[number]?.greeted != true { note(number, "\(line) before the greeting") }
        connections[number]?.pending = line
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        switch fields[0] {
        case "DIRECTOR-LIST" where fields.count == 1: break
        case "HOST-LIST" where fields.count == 1:
            if knowsRing, connections[number]?.ringAnswered != true { note(number, "HOST-LIST without DIRECTOR-LIST") }
        case "HOST-DOWN", "HOST-UP", "HOST-RESET-USERS", "HOST-FLUSH": commandHeard(fields, line, on: number)
        default: note(number, "a line that is none: \(line)")
        }
    }

    private mutating func commandHeard(_ fields: [String], _ line: String, on number: Int) {
        guard fields.count >= 2, IPAddress(fields[1]) != nil else { return note(number, "no address: \(line)") }
        let mayBeCounted = fields[0] == "HOST-RESET-USERS" && fields.count == 3 && Int(fields[2]).map { $0 > 0 } == true
        if fields.count != 2, !mayBeCounted { note(number, "too much: \(line)") }
        if let former = connections[number]?.command { note(number, "\(line) after \(former) on one connection") }
        let movesUsers = fields[0] == "HOST-RESET-USERS"
        for (other, connection) in connections where other != number {
            guard let pending = connection.pending, (pending + "\t").contains("\t\(fields[1])\t"),
                pending.hasPrefix("HOST-RESET-USERS") == movesUsers
            else { continue }
            note(number, "\(line) while \(pending) is outstanding")
        }
        connections[number]?.command = line
        let count = connections.values.count { $0.command != nil }
        mostCommandConnections = max(mostCommandConnections, count)
        if count > 8 { note(number, "\(count) connections with commands") }
    }

    private mutating func note(_ number: Int, _ violation: String) {
        violations.append("connection \(number): \(violation)".replacing("\t", with: " "))
    }
}
