internal import Monitor

extension EventsDocument {
    /// A line an event, the newest last.
    package var text: String {
        events.isEmpty ? "nothing has happened yet\n" : eventLines(events).map { $0 + "\n" }.joined()
    }
}

/// The fields' order, which an object of JSON does not have: about whom, what, by whom and why. What needs
/// words comes last.
private let order = [
    "backend", "backends", "protocol", "port", "command", "state", "poll", "health", "maintenance", "weight", "by",
    "phase", "kind", "code", "failed", "over",
]

private func rank(_ name: String) -> Int {
    switch name {
    case "text": order.count + 1
    case "note": order.count + 2
    default: order.firstIndex(of: name) ?? order.count
    }
}

/// Events as people read them in the log: time, level, event, and the fields.
func eventLines(_ events: [[String: String]], without hidden: Set<String> = []) -> [String] {
    let known: Set = ["time", "level", "event"]
    return events.map { event in
        var fields = LogFields()
        let names = event.keys.filter { !known.contains($0) && !hidden.contains($0) }
        for name in names.sorted(by: { (rank($0), $0) < (rank($1), $1) }) { fields.add(name, event[name]) }
        let level = event["level"] ?? ""
        let grave = ["warning", "error", "critical"].contains(level) ? "  \(level.uppercased())" : ""
        return "\(localTime(event["time"]))  \(event["event"] ?? "?")\(grave)  \(fields.text)"
    }
}
