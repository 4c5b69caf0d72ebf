package import Site

/// The last failed polls of one backend with their transcripts, for people who ask why it was taken down; some 6 KiB at most.
package struct FailedPolls: Hashable, Sendable {
    /// So many are remembered.
    package static let limit = 3
    /// So many bytes of each transcript.
    package static let transcriptSize = 2_048

    /// The oldest first.
    package private(set) var polls: [FailedPoll] = []

    /// No polls yet.
    package init() {}

    /// A poll has ended; it is remembered when it counts against the backend.
    package mutating func pollEnded(_ service: Service, _ report: PollReport, at now: Instant) {
        guard let failure = report.failure, failure.countsAgainstBackend else { return }
        if polls.count == Self.limit { polls.removeFirst() }
        polls.append(
            FailedPoll(
                service: service, failure: failure, endedAt: now, phases: report.phases, duration: report.duration,
                transcript: report.transcript?.limited(to: Self.transcriptSize)))
    }

    /// What there is to tell of them, the oldest first.
    package func events(_ backend: String, at now: Instant) -> [MonitorEvent] {
        polls.map { .failedPollRecalled(backend: backend, $0, ago: now - $0.endedAt) }
    }
}

/// A failed poll that is remembered.
package struct FailedPoll: Hashable, Sendable {
    /// What was polled.
    package let service: Service
    /// Why it failed.
    package let failure: PollFailure
    /// When it ended.
    package let endedAt: Instant
    /// How long each of its phases took.
    package let phases: [PhaseTime]
    /// How long it took.
    package let duration: Duration
    /// What was said; nil where nobody asked for it.
    package let transcript: Transcript?

    /// The report of it, as far as it is remembered.
    package var report: PollReport {
        PollReport(failure: failure, phases: phases, duration: duration, transcript: transcript)
    }

    /// Makes a failed poll.
    package init(
        service: Service, failure: PollFailure, endedAt: Instant, phases: [PhaseTime] = [], duration: Duration = .zero,
        transcript: Transcript?
    ) {
        self.phases = phases
        self.duration = duration
        self.service = service
        self.failure = failure
        self.endedAt = endedAt
        self.transcript = transcript
    }
}
