internal import Site
internal import Transport

/// An IMAP poll (RFC 9051 and RFC 3501): greeting, capabilities, STARTTLS, ID (RFC 2971), login, LIST, a visit to INBOX,
/// LOGOUT. What does not hang on a command's reply is sent together with it (RFC 9051, section 5.5).
struct IMAPDialogue: Dialogue {
    private enum State {
        case greeting, capability, startTLS, id, login, list, capabilityAgain, visit, logout
    }

    /// What follows the command that waits for its reply, as far as it could be done ahead.
    private struct Ahead {
        let state: State
        let phase: Phase
        /// What is left to do of it.
        let turn: Turn
        let isSent: Bool
    }

    private let plan: PollPlan
    private var state = State.greeting
    private(set) var phase = Phase.greeting
    private var capabilities: IMAPCapabilities?
    /// The server told them since the login: others may hold from there on (RFC 9051, section 6.2.3).
    private var capabilitiesAreCurrent = false
    private var authenticated = false
    private var commandCount = 0
    private var ahead: Ahead?
    /// What is still to be sent of the present command, a piece for each of the server's continuations.
    private var pieces: ArraySlice<[UInt8]> = []
    /// A response that holds literals, as far as it has come.
    private var assembly: IMAPAssembly?
    private var visit: IMAPVisit
    /// The command that the visit waits for, for people.
    private var visitVerb = ""
    /// Why the poll has failed, when it has and still cleans up.
    private var failure: Turn?

    /// STARTTLS is still to come.
    private var toBeEncrypted: Bool

    init(_ plan: PollPlan, _ stamp: MessageStamp) {
        self.plan = plan
        visit = IMAPVisit(plan, stamp)
        toBeEncrypted = plan.service.tls == .starttls
    }

    var warnings: [PollWarning] { visit.warnings }

    mutating func encrypted() -> Turn {
        toBeEncrypted = false
        capabilities = nil
        return ask(.capability, "CAPABILITY")
    }

    mutating func lineReceived(_ line: ArraySlice<UInt8>) -> Turn {
        if assembly != nil { return responseContinued(line) }
        switch IMAPResponse(line) {
        case .malformed: return .malformed("an IMAP response", got: line)
        case .continuation:
            guard let piece = pieces.popFirst() else { return .malformed("asked for", got: line) }
            return .say(piece)
        case .untaggedStatus(let status): return untaggedStatusReceived(status, line)
        case _ where state == .greeting: return .malformed("an IMAP greeting", got: line)
        case .capabilities(let words):
            capabilities = IMAPCapabilities(words)
            capabilitiesAreCurrent = authenticated || state == .login
            return .listen
        case .data(let text, let literal): return dataReceived(text, literal)
        case .tagged(let tag, let status):
            guard tag.elementsEqual(self.tag.utf8) else { return .malformed("a reply to \(self.tag)", got: line) }
            return taggedStatusReceived(status, line)
        }
    }

    private mutating func dataReceived(_ text: ArraySlice<UInt8>, _ literal: IMAPLiteral?) -> Turn {
        guard let literal else {
            if state == .visit { visit.received([.text(text)]) }
            return .listen
        }
        assembly = IMAPAssembly()
        return literalAnnounced(literal, in: text)
    }

    private mutating func responseContinued(_ line: ArraySlice<UInt8>) -> Turn {
        if assembly?.literalReceived(line) == true { return .listen }
        if let literal = IMAPLiteral(atEndOf: line) { return literalAnnounced(literal, in: line) }
        if let pieces = assembly?.ended(line) { visit.received(pieces) }
        assembly = nil
        return .listen
    }

    private mutating func literalAnnounced(_ literal: IMAPLiteral, in line: ArraySlice<UInt8>) -> Turn {
        // It could not be read to its end anyway: no need to wait for the deadline.
        guard literal.count <= Limits.poll.total else {
            return .fail(.oversized, remark: "a literal that is larger than a poll reads")
        }
        let isTaken = assembly?.literalAnnounced(literal, in: line, isWanted: visit.wantsLiterals)
        return isTaken == true ? .read(literal.count) : .skip(literal.count)
    }

    private mutating func untaggedStatusReceived(_ status: IMAPStatus, _ line: ArraySlice<UInt8>) -> Turn {
        switch (state, status.condition) {
        case (.logout, _): return .listen
        case (_, .bye): return .fail(.rejected, code: status.code, text: status.text)
        case (.greeting, .ok), (.greeting, .preauth):
            authenticated = status.condition == .preauth
            capabilities = IMAPCapabilities(code: status.code)
            capabilitiesAreCurrent = authenticated && capabilities != nil
            return capabilities == nil ? ask(.capability, "CAPABILITY") : capabilitiesKnown()
        case (.greeting, _): return .malformed("an IMAP greeting", got: line)
        // An untagged OK, NO or BAD is a remark; the command's own reply is still to come.
        default: return .listen
        }
    }

