internal import DirectorAdmin
internal import Site

extension CheckResult {
    /// One line for Nagios and its kin, with performance data, by the Monitoring Plugins' guidelines.
    package var nagios: String {
        let summary: String
        if let failure {
            summary = failure
        } else if backends.isEmpty {
            summary = "the director lists no backends"
        } else {
            summary = ([counts] + details).joined(separator: "; ")
        }
        // The first bar ends the text, wherever it comes from, and so does a line's end. A bar with an accent is one too.
        let line = "DOVEMON \(status.word) - \(summary)".unicodeScalars.map { scalar -> Unicode.Scalar in
            scalar == "|" ? "/" : scalar.value < 0x20 ? " " : scalar
        }
        return String(String.UnicodeScalarView(line)) + (failure == nil ? " | \(performanceData)" : "")
    }

    private var counts: String {
        let healthy = backends.count { $0.isHealthy == true }
        return "\(healthy) of \(backends.count) backends healthy"
    }

    /// What is wrong, backend by backend; a long list is cut, as Nagios does itself past some kilobytes.
    private var details: [String] {
        let shown = 10
        let all = backends.filter { !$0.isInMaintenance }.compactMap(\.trouble)
        let rest = all.count > shown ? ["\(all.count - shown) more"] : []
        return all.prefix(shown) + rest
    }

    private var performanceData: String {
        let faulty = backends.count { $0.isHealthy == false && !$0.isInMaintenance }
        let down = backends.count { $0.listed?.state == .down }
        let slowest = backends.flatMap(\.polls).map(\.report.duration).max() ?? .zero
        return [
            "healthy=\(backends.count { $0.isHealthy == true });;;0;\(backends.count)",
            "faulty=\(faulty);;0;0;\(backends.count)",
            "down=\(down);;;0;\(backends.count)",
            "slowest=\(slowest.roundedSeconds)s;;;0;",
        ].joined(separator: " ")
    }
}

extension CheckResult.Backend {
    /// What is wrong with it in a few words; nil when nothing is.
    var trouble: String? {
        if isDownWithoutReason { return "\(spelling) is down but polls well" }
        let worst = polls.first { $0.report.failure?.countsAgainstBackend == true }
        guard let poll = worst ?? polls.first(where: { !$0.report.succeeded }), let failure = poll.report.failure else {
            guard let poll = polls.first(where: { !$0.report.warnings.isEmpty }) else { return nil }
            let texts = poll.report.warnings.map(\.text)
            return "\(spelling) \(poll.service.mailProtocol.rawValue) \(texts.joined(separator: ", "))"
        }
        return "\(spelling) \(poll.service.mailProtocol.rawValue) \(failure.summary)"
    }
}

extension PollFailure {
    /// For people: `login rejected [AUTHENTICATIONFAILED] Authentication failed.`
    var summary: String {
        ["\(phase.rawValue) \(kind.rawValue)", code.map { "[\($0)]" }, text].compactMap { $0 }.joined(separator: " ")
    }
}

extension CheckStatus {
    /// The guidelines' word for it.
    var word: String {
        switch self {
        case .ok: "OK"
        case .warning: "WARNING"
        case .critical: "CRITICAL"
        case .unknown: "UNKNOWN"
        }
    }
}

extension Duration {
    /// Seconds with a resolution of a millisecond.
    fileprivate var roundedSeconds: Double { (inSeconds * 1000).rounded() / 1000 }
}
