package import Site

/// What failures mean that may be no fault of the backend's.
package struct Rejection: Hashable, Sendable {
    /// Of a test account that is rejected.
    package var account = PollFailure.Meaning.fault
    /// Of trouble that a submission server has with its relay.
    package var relay = PollFailure.Meaning.warning

    /// The usual meanings.
    package init(account: PollFailure.Meaning = .fault, relay: PollFailure.Meaning = .warning) {
        self.account = account
        self.relay = relay
    }

    /// What a failure means.
    package func meaning(of failure: PollFailure) -> PollFailure.Meaning {
        failure.isAccountRejected ? account : failure.kind == .relay ? relay : failure.meaning
    }
}

/// Whether a backend has rejected the test account, and what its failures mean then.
///
/// Dovecot answers a wrong password late, and later with each try (2, 6, 10, 17 s), so that a poll's time runs out before it
/// does: such a timeout is the same as the answer.
package struct AccountStanding: Hashable, Sendable {
    /// Whether it was rejected, and no login has succeeded since.
    package private(set) var isRejected = false

    /// An account of which nothing is known, or that it was rejected.
    package init(isRejected: Bool = false) { self.isRejected = isRejected }

    /// Takes in a poll; gives its failure as it is to be taken, nil when it has succeeded.
    package mutating func judge(_ report: PollReport, _ rule: Rejection) -> PollFailure? {
        guard var failure = report.failure else {
            if report.phases.contains(where: { $0.phase == .login }) { isRejected = false }
            return nil
        }
        switch failure.phase {
        case .login where failure.isAccountRejected: isRejected = true
        case .login where isRejected && failure.kind == .timeout: failure.isAccountRejected = true
        case .command, .logout:
            if report.phases.contains(where: { $0.phase == .login }) { isRejected = false }
        default: break
        }
        failure.meaning = rule.meaning(of: failure)
        return failure
    }
}
