internal import Browser
internal import Foundation

/// What the mock daemon knows: the answers to all that the page asks.
struct MockSite: Sendable {
    var backends: [MockBackend]
    var revision = 1
    var startedMinutesAgo = 1_700.0
    var isConnected = true
    var hasList = true
    var guards: [JSONValue] = []
    var events: [JSONValue] = []

    init(_ backends: [MockBackend] = []) { self.backends = backends }

    /// So many backends that are well, `10.x.y.z`, in tags of 100.
    static func large(_ count: Int) -> MockSite {
        MockSite(
            (0..<count).map { number in
                var backend = MockBackend(
                    "10.\(number >> 16).\(number >> 8 & 255).\(number & 255)", tag: "t\(number / 100 % 20)")
                backend.users = number
                return backend
            })
    }

    private static let began = Date()

    /// A time as the daemon writes it, before the tests began, when its clock stands still; always the same one, as that of what
    /// has happened is.
    static func time(minutesAgo minutes: Double) -> JSONValue {
        .string(began.addingTimeInterval(-60 * minutes).formatted(.iso8601))
    }

    /// Changes the backend of that address.
    mutating func change(_ address: String, _ body: (inout MockBackend) -> Void) {
        guard let index = backends.firstIndex(where: { $0.address == address }) else { return }
        body(&backends[index])
    }

    var status: JSONValue {
        [
            "revision": .number(Double(revision)), "time": Self.time(minutesAgo: 0), "version": "0.1.0",
            "started_at": Self.time(minutesAgo: startedMinutesAgo), "dry_run": false, "interval_seconds": 30,
            "director": [
                "connected": .bool(isConnected), "since": Self.time(minutesAgo: 1_700),
                "last_list_at": hasList ? Self.time(minutesAgo: 0) : nil,
                "error": isConnected ? nil : "/run/dovecot/director-admin: No such file or directory",
            ],
            "ring": ["state": hasList ? "synced" : "unknown"], "guard": .array(guards),
            "backends": .array(backends.map(\.json)),
        ]
    }

    /// What is answered to a GET of a target: the status and the JSON; nil where there is nothing.
    func answer(_ target: String) -> JSONValue? {
        guard let components = URLComponents(string: target) else { return nil }
        let asked = (components.queryItems ?? []).filter { $0.name == "backend" }.compactMap(\.value)
        switch components.path {
        case "/api/v1/status": return status
        case "/api/v1/events": return ["events": .array(events)]
        case "/api/v1/history":
            let known = backends.filter { asked.contains($0.address) }
            return ["histories": .object(Dictionary(uniqueKeysWithValues: known.map { ($0.address, $0.history) }))]
        case let path where path.hasPrefix("/api/v1/backends/"):
            let address = path.dropFirst("/api/v1/backends/".count)
            let backend = backends.first { $0.address == address }
            guard case .object(var detail)? = backend?.detail(events: events) else { return nil }
            for key in ["director", "ring", "dry_run"] { detail[key] = status[key] }
            detail.updateValue(nil, forKey: "delayed_down")
            return .object(detail)
        default: return nil
        }
    }
}
