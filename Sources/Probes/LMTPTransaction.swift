internal import Site

/// What an LMTP poll says between LHLO and QUIT (RFC 2033, section 4.2): MAIL, RCPT and RSET, or a whole delivery.
struct LMTPTransaction: Sendable {
    private enum Step: Equatable {
        case mail, recipient, reset, data, content
    }

    private let sender: String
    private let recipient: String
    private let message: TestMessage
    private var steps: [Step] = []
    /// What was said and waits for its reply, in order.
    private var awaited: ArraySlice<Step> = []

    /// Nothing is said without an account: there is nobody to deliver to.
    init(_ plan: PollPlan, _ stamp: MessageStamp) {
        let address = plan.account.map { $0.lmtpAddress ?? $0.username } ?? ""
        let from = plan.options.lmtp.from
        sender = from.isEmpty ? "<>" : MailPath.path(from)
        recipient = MailPath.path(address)
        message = TestMessage(plan.options, stamp, to: address)
        guard plan.account != nil else { return }
        let checks = plan.options.lmtp
        if checks.tests { steps += [.mail, .recipient, .reset] }
        if checks.delivers { steps += [.mail, .recipient, .data, .content] }
        steps.reverse()
    }

    /// The command that waits for its reply, for people; empty before the first.
    var verb: String {
        switch awaited.first {
        case nil: ""
        case .mail: "MAIL: "
        case .recipient: "RCPT: "
        case .reset: "RSET: "
        case .data, .content: "DATA: "
        }
    }

    /// The first digit of the reply that lets it go on: DATA is answered with 354.
    var expectedDigit: UInt8 { awaited.first == .data ? UInt8(ascii: "3") : UInt8(ascii: "2") }

    /// Whether all has been said, the goodbye included, and all but the goodbye was answered.
    var isDone: Bool { isOver && awaited.isEmpty }
    private var isOver = false

    /// The id of the message once it is delivered. There is one recipient, and so one reply behind the content.
    private(set) var deliveredMessage: String?

    /// The reply that was hoped for has come; gives the commands that are said next: none while other
    /// replies are to come.
    ///
    /// - Parameters:
    ///   - isPipelining: whether all is said at once up to the next reply that has to be waited for: DATA's (RFC 2920,
    ///     section 3.1).
    ///   - goodbye: what is said when all has been said.
    mutating func next(isPipelining: Bool, goodbye: [UInt8]) -> [[UInt8]] {
        if awaited.popFirst() == .content { deliveredMessage = message.mark.description }
        guard awaited.isEmpty, !isOver else { return [] }
        var said: [[UInt8]] = []
        repeat {
            guard let step = steps.popLast() else {
                isOver = true
                return said + [goodbye]
            }
            awaited.append(step)
            said.append(command(step))
        } while isPipelining && awaited.last != .data
        return said
    }

    private func command(_ step: Step) -> [UInt8] {
        switch step {
        case .mail: Array("MAIL FROM:\(sender)".utf8) + crlf
        case .recipient: Array("RCPT TO:\(recipient)".utf8) + crlf
        case .reset: Array("RSET".utf8) + crlf
        case .data: Array("DATA".utf8) + crlf
        case .content: message.dotStuffed
        }
    }
}
