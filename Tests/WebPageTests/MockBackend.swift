internal import Browser
internal import Site

/// A backend as `/api/v1/status` tells it; it is well unless a test says otherwise.
struct MockBackend: Sendable {
    var address: String
    var tag = ""
    var users = 100
    var state: JSONValue = "up"
    var healthy: JSONValue = true
    var failures = 0
    var reason: JSONValue = nil
    var maintenance: JSONValue = nil
    var isGuarded = false
    var hold: JSONValue = nil
    var latency = 12.5
    var states = String(repeating: "u", count: 200) + "ffdddd" + String(repeating: "u", count: 82)

    init(_ address: String, tag: String = "") {
        self.address = address
        self.tag = tag
    }

    /// It is down, and dovemon has done that.
    mutating func goDown(because reason: String) {
        (state, healthy, failures, self.reason) = ("down", false, 3, .string(reason))
    }

    /// A poll or two of it have failed.
    mutating func fail(_ failures: Int, because reason: String) {
        (healthy, self.failures, self.reason) = (nil, failures, .string(reason))
    }

    var json: JSONValue {
        [
            "address": .string(address), "tag": .string(tag), "vhosts": 100, "users": .number(Double(users)),
            "state": state, "healthy": healthy, "failures": .number(Double(failures)), "needed": 3, "reason": reason,
            "maintenance": maintenance, "guard": .bool(isGuarded), "hold": hold, "slow_start": nil,
            "own_down": .bool(state == "down"),
            "last_change": state == "down"
                ? ["time": MockSite.time(minutesAgo: 4), "state": "down", "by": "dovemon", "reason": reason] : nil,
            "latency": ["median_milliseconds": .number(latency), "p99_milliseconds": .number(latency * 4)],
            "next_poll_at": nil,
        ]
    }

    /// A day of it: well, then failing, then down, then well again; three minutes of the last step are to come.
    var history: JSONValue {
        // The same at each run, and different for each backend.
        var noise = address.utf8.reduce(UInt32(7)) { $0 &* 31 &+ UInt32($1) }
        let latencies = states.map { state -> JSONValue in
            noise = noise &* 1_664_525 &+ 1_013_904_223
            let share = Double(noise >> 16) / 65_536
            return state == "d" ? nil : .number(((latency * (0.9 + 0.3 * share)) * 10).rounded() / 10)
        }
        return [
            "step_seconds": 300, "end": MockSite.time(minutesAgo: -3), "states": .string(states),
            "latency_milliseconds": .array(latencies),
        ]
    }

    /// What `/api/v1/backends/ADDRESS` tells.
    func detail(events: [JSONValue]) -> JSONValue {
        let isWell = failures == 0
        var poll: [String: JSONValue] = [
            "protocol": "imap", "port": 143, "tls": .string(TLSMode.starttls.rawValue), "ok": .bool(isWell),
            "milliseconds": 12.5,
            "phases": ["connect": 0.2, "tls": 4.1, "greeting": 1.3, "login": 3.9, "command": 2.4, "logout": 0.6],
            "failure": isWell
                ? nil : ["phase": "login", "kind": "timeout", "code": nil, "text": .string(reason.string ?? "")],
            "warnings": [], "time": MockSite.time(minutesAgo: 1),
        ]
        let latest = JSONValue.object(poll)
        poll["transcript"] = [
            "beginning": [
                ["milliseconds": 0.2, "kind": "event", "text": .string("connected to \(address):143")],
                ["milliseconds": 1.5, "kind": "received", "text": "* OK <script>window.owned = true</script> ready."],
                ["milliseconds": 1.6, "kind": "sent", "text": "a1 LOGIN \"monitor\" <password>"],
            ],
            "omitted": 2, "end": [["milliseconds": 5000, "kind": "event", "text": "no answer: the time is over"]],
        ]
        var former = poll
        former["time"] = MockSite.time(minutesAgo: 2)
        former["tls"] = .string(TLSMode.none.rawValue)
        return [
            "backend": json, "polls": [latest], "failed_polls": isWell ? [] : [.object(former), .object(poll)],
            "history": history,
            "events": .array(events.filter { $0["backend"] == .string(address) }),
        ]
    }
}
