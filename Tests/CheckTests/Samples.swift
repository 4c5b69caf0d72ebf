import DirectorAdmin
import Site

@testable import Check

extension CheckResult.Backend {
    /// A backend that HOST-LIST shows, and nothing is remarkable of but its polls.
    static func listed(_ first: CheckResult.Poll, _ others: CheckResult.Poll...) -> CheckResult.Backend {
        CheckResult.Backend(spelling: "10.0.0.1", listed: listed().listed, polls: [first] + others)
    }

    /// A backend that HOST-LIST shows; nil is a state that this program does not know.
    static func listed(
        _ spelling: String = "10.0.0.1", state: HostState? = .up, vhosts: Int = 100, users: Int = 7, tag: String = "",
        _ polls: CheckResult.Poll...
    ) -> CheckResult.Backend {
        guard let address = IPAddress(spelling) else { preconditionFailure("\(spelling) is no address") }
        return CheckResult.Backend(
            spelling: spelling,
            listed: Host(
                address: address, spelling: spelling, vhosts: vhosts, users: users, tag: tag, state: state,
                lastChange: 0),
            polls: polls)
    }

    /// A backend that was asked for by its address.
    static func named(_ spelling: String = "10.0.0.1", _ polls: CheckResult.Poll...) -> CheckResult.Backend {
        CheckResult.Backend(spelling: spelling, listed: nil, polls: polls)
    }
}

extension CheckResult.Poll {
    static let good = CheckResult.Poll(
        service: Service(.imap, port: 143),
        report: PollReport(
            failure: nil,
            phases: [
                PhaseTime(.connect, .microseconds(149)), PhaseTime(.greeting, .microseconds(400)),
                PhaseTime(.login, .microseconds(3900)), PhaseTime(.command, .microseconds(450)),
                PhaseTime(.logout, .microseconds(301)),
            ], duration: .microseconds(5200)))

    /// One that is well, but for the certificate.
    static let warned = CheckResult.Poll(
        service: Service(.sieve, port: 4190, tls: .starttls),
        report: PollReport(
            failure: nil, phases: [PhaseTime(.connect, .milliseconds(1)), PhaseTime(.tls, .milliseconds(2))],
            duration: .milliseconds(3),
            warnings: [PollWarning(.certificateExpires, "expires on 2026-12-04, in 13 days")]))
    /// One that shows that the server is well, and its relay is not.
    static let relay = failed(.relay, code: "451", "no relay", Service(.submission, port: 587))

    /// One with a transcript, of which some is left out.
    static let transcribed = CheckResult.Poll(
        service: Service(.pop3, port: 110),
        report: PollReport(
            failure: nil, phases: [], duration: .milliseconds(12),
            transcript: Transcript(
                beginning: [
                    Transcript.Line(at: .microseconds(149), .event, "connected"),
                    Transcript.Line(at: .milliseconds(2), .received, "+OK ready."),
                ], omitted: 3,
                end: [Transcript.Line(at: .milliseconds(1_012), .sent, "QUIT")])))

    static let bad = failed(.rejected, code: "AUTHENTICATIONFAILED", "Authentication failed.")
    /// One that says nothing of the backend.
    static let undetermined = failed(.local, "no descriptors")

    static func failed(
        _ kind: FailureKind, code: String? = nil, _ text: String, _ service: Service = Service(.imap, port: 143)
    ) -> CheckResult.Poll {
        CheckResult.Poll(
            service: service,
            report: PollReport(
                failure: PollFailure(phase: .login, kind: kind, code: code, text: text),
                phases: [PhaseTime(.connect, .milliseconds(1)), PhaseTime(.login, .milliseconds(1234))],
                duration: .milliseconds(1235)))
    }
}

extension CheckResult {
    /// Checked when the issue was written.
    init(_ backends: Backend..., failure: String? = nil) {
        self.init(checkedAt: 1_795_224_346, backends: backends, failure: failure)
    }
}
