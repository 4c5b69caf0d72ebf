internal import Site
internal import Transport

/// How a sentinel ended that nobody has called off.
package enum SentinelEnd: Hashable, Sendable {
    /// It says nothing of the backend: it never stood, the own machine was in the way, or the server has ended it as one that
    /// was idle.
    case quiet
    /// It stood, and broke; in whose words ever.
    case lost(String)
}

/// An idle connection to an IMAP server's greeting and no further: that it breaks tells sooner than the next poll that
/// something has happened.
struct Sentinel: Conversation {
    private var stands = false
    private var end = SentinelEnd.quiet

    mutating func connected(at now: Instant) {}

    mutating func opened(at now: Instant) -> Step { .wait }

    mutating func lineReceived(_ line: ArraySlice<UInt8>, at now: Instant) -> Step {
        guard stands else {
            stands = line.hasPrefix("* OK") || line.hasPrefix("* PREAUTH")
            return stands ? .rest : .finish
        }
        guard line.hasPrefix("* BYE") else { return .rest }
        end = isOfIdleness(line) ? .quiet : .lost(printable(line))
        return .finish
    }

    mutating func concluded(at now: Instant) -> SentinelEnd { end }

    /// Whether a goodbye is meant for idle connections, as the server has had enough of this one, or too many of all.
    /// Dovecot says "Disconnected for inactivity." and "Connection queue full".
    private func isOfIdleness(_ line: ArraySlice<UInt8>) -> Bool {
        let words: [StaticString] = ["INACTIV", "IDLE", "TIMEOUT", "TIMED OUT", "QUEUE FULL", "AUTOLOGOUT"]
        return line.indices.contains { start in words.contains { line[start...].hasPrefix($0) } }
    }

    mutating func interrupted(by interruption: Interruption, at now: Instant) -> SentinelEnd {
        guard stands else { return .quiet }
        return switch interruption {
        case .local, .cancelled, .deadline, .oversized: .quiet
        case .closed(let text), .unreachable(let text), .refused(let text), .tls(let text), .certificate(let text),
            .injected(let text):
            .lost(printable(text))
        }
    }
}
