package import Site

/// One poll, for programs. Its times are in milliseconds.
package struct PollDocument: Codable, Hashable, Sendable {
    enum CodingKeys: String, CodingKey {
        case mailProtocol = "protocol"
        case port, tls, ok, milliseconds, phases, failure, warnings, transcript, time
    }

    /// `imap` and so on.
    package let mailProtocol: String
    /// The port.
    package let port: Int
    /// How the connection was encrypted.
    package let tls: String
    /// Whether it succeeded.
    package let ok: Bool
    /// From the start of the connection to its end.
    package let milliseconds: Double
    /// What of that each phase took.
    package let phases: [String: Double]
    /// Why it failed; nil when it did not.
    @ExplicitNull package var failure: FailureDocument?
    /// What else it noticed.
    package let warnings: [WarningDocument]
    /// What was said; left out where nobody asked for it.
    package let transcript: TranscriptDocument?
    /// When it ended, in ISO 8601; left out where that is the same for all.
    package let time: String?

    /// Makes one of a poll's report.
    package init(_ service: Service, _ report: PollReport, time: String? = nil) {
        mailProtocol = service.mailProtocol.rawValue
        port = service.port
        tls = service.tls.rawValue
        ok = report.succeeded
        milliseconds = report.duration.roundedMilliseconds
        phases = report.phases.reduce(into: [:]) { phases, time in
            phases[time.phase.rawValue] = time.duration.roundedMilliseconds
        }
        failure = report.failure.map(FailureDocument.init)
        warnings = report.warnings.map { WarningDocument(kind: $0.kind.rawValue, text: $0.text) }
        transcript = report.transcript.map(TranscriptDocument.init)
        self.time = time
    }
}

/// What was said in a poll, and when.
package struct TranscriptDocument: Codable, Hashable, Sendable {
    /// A line of it.
    package struct Line: Codable, Hashable, Sendable {
        /// Since the poll's start.
        package let milliseconds: Double
        /// `sent`, `received` or `event`.
        package let kind: String
        /// Without a password, escaped.
        package let text: String

        init(_ line: Transcript.Line) {
            milliseconds = line.time.roundedMilliseconds
            kind = line.kind.rawValue
            text = line.text
        }
    }

    /// Its first lines.
    package let beginning: [Line]
    /// How many are left out behind them.
    package let omitted: Int
    /// Its last lines.
    package let end: [Line]

    /// Makes one.
    package init(_ transcript: Transcript) {
        beginning = transcript.beginning.map(Line.init)
        omitted = transcript.omitted
        end = transcript.end.map(Line.init)
    }
}

/// What a poll noticed that is no failure.
package struct WarningDocument: Codable, Hashable, Sendable {
    /// One word.
    package let kind: String
    /// In one line.
    package let text: String
}

/// Why a poll failed.
package struct FailureDocument: Codable, Hashable, Sendable {
    /// Where in the conversation.
    package let phase: String
    /// What happened.
    package let kind: String
    /// The server's response code.
    @ExplicitNull package var code: String?
    /// The server's text, or the system's.
    package let text: String

    /// Makes one.
    package init(_ failure: PollFailure) {
        phase = failure.phase.rawValue
        kind = failure.kind.rawValue
        code = failure.code
        text = failure.text
    }
}

extension Duration {
    /// Milliseconds with one decimal, as people read them.
    package var roundedMilliseconds: Double { (inMilliseconds * 10).rounded() / 10 }
}