    private mutating func taggedStatusReceived(_ status: IMAPStatus, _ line: ArraySlice<UInt8>) -> Turn {
        if state == .logout { return .done }
        // Nobody has to like to be told who asks.
        if state == .id, status.condition == .no || status.condition == .bad { return followUp() }
        guard status.condition == .ok else {
            guard status.condition == .no || status.condition == .bad else {
                return .malformed("a reply to \(tag)", got: line)
            }
            return state == .visit ? refused(status, line) : .fail(.rejected, code: status.code, text: status.text)
        }
        // A command that has not been sent in full cannot have succeeded.
        guard pieces.isEmpty || ahead != nil else { return .malformed("to be said yet", got: line) }
        switch state {
        case .capability:
            guard capabilities != nil else { return .malformed("preceded by capabilities", got: line) }
            return capabilitiesKnown()
        case .startTLS: return .startTLS
        case .id, .list: return followUp()
        case .login:
            authenticated = true
            // Most polls leave from here, and the list is long.
            if visit.needsCapabilities, let told = IMAPCapabilities(code: status.code) {
                capabilities = told
                capabilitiesAreCurrent = true
            }
            return lookOrLeave()
        case .capabilityAgain:
            guard capabilitiesAreCurrent else { return .malformed("preceded by capabilities", got: line) }
            return visitOrLeave()
        case .visit: return goOn()
        case .greeting, .logout: return logOut()
        }
    }

    private mutating func capabilitiesKnown() -> Turn {
        let capabilities = capabilities ?? IMAPCapabilities([])
        if toBeEncrypted {
            phase = .tls
            // Who is logged in already cannot begin with TLS (RFC 9051, section 6.2.1).
            return capabilities.startTLS && !authenticated ? ask(.startTLS, "STARTTLS") : .startTLSNotOffered
        }
        return capabilities.id ? ask(.id, IMAPString.identification, followedBy: { $0.logIn() }) : logIn()
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
        guard plan.options.imap.lists else { return visitOrLeave() }
        phase = .command
        return ask(.list, "LIST \"\" \"%\"", followedBy: { $0.visitOrLeave() })
    }

    private mutating func visitOrLeave() -> Turn {
        if visit.needsCapabilities, !capabilitiesAreCurrent {
            phase = .command
            return ask(.capabilityAgain, "CAPABILITY")
        }
        return goOn()
    }

    private mutating func goOn() -> Turn {
        switch visit.next(capabilities ?? IMAPCapabilities([])) {
        case .leave: return failure ?? logOut()
        case .fail(let kind, let text):
            phase = .command
            return failed(.fail(kind, remark: text))
        case .ask(let verb, let words, let literal):
            phase = .command
            visitVerb = verb
            return ask(.visit, words, literal: literal)
        }
    }

    /// The server has refused a command of the visit.
    private mutating func refused(_ status: IMAPStatus, _ line: ArraySlice<UInt8>) -> Turn {
        if status.condition == .no, visit.goesOn(after: status.code) { return goOn() }
        let refusal = Turn.fail(
            .rejected, code: status.code, remark: "\(visitVerb): ", text: status.text, of: line)
        return status.condition == .no ? failed(refusal) : failure ?? refusal
    }

    /// The poll has failed; what went wrong first is told, when what can be cleaned up is.
    private mutating func failed(_ failure: Turn) -> Turn {
        let first = self.failure ?? failure
        self.failure = first
        return visit.cleansUp() ? goOn() : first
    }

    private mutating func logOut() -> Turn {
        phase = .logout
        return ask(.logout, "LOGOUT")
    }

    /// Of the command that waits for its reply.
    private var tag: String {
        let number = commandCount - (ahead?.isSent == true ? 1 : 0)
        return number < Self.tags.count ? Self.tags[number] : "d\(number)"
    }
    /// Those of nearly all polls: each is asked for with each line.
    private static let tags = (0..<8).map { "d\($0)" }

    /// A command, and with it the one that follows whatever the reply, if there is one.
    private mutating func ask(_ command: State, _ words: String, followedBy next: (inout Self) -> Turn) -> Turn {
        let former = (phase: phase, turn: ask(command, words))
        let turn = next(&self)
        guard case .say(let bytes, _) = former.turn, case .say(let following, []) = turn else {
            ahead = Ahead(state: state, phase: phase, turn: turn, isSent: false)
            (state, phase) = (command, former.phase)
            return former.turn
        }
        ahead = Ahead(state: state, phase: phase, turn: .listen, isSent: true)
        state = command
        // With a password on its way, what is told of it has to be told with care.
        if phase != .login { phase = former.phase }
        return .say(following, behind: [bytes])
    }

    /// The reply has come that the next command was not made to wait for.
    private mutating func followUp() -> Turn {
        guard let next = ahead else { return logOut() }
        ahead = nil
        (state, phase) = (next.state, next.phase)
        return next.turn
    }

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

    private mutating func ask(_ next: State, _ words: String, literal: [UInt8]) -> Turn {
        guard !literal.isEmpty else { return ask(next, words) }
        state = next
        commandCount += 1
        let command = IMAPString.command(
            "\(tag) \(words)", literal: literal, nonSynchronizingLimit: capabilities?.nonSynchronizingLimit ?? 0)
        pieces = command.dropFirst()
        return .say(command.first ?? [])
    }
}
