package import DirectorAdmin
package import Site

/// What one round of polls showed, before it is put into words.
package struct CheckResult: Hashable, Sendable {
    /// One backend.
    package struct Backend: Hashable, Sendable {
        /// Its address, as the director or the user spelled it.
        package let spelling: String
        /// Its row in HOST-LIST; nil when the director was not asked.
        package let listed: Host?
        /// Its polls, in the order of the settings' protocols.
        package let polls: [Poll]
        /// Whether it was left alone on purpose, having no account: it is shown, and raises nothing.
        package let isLeftAlone: Bool

        /// Makes a backend's result.
        package init(spelling: String, listed: Host?, polls: [Poll], isLeftAlone: Bool = false) {
            self.spelling = spelling
            self.listed = listed
            self.polls = polls
            self.isLeftAlone = isLeftAlone
        }
    }

    /// One poll.
    package struct Poll: Hashable, Sendable {
        /// What was polled.
        package let service: Service
        /// What came of it.
        package let report: PollReport

        /// Makes a poll's result.
        package init(service: Service, report: PollReport) {
            self.service = service
            self.report = report
        }
    }

    /// When the check began, in seconds since 1970.
    package let checkedAt: Int
    /// The backends, in the director's or the user's order.
    package let backends: [Backend]
    /// Why there are no backends to tell of; nil when there are.
    package let failure: String?

    /// Makes a result.
    package init(checkedAt: Int, backends: [Backend], failure: String? = nil) {
        self.checkedAt = checkedAt
        self.backends = backends
        self.failure = failure
    }
}

extension CheckResult.Backend {
    /// The same with each report as `judge` takes it.
    package func judged(_ judge: (PollReport) -> PollReport) -> Self {
        Self(
            spelling: spelling, listed: listed,
            polls: polls.map { CheckResult.Poll(service: $0.service, report: judge($0.report)) },
            isLeftAlone: isLeftAlone)
    }

    /// Whether all polls succeeded, or failed by what is no fault of the backend's; nil when the own machine was in the way,
    /// or nothing was polled.
    package var isHealthy: Bool? {
        if polls.contains(where: { $0.report.failure?.countsAgainstBackend == true }) { return false }
        return polls.isEmpty || polls.contains { $0.report.failure?.meaning == .nothing } ? nil : true
    }

    /// Whether a poll told of something that is no fault of the backend's, and wants to be seen to all the same.
    package var hasWarnings: Bool {
        polls.contains { $0.report.failure?.meaning == .warning || !$0.report.warnings.isEmpty }
    }

    /// Whether it polls well and gets no users all the same.
    package var isDownWithoutReason: Bool { isHealthy == true && listed?.state == .down && !isInMaintenance }

    /// Whether an administrator has taken it out: it is shown, and raises nothing.
    package var isInMaintenance: Bool { listed?.isInMaintenance == true }
}

/// How grave a check's result is: the exit status, by the Monitoring Plugins' guidelines.
package enum CheckStatus: Int32, Hashable, Sendable {
    /// All backends are healthy.
    case ok = 0
    /// A backend is listed as down, but polls well; or a poll warns of something.
    case warning = 1
    /// A backend is faulty.
    case critical = 2
    /// It could not be told.
    case unknown = 3
}

extension CheckResult {
    /// How grave it is. A faulty backend outranks what could not be told, and that outranks one that is only down.
    package var status: CheckStatus {
        if failure != nil { return .unknown }
        let watched = backends.filter { !$0.isInMaintenance && !$0.isLeftAlone }
        if watched.contains(where: { $0.isHealthy == false }) { return .critical }
        if watched.contains(where: { $0.isHealthy == nil }) { return .unknown }
        if watched.contains(where: { $0.isDownWithoutReason || $0.hasWarnings }) { return .warning }
        // A check that polled nothing has not found anything good.
        return backends.allSatisfy(\.isLeftAlone) ? .unknown : .ok
    }
}
