internal import Site

/// A submission poll (RFC 6409): greeting, EHLO, STARTTLS (RFC 3207), AUTH PLAIN (RFC 4954), QUIT.
///
/// Dovecot's submission service answers AUTH with its relay's trouble: 451 where none is set. A relay that does not answer
/// is told only after the login has succeeded, which is all that is asked of the server here.
struct SubmissionDialogue: Dialogue {
    private enum State {
        case greeting, hello, startTLS, auth, authResponse, quit
    }

    /// The longest command line (RFC 4954, section 4.4 and RFC 5321, section 4.5.3.1.4), without its end.
    private static let longestCommand = 510

    private let account: Account?
    private let clientName: String
    private var state = State.greeting
    private(set) var phase = Phase.greeting
    /// STARTTLS is still to come.
    private var toBeEncrypted: Bool
    private var offersTLS = false
    private var offersPlain = false
    /// The code that a reply of several lines began with.
    private var continuedCode: ArraySlice<UInt8>?

    init(_ plan: PollPlan) {
        account = plan.account
        clientName = plan.options.clientName
        toBeEncrypted = plan.service.tls == .starttls
    }

    mutating func encrypted() -> Turn {
        toBeEncrypted = false
        return sayHello()
    }

    mutating func lineReceived(_ line: ArraySlice<UInt8>) -> Turn {
        guard let reply = SMTPReplyLine(line), continuedCode.map({ $0 == reply.code }) ?? true else {
            return .malformed("an SMTP reply", got: line)
        }
        if state == .hello { extensionReceived(reply) }
        guard reply.isLast else {
            continuedCode = reply.code
            return .listen
        }
        continuedCode = nil
        if state == .quit { return .done }
        if state == .auth, reply.code.elementsEqual("334".utf8), let account {
            state = .authResponse
            return .say(SASL.plain(account) + crlf)
        }
        guard reply.isPositive else { return refused(reply) }
        switch state {
        case .greeting: return sayHello()
        case .hello: return toBeEncrypted ? startTLS() : logIn()
        case .startTLS: return .startTLS
        case .auth, .authResponse, .quit: return quit()
        }
    }

    private mutating func extensionReceived(_ reply: SMTPReplyLine) {
        if reply.isKeyword("STARTTLS") { offersTLS = true }
        let (word, mechanisms) = reply.text.firstWord
        if word.equals("AUTH"), mechanisms.split(separator: UInt8(ascii: " ")).contains(where: { $0.equals("PLAIN") }) {
            offersPlain = true
        }
    }

    /// Dovecot tells its own troubles with the login with 454 and 535. Status 4.4 is about other hosts (RFC 3463, section 3.5).
    private func refused(_ reply: SMTPReplyLine) -> Turn {
        let isRelay = phase == .login && (reply.code.elementsEqual("451".utf8) || reply.text.hasPrefix("4.4."))
        return .fail(isRelay ? .relay : .rejected, code: reply.code, text: reply.text)
    }

    private mutating func sayHello() -> Turn {
        state = .hello
        (offersTLS, offersPlain) = (false, false)
        return .command("EHLO \(clientName)")
    }

    private mutating func startTLS() -> Turn {
        (phase, state) = (.tls, .startTLS)
        return .askForTLS(isOffered: offersTLS)
    }

    private mutating func logIn() -> Turn {
        guard let account else { return quit() }
        phase = .login
        guard offersPlain else { return .fail(.loginDisabled, remark: "no AUTH PLAIN: encryption may be wanted") }
        let command = Array("AUTH PLAIN ".utf8) + SASL.plain(account)
        guard command.count <= Self.longestCommand else {
            state = .auth
            return .command("AUTH PLAIN")
        }
        state = .authResponse
        return .say(command + crlf)
    }

    private mutating func quit() -> Turn {
        state = .quit
        phase = .logout
        return .command("QUIT")
    }
}
