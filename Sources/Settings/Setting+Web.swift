internal import Site

// The settings of the page and the metrics.
extension Setting {
    static let web = [
        Setting(
            "http_listen", \.httpListen, .listenAddresses, sample: [Settings.usualListenAddress].compactMap(\.self),
            "where the page, the metrics and the interface for programs are served by HTTP; empty: nowhere"),
        Setting(
            "http_allow", \.httpAllow, .networks,
            "who may ask there besides this machine itself: these networks"),
        Setting(
            "http_names", \.httpNames, .hostNames,
            "by which names it may be asked, besides by addresses, localhost and this machine's own name"),
    ]
}

extension Settings {
    /// Prometheus' exporters have the ports around it.
    static let usualListenAddress = ListenAddress("127.0.0.1:9393")
}

extension SettingKind where Value == [ListenAddress] {
    /// Addresses with ports: a list, or one alone.
    static let listenAddresses = list(
        of: "ADDRESS:PORT, such as 127.0.0.1:9393 or \"[::1]:9393\"", upTo: 8, ListenAddress.init,
        wrong: "no address with a port")
}

extension SettingKind where Value == [IPNetwork] {
    /// Networks: a list, or one alone.
    static let networks = list(
        of: "ADDRESS or ADDRESS/LENGTH, such as 10.2.0.0/16 or \"2001:db8::/32\"", upTo: 100, IPNetwork.init,
        wrong: "no network")
}

extension SettingKind where Value == [String] {
    /// Names of hosts: a list, or one alone.
    static let hostNames = list(
        of: "host names", upTo: 100, { isHostName($0) ? $0.lowercased() : nil }, wrong: "no host name")
}

extension SettingKind {
    fileprivate static func list<Item: Hashable & CustomStringConvertible & Sendable>(
        of what: String, upTo limit: Int, _ make: @escaping @Sendable (String) -> Item?, wrong: String
    ) -> SettingKind where Value == [Item] {
        SettingKind(
            accepted: "a list of at most \(limit) \(what.hasPrefix("ADDRESS") ? "of " : "")\(what)",
            read: { node throws(Complaint) in
                var values: [Item] = []
                for item in try node.items() {
                    let text = try item.anyText()
                    guard let value = make(text) else { throw Complaint(item, "\(quoted(text)) is \(wrong)") }
                    guard !values.contains(value) else { throw Complaint(item, "\(quoted(text)) comes twice") }
                    guard values.count < limit else { throw Complaint(item, "more than \(limit)") }
                    values.append(value)
                }
                return values
            },
            write: { "[\($0.map { yamlText("\($0)") }.joined(separator: ", "))]" })
    }
}
