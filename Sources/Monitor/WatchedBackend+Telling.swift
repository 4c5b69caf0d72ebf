internal import Health
internal import Site

extension WatchedBackend {
    /// What people are told of a poll that has ended.
    mutating func told(
        of id: MonitorMachine.PollID, _ report: PollReport, _ outcome: BackendHealth.Outcome, needed: Int,
        _ troubles: inout ToldTroubles, at now: Instant
    ) -> [MonitorEvent] {
        var events = [event(id, report, outcome, needed, &troubles, at: now)]
        events += news(id.service, report).map { .pollWarned(backend: spelling, id.service, $0) }
        if let stage = outcome.stage, stage.result == .passed {
            events.append(.rapidStagePassed(backend: spelling, id.service, stage))
        }
        return events
    }

    private func event(
        _ id: MonitorMachine.PollID, _ report: PollReport, _ outcome: BackendHealth.Outcome, _ needed: Int,
        _ troubles: inout ToldTroubles, at now: Instant
    ) -> MonitorEvent {
        guard let failure = report.failure else {
            troubles.over(id.address, id.service)
            return .pollSucceeded(backend: spelling, id.service, report)
        }
        guard let streak = outcome.streak else {
            let isNews = troubles.isNews(failure, id.address, id.service, at: now)
            return .pollUndetermined(backend: spelling, id.service, failure, isNews: isNews)
        }
        if let stage = outcome.stage {
            return .rapidPollFailed(backend: spelling, id.service, report, failure, stage)
        }
        return .pollFailed(
            backend: spelling, id.service, report, failure, failures: streak.count, needed: needed)
    }
}

extension Fault {
    init(_ service: Service, _ streak: BackendHealth.Streak, at now: Instant) {
        self.init(service: service, streak: streak, lasting: now - streak.since)
    }
}

extension WatchedBackend {
    /// What an administrator is working on is nobody's alarm.
    func tell(_ event: MonitorEvent) -> MonitorMachine.Action {
        .tell(isInMaintenance ? .underMaintenance(event) : event)
    }
}
