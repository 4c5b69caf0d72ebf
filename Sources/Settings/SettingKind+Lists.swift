import Site

extension SettingKind where Value == [Service] {
    /// More would be a mistake, and a burden for all backends.
    private static var limit: Int { 100 }

    /// Ports to poll: a list, or one alone.
    static let services = SettingKind(
        accepted:
            "a list of at most \(limit) of [PROTOCOL:]PORT or [PROTOCOL:]PORT/ssl, PROTOCOL one of \(protocolNames)",
        read: { node throws(Complaint) in
            var services: [Service] = []
            for item in try node.items() {
                let text = try item.anyText()
                guard let service = Service(setting: text) else {
                    if text.lowercased().hasSuffix("/starttls") {
                        throw Complaint(
                            item, "\(quoted(text)): no STARTTLS here, `imap_ssl: starttls` and its kin are for that")
                    }
                    throw Complaint(item, "\(quoted(text)) is no port to poll")
                }
                guard !services.contains(service) else { throw Complaint(item, "\(quoted(text)) comes twice") }
                guard services.count < limit else { throw Complaint(item, "too many ports") }
                services.append(service)
            }
            return services
        },
        write: { "[\($0.map(\.setting).joined(separator: ", "))]" })
}

extension SettingKind where Value == Set<MailProtocol> {
    /// Yes for all protocols, no for none, or a list of some.
    static let protocols = SettingKind(
        accepted: "yes, no, or a list of \(protocolNames)",
        read: { node throws(Complaint) in
            if let all = try? SettingKind<Bool>.yesNo.read(node) { return all ? Set(MailProtocol.allCases) : [] }
            var protocols: Set<MailProtocol> = []
            for item in try node.items() {
                let text = try item.anyText()
                guard let mailProtocol = MailProtocol(rawValue: text) else {
                    throw Complaint(item, "\(quoted(text)) is no protocol")
                }
                protocols.insert(mailProtocol)
            }
            return protocols
        },
        write: { protocols in
            if protocols.isEmpty { return "no" }
            let named = MailProtocol.allCases.filter(protocols.contains)
            if named == MailProtocol.allCases { return "yes" }
            return "[\(named.map(\.rawValue).joined(separator: ", "))]"
        })
}

private let protocolNames = MailProtocol.allCases.map(\.rawValue).joined(separator: ", ")

extension Service {
    /// By `[PROTOCOL:]PORT` or `[PROTOCOL:]PORT/ssl`, with the port's usual protocol where none is named; nil for any other
    /// text.
    init?(setting text: String) {
        var rest = text.lowercased()[...]
        let isEncrypted = rest.hasSuffix("/ssl")
        if isEncrypted { rest = rest.dropLast(4) }
        let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let digits = parts.last, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), digits.first != "0",
            let port = Int(digits), (1...65_535).contains(port)
        else { return nil }
        let named = parts.count == 2 ? MailProtocol(rawValue: String(parts[0])) : MailProtocol(usualAt: port)
        guard let mailProtocol = named else { return nil }
        self.init(mailProtocol, port: port, tls: isEncrypted ? .implicit : .none)
    }

    /// What `init(setting:)` reads.
    var setting: String { "\(mailProtocol.rawValue):\(port)\(tls == .implicit ? "/ssl" : "")" }
}

extension MailProtocol {
    /// The protocol that the port is for; `banner` for one that is for none of the others.
    init(usualAt port: Int) {
        switch port {
        case 143, 993: self = .imap
        case 110, 995: self = .pop3
        case 24: self = .lmtp
        case 4190: self = .sieve
        case 587, 465: self = .submission
        default: self = .banner
        }
    }
}

extension YAMLNode {
    /// The items of a list; a value alone is a list of one, and nothing one of none.
    func items() throws(Complaint) -> [YAMLNode] {
        if isNothing { return [] }
        guard case .sequence(let items) = content else {
            _ = try anyText()
            return [self]
        }
        // What is refused has been reported.
        return items.filter { !$0.isRefused }
    }
}
