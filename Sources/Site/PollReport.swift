/// How far a poll had come.
package enum Phase: String, Hashable, Sendable, CaseIterable {
    /// A name is looked up.
    case resolve
    /// The TCP connection is made.
    case connect
    /// TLS is negotiated; with STARTTLS also the request for it, and the capabilities asked for anew.
    case tls
    /// The server greets and tells its capabilities.
    case greeting
    /// The account logs in.
    case login
    /// The commands that look at the mailbox, or LMTP's LHLO.
    case command
    /// The goodbye.
    case logout
}

/// What went wrong in a poll, as one short word for logs, JSON and metrics.
package enum FailureKind: String, Hashable, Sendable, CaseIterable {
    /// Nothing listens at the port.
    case refused
    /// The network says that there is no way to the host.
    case unreachable
    /// The poll's deadline passed.
    case timeout
    /// The server closed or reset the connection in the middle.
    case closed
    /// What the server sent is not the protocol.
    case malformed
    /// The server sent more than a poll reads: a line over 64 KiB, or 1 MiB in all.
    case oversized
    /// The server said no, with a code where it gave one.
    case rejected
    /// No way to log in is offered.
    case loginDisabled = "login_disabled"
    /// TLS could not be negotiated.
    case tls
    /// The certificate is not to be trusted: expired, of another name, of an unknown issuer.
    case certificate
    /// A test message that was taken is not there to be read.
    case messageLost = "message_lost"
    /// Submission: the relay behind the server is in trouble, and not the server.
    case relay
    /// The monitor's own machine is in the way (no descriptors, no route …): nothing is known of the backend.
    case local
}

/// Why a poll failed.
package struct PollFailure: Hashable, Sendable, Error {
    /// Where in the conversation.
    package let phase: Phase
    /// What happened.
    package let kind: FailureKind
    /// The server's response code (`AUTHENTICATIONFAILED`, `SYS/TEMP`, `421` …), escaped as `text` is.
    package let code: String?
    /// The server's text or the system's, with control characters escaped: at most 200 bytes, one line.
    package let text: String

    /// What it means for the backend.
    package var meaning: Meaning
    /// Whether it is the test account that was rejected, and so may be no fault of the backend's at all.
    package var isAccountRejected: Bool

    /// Makes a failure that means what it does by itself; `text` and `code` have been through `printable`.
    package init(phase: Phase, kind: FailureKind, code: String? = nil, text: String) {
        self.phase = phase
        self.kind = kind
        self.code = code
        self.text = text
        let isRejectedLogin = phase == .login && kind == .rejected
        isAccountRejected = isRejectedLogin && Self.accountCodes.contains(code?.uppercased() ?? "")
        // Another session has the maildrop locked (RFC 2449, section 8.1.1), or the account has as many as Dovecot grants
        // (RFC 5530, section 3): the backend is well.
        let isInUse = isRejectedLogin && ["IN-USE", "LIMIT"].contains(code?.uppercased())
        switch kind {
        case .local: meaning = .nothing
        case .relay: meaning = .warning
        default: meaning = isInUse ? .warning : .fault
        }
    }

    /// RFC 5530, section 3; RFC 3206, section 4; RFC 4954, section 6.
    private static let accountCodes: Set = ["AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "AUTH", "535"]

    /// What a failure means for the backend.
    package enum Meaning: Hashable, Sendable {
        /// It counts against the backend.
        case fault
        /// It is told, and the backend is healthy all the same.
        case warning
        /// It says nothing about the backend, neither good nor bad.
        case nothing
    }

    /// Whether it counts against the backend.
    package var countsAgainstBackend: Bool { meaning == .fault }
}

/// Something that a poll noticed and that is no failure.
package struct PollWarning: Hashable, Sendable {
    /// What it is about, as one short word for logs, JSON and metrics.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The certificate will soon have expired.
        case certificateExpires = "certificate_expires"
        /// The test messages could not be removed.
        case notRemoved = "not_removed"
    }

    /// What it is about.
    package let kind: Kind
    /// In one line, escaped as a failure's text is.
    package let text: String

    /// Makes a warning; `text` has been through `printable`.
    package init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}

/// The outcome of one poll of one service.
package struct PollReport: Hashable, Sendable {
    /// Why it failed; nil when it succeeded.
    package var failure: PollFailure?
    /// How long each phase took that was entered, in their order.
    package let phases: [PhaseTime]
    /// From the start of the connection to the end of the conversation.
    package let duration: Duration
    /// What else was noticed.
    package let warnings: [PollWarning]
    /// The id of the test message that the server took for delivery, to be looked for in the mailbox.
    package let deliveredMessage: String?
    /// What was said; nil where nobody asked for it.
    package var transcript: Transcript?
    /// When the server's certificate expires, in seconds since 1970; nil without TLS, and where the handshake was not finished.
    package var certificateExpiry: Int?

    /// Makes a report.
    package init(
        failure: PollFailure?, phases: [PhaseTime], duration: Duration, warnings: [PollWarning] = [],
        deliveredMessage: String? = nil, transcript: Transcript? = nil
    ) {
        self.failure = failure
        self.phases = phases
        self.duration = duration
        self.warnings = warnings
        self.deliveredMessage = deliveredMessage
        self.transcript = transcript
    }

    /// The same poll, of which nothing can be concluded, as the own machine was in the way.
    package func undetermined(by trouble: String) -> PollReport {
        guard let failure, failure.kind != .local else { return self }
        let text = printable("\(trouble), then: \(failure.kind.rawValue)")
        var report = self
        report.failure = PollFailure(phase: failure.phase, kind: .local, text: text)
        return report
    }

    /// Whether the service answered as it should.
    package var succeeded: Bool { failure == nil }
}

/// The time that one phase took.
package struct PhaseTime: Hashable, Sendable {
    /// The phase.
    package let phase: Phase
    /// How long it took.
    package let duration: Duration

    /// Makes a phase's time.
    package init(_ phase: Phase, _ duration: Duration) {
        self.phase = phase
        self.duration = duration
    }
}
