internal import Check

extension StatusDocument {
    /// A table for people: what is wrong with the whole first, then a line a backend.
    ///
    /// Without a `width` nothing is cut. With `height` there are no more lines than that, and those that need looking at come
    /// first.
    package func text(colours: Bool, width: Int? = nil, height: Int? = nil) -> String {
        var head = heading
        if let width { head = head.map { $0.count > width ? $0.prefix(width - 1) + "…" : $0 } }
        guard !backends.isEmpty else {
            return (head + ["The director lists no backends."]).map { $0 + "\n" }.joined()
        }
        var shown = backends
        var left = 0
        if let height {
            // Two lines for the table's head and what is left out.
            let room = max(1, height - head.count - 2)
            shown = shown.enumerated().sorted { ($1.element.gravity, $0.offset) < ($0.element.gravity, $1.offset) }
                .map(\.element)
            left = max(0, shown.count - room)
            shown = Array(shown.prefix(room))
        }
        var table = TextTable(
            columns: ["BACKEND", "TAG", "STATE", "HEALTH", "VHOSTS", "USERS", "P50/P99", "NEXT", "CHANGED", "NOTE"],
            rightAligned: ["VHOSTS", "USERS", "P50/P99", "NEXT", "CHANGED"])
        for backend in shown { table.add(backend.cells(at: time, dryRun: dryRun, colours: colours)) }
        let body = table.text(
            within: width, dispensable: ["NEXT", "P50/P99", "USERS", "VHOSTS", "TAG", "CHANGED", "NOTE"])
        return head.map { $0 + "\n" }.joined() + body + (left > 0 ? "… and \(left) more\n" : "")
    }

    private var heading: [String] {
        var director = director.text
        if let age = seconds(from: self.director.lastListAt, to: time), age > 2 * max(1, intervalSeconds) {
            director += ", last read \(shortTime(seconds: age)) ago"
        }
        let mode = dryRun ? ", dry run: nothing is commanded" : ""
        let first = "director: \(director); ring: \(ring.state)\(mode)"
        let guards = guards.map {
            "guard\($0.tag.isEmpty ? "" : " of \($0.tag)"): \($0.withheld) HOST-DOWN withheld, \($0.healthy) healthy of "
                + "\($0.pool), \($0.needed) needed, for \(shortTime(seconds: seconds(from: $0.since, to: time) ?? 0))"
        }
        return [first] + guards + [summary]
    }

    private var summary: String {
        let parts = [
            (backends.count { $0.state == "up" && $0.maintenance == nil && $0.condition != .failing }, "up"),
            (backends.count { $0.condition == .failing && !$0.guarded }, "failing"),
            (backends.count { $0.condition == .down }, "down"),
            (backends.count { $0.maintenance != nil }, "under maintenance"),
            (backends.count(where: \.guarded), "withheld by the guard"),
        ]
        let told = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return "\(backends.count) backend\(backends.count == 1 ? "" : "s"): "
            + (told.isEmpty ? "nothing known yet" : told.joined(separator: ", "))
    }
}

extension BackendDocument {
    enum Condition { case well, unknown, maintenance, failing, down }

    var condition: Condition {
        if maintenance != nil { return .maintenance }
        if state == "down" { return .down }
        if healthy == true { return .well }
        return failures > 0 ? .failing : .unknown
    }

    fileprivate var gravity: Int {
        if guarded { return 5 }
        switch condition {
        case .down: return 4
        case .failing: return 3
        case .unknown: return 2
        case .maintenance: return 1
        case .well: return slowStart == nil ? 0 : 1
        }
    }

    /// `ok`, `failed 2 of 3`, `faulty`.
    var healthText: String {
        switch healthy {
        case true: "ok"
        case false: "faulty (\(failures))"
        case nil: failures > 0 ? "failed \(failures) of \(needed)" : "unknown"
        }
    }

    /// Why it is left alone, in a few words; nil when it is not.
    func maintenanceText(dryRun: Bool) -> String? {
        maintenance?.text(draining: vhosts == 0 ? "drained" : dryRun ? "to be drained" : "draining")
    }

    /// Why it is as it is, the weightiest first.
    func note(dryRun: Bool) -> String {
        var parts: [String] = []
        if let text = maintenanceText(dryRun: dryRun) { parts.append(text) }
        if guarded { parts.append("HOST-DOWN withheld by the guard") }
        if let caveat = maintenance?.caveat { parts.append(caveat) }
        if let hold { parts.append(hold.text) }
        if let slowStart { parts.append("slow start: \(slowStart.text(isDown: state == "down"))") }
        if let reason { parts.append(reason) }
        return parts.joined(separator: "; ")
    }

    fileprivate func cells(at now: String, dryRun: Bool, colours: Bool) -> [TextTable.Cell] {
        let colour: TextTable.Colour? =
            switch condition {
            case .down: .red
            case .failing, .maintenance: .yellow
            case .well: .green
            case .unknown: nil
            }
        let next = seconds(from: now, to: nextPollAt).map { shortTime(seconds: $0) } ?? "now"
        let changed = seconds(from: lastChange?.time, to: now).map { shortTime(seconds: $0) } ?? ""
        let times = latency.map { "\($0.medianMilliseconds)/\($0.p99Milliseconds) ms" } ?? ""
        return [
            .init(address), .init(tag), .init(state ?? "unknown", colour: colours ? colour : nil), .init(healthText),
            .init("\(vhosts)"), .init("\(users)"), .init(times), .init(next), .init(changed),
            .init(note(dryRun: dryRun)),
        ]
    }
}

extension MaintenanceDocument {
    /// What people may not expect of it; nil when it outlives a restart.
    package var caveat: String? { kept == false ? "a restart ends it: no state_file, or a dry run" : nil }

    /// In a few words, where it is not known how far a drain has come.
    package var summary: String { text(draining: "with a drain") }

    /// In a few words; `draining` says how far a drain has come.
    func text(draining: String) -> String {
        guard kind == "ordered" else { return "maintenance: vhosts 0" }
        let why = reason.map { ": \($0)" } ?? ""
        return "maintenance\(drain ? ", \(draining)," : "") by \(by ?? "unknown") until \(localTime(until))\(why)"
    }
}

extension HoldDocument {
    /// In a few words.
    var text: String {
        let time = seconds.map { shortTime(seconds: $0) } ?? ""
        return switch kind {
        case "war": "others took it down again: left to them for \(time)"
        case "flapping": "flapping: up after \(time) of unbroken success"
        default: "others took it down: up_policy leaves it to them"
        }
    }
}
