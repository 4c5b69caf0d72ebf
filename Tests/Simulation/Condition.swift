internal import Site

/// How one service of a backend is, in truth.
enum Condition: Hashable, Sendable {
    /// It answers in milliseconds.
    case healthy
    /// It answers well, but only after so long.
    case slow(Duration)
    /// Nobody listens.
    case refused
    /// It takes connections and says nothing.
    case hanging
    /// It closes the connection in the middle.
    case closing
    /// It says what is not the protocol.
    case malformed
    /// It rejects the test account, late and later, as Dovecot does.
    case rejecting
    /// It says at once that it cannot check logins now.
    case unavailable
    /// It answers part of the polls only, by chance; so many fail.
    case lossy(Double)

    /// Those in which every poll fails, however patient.
    static let dead: [Condition] = [.refused, .hanging, .closing, .malformed, .unavailable, .rejecting]
}

/// How a monitor reaches one backend.
enum Path: Hashable, Sendable {
    case clear
    /// Nothing comes through.
    case cut
    /// A router says that there is no way.
    case unreachable
    /// So many polls fail, by chance.
    case lossy(Double)
}

/// What is wrong with a monitor's own machine, so that it takes all backends for what they are not.
enum OwnTrouble: Hashable, Sendable {
    case none
    /// Its network is gone without a word: all polls time out.
    case cut
    /// Its network is gone, and its system says so.
    case networkDown
    /// Its test account has another password now.
    case wrongPassword
}

/// What is to be said of a backend from where a monitor stands.
enum Truth: Hashable, Sendable {
    /// Each poll of a patient monitor succeeds.
    case healthy
    /// Each poll of one of its services fails.
    case faulty
    /// Some succeed, or it depends on how long one waits.
    case unclear
}

extension PollFailure {
    static func timedOut(_ phase: Phase) -> PollFailure { PollFailure(phase: phase, kind: .timeout, text: "no answer") }
    static let refused = PollFailure(phase: .connect, kind: .refused, text: "Connection refused")
    static let closed = PollFailure(phase: .greeting, kind: .closed, text: "closed")
    static let malformed = PollFailure(phase: .greeting, kind: .malformed, text: "not IMAP")
    static let unreachable = PollFailure(phase: .connect, kind: .unreachable, text: "No route to host")
    static let rejected = PollFailure(
        phase: .login, kind: .rejected, code: "AUTHENTICATIONFAILED", text: "Authentication failed.")
    static let unavailable = PollFailure(
        phase: .login, kind: .rejected, code: "UNAVAILABLE", text: "Temporary authentication failure.")
    static let ownNetwork = PollFailure(phase: .connect, kind: .local, text: "Network is unreachable")
    static let ownDelay = PollFailure(phase: .login, kind: .local, text: "this process was stopped")
}
