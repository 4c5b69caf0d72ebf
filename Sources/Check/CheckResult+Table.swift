internal import DirectorAdmin
internal import Site

extension CheckResult {
    /// A table for people, a line a poll, transcripts below their polls, and a summary below it all.
    package func table(colours: Bool) -> String {
        if backends.isEmpty { return "the director lists no backends" }
        var table = TextTable(
            columns: ["BACKEND", "TAG", "STATE", "VHOSTS", "USERS", "PROTOCOL", "TIME", "RESULT"],
            rightAligned: ["VHOSTS", "USERS", "TIME"])
        for backend in backends { backend.addRows(to: &table, colours: colours) }
        return table.text + "\n" + summary
    }

    private var summary: String {
        let parts = [
            (backends.count { $0.isHealthy == true }, "healthy"),
            (backends.count { $0.isHealthy == false }, "faulty"),
            (backends.count { $0.isHealthy == nil && !$0.isLeftAlone }, "unknown"),
            (backends.count(where: \.isLeftAlone), "not polled"),
            (backends.count(where: \.isDownWithoutReason), "down though healthy"),
            (backends.count(where: \.isInMaintenance), "under maintenance"),
        ]
        let told = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return "\(backends.count) backend\(backends.count == 1 ? "" : "s"): \(told.joined(separator: ", "))"
    }
}

extension CheckResult.Backend {
    fileprivate func addRows(to table: inout TextTable, colours: Bool) {
        let own = [spelling] + (listed.map(\.cells) ?? ["", "", "", ""])
        if isLeftAlone {
            table.add((own + ["", "", "not polled: no account"]).map { TextTable.Cell($0) })
        }
        for (index, poll) in polls.enumerated() {
            let first = (index == 0 ? own : own.map { _ in "" }).map { TextTable.Cell($0) }
            table.add(first + poll.cells(colours: colours), below: poll.report.transcript?.lines ?? [])
        }
    }
}

extension CheckResult.Poll {
    fileprivate func cells(colours: Bool) -> [TextTable.Cell] {
        let encryption =
            switch service.tls {
            case .none: ""
            case .implicit: "+tls"
            case .starttls: "+starttls"
            }
        let milliseconds = (report.duration.inMilliseconds * 10).rounded() / 10
        return [
            TextTable.Cell("\(service.mailProtocol.rawValue)\(encryption):\(service.port)"),
            TextTable.Cell("\(milliseconds) ms"),
            result(colours: colours),
        ]
    }

    private func result(colours: Bool) -> TextTable.Cell {
        guard let failure = report.failure else {
            let texts = report.warnings.map { "\($0.kind.rawValue) \($0.text)" }
            guard !texts.isEmpty else { return TextTable.Cell("ok", colour: colours ? .green : nil) }
            return TextTable.Cell("ok, WARNING \(texts.joined(separator: "; "))", colour: colours ? .yellow : nil)
        }
        return switch failure.meaning {
        case .fault: TextTable.Cell("FAILED \(failure.summary)", colour: colours ? .red : nil)
        case .warning: TextTable.Cell("WARNING \(failure.summary)", colour: colours ? .yellow : nil)
        case .nothing: TextTable.Cell("UNKNOWN \(failure.summary)", colour: colours ? .yellow : nil)
        }
    }
}

extension Host {
    /// Tag, state, vhosts and users.
    fileprivate var cells: [String] { [printable(tag), state?.rawValue ?? "unknown", "\(vhosts)", "\(users)"] }
}

extension Transcript {
    /// For people: the time, `>` for what was sent and `<` for what was received, and the text.
    fileprivate var lines: [String] {
        let gap = omitted > 0 ? [String(repeating: " ", count: 17) + "… \(omitted) more …"] : []
        return beginning.map(\.row) + gap + end.map(\.row)
    }
}

extension Transcript.Line {
    fileprivate var row: String {
        let milliseconds = "\((time.inMilliseconds * 10).rounded() / 10)"
        let padding = String(repeating: " ", count: max(0, 11 - milliseconds.count))
        let mark =
            switch kind {
            case .sent: ">"
            case .received: "<"
            case .event: "-"
            }
        return "\(padding)\(milliseconds) ms \(mark) \(text)"
    }
}
