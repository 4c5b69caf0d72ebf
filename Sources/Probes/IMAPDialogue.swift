internal import Site
internal import Transport

/// An IMAP poll (RFC 9051 and RFC 3501): greeting, capabilities, STARTTLS, ID (RFC 2971), login, LIST,
/// LOGOUT.
struct IMAPDialogue: Dialogue {
    private enum State {
        case greeting, capability, startTLS, id, login, list, logout
    }

    private let plan: PollPlan
    private var state = State.greeting
    private(set) var phase = Phase.greeting
    private var capabilities: IMAPCapabilities?
    private var authenticated = false
    private var commandCount = 0
    /// What is still to be sent of the present command, a piece for each of the server's continuations.
    private var pieces: ArraySlice<[UInt8]> = []
    /// The line is the rest of a response, behind a literal.
    private var continuesResponse = false

    /// STARTTLS is still to come.
    private var toBeEncrypted: Bool

    init(_ plan: PollPlan) {
        self.plan = plan
        toBeEncrypted = plan.service.tls == .starttls
    }

    mutating func encrypted() -> Turn {
        toBeEncrypted = false
        capabilities = nil
        return ask(.capability, "CAPABILITY")
    }

    mutating func lineReceived(_ line: ArraySlice<UInt8>) -> Turn {
        if continuesResponse {
            continuesResponse = false
            return readOver(IMAPLiteral(atEndOf: line))
        }
        switch IMAPResponse(line) {
        case .malformed: return .malformed("an IMAP response", got: line)
        case .continuation:
            guard let piece = pieces.popFirst() else { return .malformed("asked for", got: line) }
            return .say(piece)
        case .untaggedStatus(let status): return untaggedStatusReceived(status, line)
        case _ where state == .greeting: return .malformed("an IMAP greeting", got: line)
        case .capabilities(let words):
            capabilities = IMAPCapabilities(words)
            return .listen
        case .data(let literal): return readOver(literal)
        case .tagged(let tag, let status):
            guard tag.elementsEqual(self.tag.utf8) else { return .malformed("a reply to \(self.tag)", got: line) }
            return taggedStatusReceived(status, line)
        }
    }

    private mutating func readOver(_ literal: IMAPLiteral?) -> Turn {
        guard let literal else { return .listen }
        // It could not be read to its end anyway: no need to wait for the deadline.
        guard literal.count <= Limits.poll.total else {
            return .fail(.oversized, remark: "a literal that is larger than a poll reads")
        }
        continuesResponse = true
        return .skip(literal.count)
    }

    private mutating func untaggedStatusReceived(_ status: IMAPStatus, _ line: ArraySlice<UInt8>) -> Turn {
        switch (state, status.condition) {
        case (.logout, _): return .listen
        case (_, .bye): return .fail(.rejected, code: status.code, text: status.text)
        case (.greeting, .ok), (.greeting, .preauth):
            authenticated = status.condition == .preauth
            capabilities = IMAPCapabilities(code: status.code)
            return capabilities == nil ? ask(.capability, "CAPABILITY") : capabilitiesKnown()
        case (.greeting, _): return .malformed("an IMAP greeting", got: line)
        // An untagged OK, NO or BAD is a remark; the command's own reply is still to come.
        default: return .listen
        }
    }

    private mutating func taggedStatusReceived(_ status: IMAPStatus, _ line: ArraySlice<UInt8>) -> Turn {
        if state == .logout { return .done }
        // Nobody has to like to be told who asks.
        if state == .id, status.condition == .no || status.condition == .bad { return logIn() }
        guard status.condition == .ok else {
            return status.condition == .no || status.condition == .bad
                ? .fail(.rejected, code: status.code, text: status.text) : .malformed("a reply to \(tag)", got: line)
        }
        // A command that has not been sent in full cannot have succeeded.
        guard pieces.isEmpty else { return .malformed("to be said yet", got: line) }
        switch state {
        case .capability:
            guard capabilities != nil else { return .malformed("preceded by capabilities", got: line) }
            return capabilitiesKnown()
        case .startTLS: return .startTLS
        case .id: return logIn()
        case .login:
            authenticated = true
            return lookOrLeave()
        default: return logOut()
        }
    }

    private mutating func capabilitiesKnown() -> Turn {
        let capabilities = capabilities ?? IMAPCapabilities([])
        if toBeEncrypted {
            phase = .tls
            // Who is logged in already cannot begin with TLS (RFC 9051, section 6.2.1).
            return capabilities.startTLS && !authenticated ? ask(.startTLS, "STARTTLS") : .startTLSNotOffered
        }
        return capabilities.id ? ask(.id, IMAPString.identification) : logIn()
    }

    private mutating func logIn() -> Turn {
        guard let account = plan.account else { return logOut() }
        if authenticated { return lookOrLeave() }
        let capabilities = capabilities ?? IMAPCapabilities([])
        phase = .login
        if account.masterUser == nil, !capabilities.loginDisabled {
            return ask(
                .login, "LOGIN", arguments: [account.username, account.password.secret],
                nonSynchronizingLimit: capabilities.nonSynchronizingLimit)
        }
        guard capabilities.authPlain else {
            let missing = account.masterUser == nil ? "LOGINDISABLED, and no AUTH=PLAIN" : "no AUTH=PLAIN"
            return .fail(.loginDisabled, remark: "\(missing): encryption may be wanted")
        }
        let response = SASL.plain(account)
        if capabilities.saslInitialResponse {
            return ask(.login, "AUTHENTICATE PLAIN " + String(decoding: response, as: UTF8.self))
        }
        let turn = ask(.login, "AUTHENTICATE PLAIN")
        pieces = [response + crlf]
        return turn
    }

    private mutating func lookOrLeave() -> Turn {
        guard plan.options.imap.lists else { return logOut() }
        phase = .command
        return ask(.list, "LIST \"\" \"%\"")
    }

    private mutating func logOut() -> Turn {
        phase = .logout
        return ask(.logout, "LOGOUT")
    }

    private var tag: String { "d\(commandCount)" }

    private mutating func ask(
        _ next: State, _ words: String, arguments: [String] = [], nonSynchronizingLimit: Int = 0
    ) -> Turn {
        state = next
        commandCount += 1
        let command = IMAPString.command(
            "\(tag) \(words)", arguments: arguments, nonSynchronizingLimit: nonSynchronizingLimit)
        pieces = command.dropFirst()
        return .say(command.first ?? [])
    }
}
