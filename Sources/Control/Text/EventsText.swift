internal import Monitor

extension EventsDocument {
    /// A line an event, the newest last.
    package var text: String {
        events.isEmpty ? "nothing has happened yet\n" : eventLines(events).map { $0 + "\n" }.joined()
    }
}

/// Events as people read them in the log: time, level, event, and the fields.
func eventLines(_ events: [[String: String]], without hidden: Set<String> = []) -> [String] {
    let known: Set = ["time", "level", "event"]
    return events.map { event in
        var fields = LogFields()
        // The backend comes first, and what needs words comes last.
        let names = event.keys.filter { !known.contains($0) && !hidden.contains($0) }
        let order = ["backend": 0, "text": 8, "note": 9]
        for name in names.sorted(by: { (order[$0] ?? 5, $0) < (order[$1] ?? 5, $1) }) { fields.add(name, event[name]) }
        let level = event["level"] ?? ""
        let grave = ["warning", "error", "critical"].contains(level) ? "  \(level.uppercased())" : ""
        return "\(localTime(event["time"]))  \(event["event"] ?? "?")\(grave)  \(fields.text)"
    }
}
