internal import Check
internal import Site

extension DetailDocument {
    /// Why a backend is in the state it is in, for people; `now` in ISO 8601.
    package func text(now: String) -> String {
        let sections = [
            [verdict], facts(now),
            section("What happened, the latest last", eventLines(events, without: ["backend"])),
            section("The latest poll of each service", polls.map { line($0) }),
            section("The last failed polls", failedPolls.flatMap { [line($0)] + transcript($0) }),
        ]
        return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["\(title):"] + lines.map { "  " + $0 }
    }

    private func facts(_ now: String) -> [String] {
        var facts: [(String, String)] = [
            (
                "state",
                "\(backend.state ?? "unknown"), \(backend.vhosts) vhosts, \(backend.users) users"
                    + (backend.tag.isEmpty ? "" : ", tag \(backend.tag)")
            ),
            ("polls", backend.healthText + (backend.reason.map { ", \($0)" } ?? "")),
        ]
        if let change = backend.lastChange {
            facts.append(
                (
                    "last change",
                    "\(change.state ?? "unknown")\(change.by.map { " by \($0)" } ?? "") at \(localTime(change.time))"
                        + (change.reason.map { ": \($0)" } ?? "")
                ))
        }
        if backend.state == "down" {
            facts.append(("whose down", backend.ownDown ? "this dovemon's" : "not this dovemon's"))
        }
        if backend.guarded {
            facts.append(("guard", "withholds its HOST-DOWN: too few healthy backends would be left"))
        }
        if let delayedDown { facts.append(("delay", delayedDown.text)) }
        if let hold = backend.hold { facts.append(("hold", hold.text)) }
        if let slow = backend.slowStart { facts.append(("slow start", slow.text(isDown: backend.state == "down"))) }
        if let latency = backend.latency {
            facts.append(
                (
                    "latency",
                    "median \(latency.medianMilliseconds) ms, 99 % \(latency.p99Milliseconds) ms (the last hour)"
                ))
        }
        let next = seconds(from: now, to: backend.nextPollAt).map { "in \(shortTime(seconds: $0))" } ?? "going on"
        facts.append(("next poll", next))
        facts.append(("director", "\(director.text); ring: \(ring.state)"))
        if dryRun { facts.append(("dry run", "nothing is commanded")) }
        return facts.map { "  \($0.0):\(String(repeating: " ", count: max(1, 12 - $0.0.count)))\($0.1)" }
    }

    private func line(_ poll: PollDocument) -> String {
        let service = "\(poll.mailProtocol)\(poll.tls == TLSMode.none.rawValue ? "" : "+\(poll.tls)"):\(poll.port)"
        let phases = Phase.allCases.compactMap { phase in
            poll.phases[phase.rawValue].map { "\(phase.rawValue) \($0)" }
        }.joined(separator: ", ")
        let result = poll.failure.map { failure in
            "\(failure.phase) \(failure.kind)\(failure.code.map { " [\($0)]" } ?? ""): \(failure.text)"
        }
        return "\(localTime(poll.time))  \(service)  \(poll.milliseconds) ms  \(result ?? "ok")"
            + (phases.isEmpty ? "" : "  (\(phases))")
    }

    private func transcript(_ poll: PollDocument) -> [String] {
        guard let transcript = poll.transcript else { return [] }
        let gap = transcript.omitted > 0 ? ["    … \(transcript.omitted) more …"] : []
        return transcript.beginning.map { "    " + line($0) } + gap + transcript.end.map { "    " + line($0) }
    }

    private func line(_ line: TranscriptDocument.Line) -> String {
        let mark = line.kind == "sent" ? ">" : line.kind == "received" ? "<" : "-"
        return "\(line.milliseconds) ms \(mark) \(line.text)"
    }
}
