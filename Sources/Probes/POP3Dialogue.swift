internal import Site

/// A POP3 poll (RFC 1939): greeting, STLS (RFC 2595), USER, PASS, a visit, QUIT; for a master user AUTH PLAIN (RFC 5034),
/// without an account CAPA (RFC 2449) in place of the login.
struct POP3Dialogue: Dialogue {
    private enum State {
        case greeting, capabilities, listingCapabilities, startTLS, user, pass, auth, authResponse, visit, quit
    }

    private let account: Account?
    private var state = State.greeting
    private(set) var phase = Phase.greeting

    /// STLS is still to come.
    private var toBeEncrypted: Bool
    private var offersTLS = false
    private var visit: POP3Visit

    init(_ plan: PollPlan, _ stamp: MessageStamp) {
        account = plan.account
        visit = POP3Visit(plan, stamp)
        toBeEncrypted = plan.service.tls == .starttls
    }

    var warnings: [PollWarning] { visit.warnings }

    mutating func encrypted() -> Turn {
        toBeEncrypted = false
        return greeted()
    }

    mutating func lineReceived(_ line: ArraySlice<UInt8>) -> Turn {
        if state == .listingCapabilities { return capabilityReceived(line) }
        if state == .visit { return visit.lineReceived(line) ?? quit() }
        let (status, text) = line.firstWord
        if state == .auth, status.elementsEqual("+".utf8), let account {
            state = .authResponse
            return .say(SASL.plain(account) + crlf)
        }
        let positive = status.equals("+OK")
        guard positive || status.equals("-ERR") else { return .malformed("a POP3 reply", got: line) }
        switch (state, positive) {
        case (.capabilities, false), (.quit, _):
            // CAPA is optional, and nothing after QUIT matters.
            if state != .quit { return capabilitiesEnded() }
            visit.isConfirmed = positive
            return .done
        case (_, false):
            let (code, reason) = text.responseCode
            return .fail(.rejected, code: code, text: reason)
        case (.greeting, _): return greeted()
        case (.startTLS, _): return .startTLS
        case (.capabilities, _):
            state = .listingCapabilities
            return .listen
        case (.user, _):
            state = .pass
            return .command("PASS \(account?.password.secret ?? "")")
        case (.auth, _): return .malformed("asked for", got: line)
        case (.pass, _), (.authResponse, _): return visitOrQuit()
        case (.listingCapabilities, _), (.visit, _): return quit()
        }
    }

    /// The server is ready, and encrypted where it has to be at once. A login needs none of the capabilities.
    private mutating func greeted() -> Turn {
        guard let account, !toBeEncrypted else {
            state = .capabilities
            return .command("CAPA")
        }
        phase = .login
        guard account.masterUser == nil else {
            // Not every server takes an initial response, and lines with one may be too long (RFC 5034, section 4).
            state = .auth
            return .command("AUTH PLAIN")
        }
        state = .user
        return .command("USER \(account.username)")
    }

    private mutating func capabilityReceived(_ line: ArraySlice<UInt8>) -> Turn {
        if line.elementsEqual(".".utf8) { return capabilitiesEnded() }
        if line.equals("STLS") { offersTLS = true }
        return .listen
    }

    private mutating func capabilitiesEnded() -> Turn {
        guard toBeEncrypted else { return quit() }
        (phase, state) = (.tls, .startTLS)
        return .askForTLS("STLS", isOffered: offersTLS)
    }

    private mutating func visitOrQuit() -> Turn {
        guard let turn = visit.begin() else { return quit() }
        state = .visit
        phase = .command
        return turn
    }

    private mutating func quit() -> Turn {
        state = .quit
        phase = .logout
        return .command("QUIT")
    }
}
