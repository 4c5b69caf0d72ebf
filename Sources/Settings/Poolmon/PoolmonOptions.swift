import Site

/// The command line of poolmon, the original's or the maintained fork's, as its Getopt::Long reads it.
struct PoolmonOptions: Equatable {
    /// The ports without TLS and with, in their order; each once.
    var services: [Service] = []
    var interval = 30
    var timeout = 5
    var socket: String?
    var logfile: String?
    var lockfile: String?
    var credentials: String?
    var lmtpFrom: String?
    var lmtpTo: String?
    var isDebugging = false
    var isInForeground = false
    var isDryRun = false
    var verifies: Bool?
    /// What poolmon takes no notice of.
    var ignored: [String] = []

    /// Whether one of the options is the fork's alone.
    var isFork: Bool { isDryRun || verifies != nil }

    private enum Name: String, CaseIterable {
        case port, ssl, debug, timeout, logfile, lockfile, interval, foreground, socket, help, credfile
        case verify = "ssl-verify"
        case dryRun = "dry-run"
        case lmtpFrom = "lmtp-from"
        case lmtpTo = "lmtp-to"

        static let letters: [Character: Name] = [
            "p": .port, "s": .ssl, "v": .verify, "d": .debug, "t": .timeout, "l": .logfile, "k": .lockfile,
            "i": .interval, "f": .foreground, "n": .dryRun, "S": .socket, "h": .help, "?": .help, "c": .credfile,
        ]

        var takesValue: Bool { ![.debug, .foreground, .dryRun, .help].contains(self) }

        /// By its name or the beginning of it, where that is no other's; nil when it is none's or several'.
        init?(abbreviation: String) {
            let text = abbreviation.lowercased()
            let meant = Self.allCases.filter { $0.rawValue.hasPrefix(text) }
            guard let name = Self(rawValue: text) ?? (meant.count == 1 ? meant.first : nil) else { return nil }
            self = name
        }
    }

    init(_ arguments: [String]) throws(PoolmonMistake) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                ignored += rest
                break
            } else if argument.hasPrefix("--") {
                try readLong(argument.dropFirst(2), &rest)
            } else if argument.hasPrefix("-"), argument != "-" {
                try readBundle(argument.dropFirst(), &rest)
            } else {
                ignored.append(argument)
            }
        }
        // poolmon looks at the ports without TLS first.
        services = services.filter { $0.tls == .none } + services.filter { $0.tls != .none }
        if services.isEmpty { services = [Service(.pop3, port: 110), Service(.imap, port: 143)] }
    }

    private mutating func readLong(_ text: Substring, _ rest: inout ArraySlice<String>) throws(PoolmonMistake) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let word = parts.first, !word.isEmpty, let name = Name(abbreviation: String(word)) else {
            throw PoolmonMistake("--\(printable(String(parts.first ?? ""), limit: 40)): poolmon has no such option")
        }
        if !name.takesValue {
            guard parts.count == 1 else { throw PoolmonMistake("--\(name.rawValue) takes no value") }
            try set(name, "")
        } else if parts.count == 2 {
            try set(name, String(parts[1]))
        } else {
            try set(name, try value(for: name, &rest))
        }
    }

    /// Letters behind one dash: flags, up to the first that takes a value, which is the remainder or the next argument.
    private mutating func readBundle(_ letters: Substring, _ rest: inout ArraySlice<String>) throws(PoolmonMistake) {
        var letters = letters
        while let letter = letters.popFirst() {
            guard let name = Name.letters[letter] else {
                throw PoolmonMistake("-\(printable(String(letter))): poolmon has no such option")
            }
            guard name.takesValue else {
                try set(name, "")
                continue
            }
            try set(name, letters.isEmpty ? try value(for: name, &rest) : String(letters))
            return
        }
    }

    private func value(for name: Name, _ rest: inout ArraySlice<String>) throws(PoolmonMistake) -> String {
        guard let value = rest.popFirst() else { throw PoolmonMistake("--\(name.rawValue) has no value") }
        return value
    }

    private mutating func set(_ name: Name, _ value: String) throws(PoolmonMistake) {
        switch name {
        case .port: try add(value, name, .none)
        case .ssl: try add(value, name, .implicit)
        case .verify: verifies = try number(value, name, in: 0...1) == 1
        case .timeout: timeout = try number(value, name, in: 1...3_600)
        case .interval: interval = try number(value, name, in: 1...86_400)
        case .logfile: logfile = value
        case .lockfile: lockfile = value
        case .socket: socket = value
        case .credfile: credentials = value
        case .lmtpFrom: lmtpFrom = value
        case .lmtpTo: lmtpTo = value
        case .debug: isDebugging = true
        case .foreground: isInForeground = true
        case .dryRun: isDryRun = true
        case .help: throw PoolmonMistake("with --help poolmon does nothing")
        }
    }

    private mutating func add(_ value: String, _ name: Name, _ tls: TLSMode) throws(PoolmonMistake) {
        let parts = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let port = try? number(String(parts.last ?? ""), name, in: 1...65_535)
        let mailProtocol: MailProtocol? =
            parts.count == 2
            ? ["imap": .imap, "pop3": .pop3, "lmtp": .lmtp][parts[0].lowercased()]
            : port.map(MailProtocol.init(poolmon:))
        guard let port, let mailProtocol else {
            throw PoolmonMistake("--\(name.rawValue) \(quoted(value)) is no port, nor IMAP:, POP3: or LMTP: and a port")
        }
        let service = Service(mailProtocol, port: port, tls: tls)
        if !services.contains(service) { services.append(service) }
    }

    private func number(_ text: String, _ name: Name, in range: ClosedRange<Int>) throws(PoolmonMistake) -> Int {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), range.contains(number)
        else {
            throw PoolmonMistake(
                "--\(name.rawValue) \(quoted(text)) is no number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

extension MailProtocol {
    /// What poolmon takes a port for that it is told no protocol of.
    fileprivate init(poolmon port: Int) {
        switch port {
        case 143, 993: self = .imap
        case 110, 995: self = .pop3
        case 24: self = .lmtp
        default: self = .banner
        }
    }
}
