internal import Site
internal import Transport

/// A ManageSieve poll (RFC 5804): the greeting with its capabilities, STARTTLS, AUTHENTICATE, CAPABILITY as a command that
/// the user's own session answers, LOGOUT.
struct SieveDialogue: Dialogue {
    private enum State {
        case greeting, startTLS, authenticate, command, logout
    }

    /// What the line to come has to do with a literal that was announced.
    private enum Awaited {
        /// Nothing.
        case response
        /// It is the rest of a line, behind a literal that was passed over.
        case rest(of: SieveStatus?)
        /// It begins with the value of a capability, of so many bytes.
        case value(of: [UInt8], count: Int)
        /// It is the text of a refusal.
        case text(of: SieveStatus)
    }

    /// The longest quoted string (RFC 5804, section 4).
    private static let longestQuoted = 1024

    private let account: Account?
    private var state = State.greeting
    private(set) var phase = Phase.greeting
    private var awaited = Awaited.response
    /// STARTTLS is still to come.
    private var toBeEncrypted: Bool
    private var offersTLS = false
    private var offersPlain = false

    init(_ plan: PollPlan) {
        account = plan.account
        toBeEncrypted = plan.service.tls == .starttls
    }

    /// The server tells its capabilities anew, unasked (RFC 5804, section 2.2).
    mutating func encrypted() -> Turn {
        toBeEncrypted = false
        (offersTLS, offersPlain) = (false, false)
        state = .greeting
        return .listen
    }

    mutating func lineReceived(_ line: ArraySlice<UInt8>) -> Turn {
        switch awaited {
        case .response: return responseReceived(line)
        case .rest(let status):
            awaited = .response
            guard line.isEmpty else { return malformed(line) }
            return status.map { statusReceived($0) } ?? .listen
        case .value(let name, let count):
            awaited = .response
            // A value has no line ends within it.
            guard line.count == count else { return malformed(line) }
            noteCapability(name, Array(line))
            return .listen
        case .text(let status): return .fail(.rejected, code: status.code, text: line)
        }
    }

    private mutating func responseReceived(_ line: ArraySlice<UInt8>) -> Turn {
        switch SieveResponse(line) {
        case .malformed: return malformed(line)
        case .strings(let strings):
            // Only capabilities come as strings: a challenge makes no sense in PLAIN.
            guard state != .startTLS, state != .authenticate else { return .malformed("asked for", got: line) }
            return capabilityReceived(strings, IMAPLiteral(atEndOf: line))
        case .status(let status):
            guard let literal = status.literal, state != .logout else { return statusReceived(status) }
            guard status.condition == .ok else {
                awaited = .text(of: status)
                return .listen
            }
            return skip(literal, then: status)
        }
    }

    private mutating func capabilityReceived(_ strings: [[UInt8]], _ literal: IMAPLiteral?) -> Turn {
        guard let name = strings.first else { return .listen }
        guard let literal else {
            noteCapability(name, strings.count > 1 ? strings[1] : [])
            return .listen
        }
        guard name[...].equals("SASL"), strings.count == 1 else { return skip(literal, then: nil) }
        awaited = .value(of: name, count: literal.count)
        return .listen
    }

    private mutating func skip(_ literal: IMAPLiteral, then status: SieveStatus?) -> Turn {
        guard literal.count <= Limits.poll.total else {
            return .fail(.oversized, remark: "a literal that is larger than a poll reads")
        }
        awaited = .rest(of: status)
        return .skip(literal.count)
    }

    private mutating func noteCapability(_ name: [UInt8], _ value: [UInt8]) {
        if name[...].equals("STARTTLS") { offersTLS = true }
        if name[...].equals("SASL") {
            offersPlain = value.split(separator: UInt8(ascii: " ")).contains { $0.equals("PLAIN") }
        }
    }

    private mutating func statusReceived(_ status: SieveStatus) -> Turn {
        if state == .logout { return .done }
        guard status.condition == .ok else { return .fail(.rejected, code: status.code, text: status.text) }
        switch state {
        case .greeting: return toBeEncrypted ? startTLS() : logIn()
        case .startTLS: return .startTLS
        case .authenticate:
            state = .command
            phase = .command
            return .command("CAPABILITY")
        case .command, .logout: return logOut()
        }
    }

    private mutating func startTLS() -> Turn {
        (phase, state) = (.tls, .startTLS)
        return .askForTLS(isOffered: offersTLS)
    }

    private mutating func logIn() -> Turn {
        guard let account else { return logOut() }
        phase = .login
        guard offersPlain else { return .fail(.loginDisabled, remark: "no SASL PLAIN: encryption may be wanted") }
        state = .authenticate
        let response = SASL.plain(account)
        let string =
            response.count <= Self.longestQuoted
            ? "\"\(String(decoding: response, as: UTF8.self))\""
            : "{\(response.count)+}\r\n\(String(decoding: response, as: UTF8.self))"
        return .command("AUTHENTICATE \"PLAIN\" \(string)")
    }

    private mutating func logOut() -> Turn {
        state = .logout
        phase = .logout
        return .command("LOGOUT")
    }

    private func malformed(_ line: ArraySlice<UInt8>) -> Turn { .malformed("a ManageSieve response", got: line) }
}
