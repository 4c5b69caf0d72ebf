internal import Site

// The lines that tell more of polls than how they ended.
extension LogFields {
    /// One of the last polls before a backend became faulty.
    init(_ backend: String, _ poll: FailedPoll, ago time: Duration) {
        self.init(backend, poll.service)
        add("poll", "recalled")
        add("ago", Self.seconds(time))
        add("phase", poll.failure.phase.rawValue)
        add("kind", poll.failure.kind.rawValue)
        add("transcript", poll.transcript?.text ?? "none")
    }

    init(_ waiting: PollsWaiting) {
        add("polls", "waiting")
        add("waiting", "\(waiting.count)")
        add("doubtful", "\(waiting.doubtful)")
        add("longest", Self.seconds(waiting.longest))
        switch waiting.lack {
        case .places(let count):
            add("places", "\(count)")
            add("note", "more polls are due than can be under way: see max_polls and the limit of descriptors")
        case .time:
            add("note", "more polls are due than there is processor time for: see interval, and with TLS ssl_resume")
        }
    }
}

extension Transcript {
    /// All in one line: `0.2ms connected | 0.9ms < * OK ready | 1.0ms > d1 LOGOUT`.
    fileprivate var text: String {
        let gap = omitted > 0 ? ["… \(omitted) more …"] : []
        return (beginning.map(\.logged) + gap + end.map(\.logged)).joined(separator: " | ")
    }
}

extension Transcript.Line {
    fileprivate var logged: String {
        let mark =
            switch kind {
            case .sent: "> "
            case .received: "< "
            case .event: ""
            }
        return LogFields.milliseconds(time) + " " + mark + text
    }
}
