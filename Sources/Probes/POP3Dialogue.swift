internal import Site

/// A POP3 poll (RFC 1939): greeting, USER, PASS, QUIT; without an account CAPA (RFC 2449) in place of the login.
struct POP3Dialogue: Dialogue {
    private enum State {
        case greeting, capabilities, listingCapabilities, user, pass, quit
    }

    private let account: Account?
    private var state = State.greeting
    private(set) var phase = Phase.greeting

    init(_ plan: PollPlan) { account = plan.account }

    mutating func lineReceived(_ line: ArraySlice<UInt8>) -> Turn {
        if state == .listingCapabilities { return line.elementsEqual(".".utf8) ? quit() : .listen }
        let (status, text) = line.firstWord
        let positive = status.equals("+OK")
        guard positive || status.equals("-ERR") else { return .malformed("a POP3 reply", got: line) }
        switch (state, positive) {
        case (.capabilities, false), (.quit, _):
            // CAPA is optional, and nothing after QUIT matters.
            return state == .quit ? .done : quit()
        case (_, false):
            let (code, reason) = text.responseCode
            return .fail(.rejected, code: code, text: reason)
        case (.greeting, _):
            guard let account else {
                state = .capabilities
                return .command("CAPA")
            }
            state = .user
            phase = .login
            return .command("USER \(account.username)")
        case (.capabilities, _):
            state = .listingCapabilities
            return .listen
        case (.user, _):
            state = .pass
            return .command("PASS \(account?.password.secret ?? "")")
        case (.pass, _), (.listingCapabilities, _): return quit()
        }
    }

    private mutating func quit() -> Turn {
        state = .quit
        phase = .logout
        return .command("QUIT")
    }
}
