internal import Site

/// An LMTP poll (RFC 2033): greeting, STARTTLS (RFC 3207), LHLO, a transaction, QUIT, with replies as RFC 5321, section 4.2
/// has them. Where the server offers it (RFC 2920), what can be is said at once.
struct LMTPDialogue: Dialogue {
    private let clientName: String
    private var transaction: LMTPTransaction
    private(set) var phase = Phase.greeting
    /// The code that a reply of several lines began with.
    private var continuedCode: ArraySlice<UInt8>?

    /// STARTTLS is still to come.
    private var toBeEncrypted: Bool
    /// LHLO was said in clear, to see whether STARTTLS is offered.
    private var greetsInClear = false
    private var offersTLS = false
    private var offersPipelining = false

    init(_ plan: PollPlan, _ stamp: MessageStamp) {
        clientName = plan.options.clientName
        transaction = LMTPTransaction(plan, stamp)
        toBeEncrypted = plan.service.tls == .starttls
    }

    var deliveredMessage: String? { transaction.deliveredMessage }

    mutating func encrypted() -> Turn {
        toBeEncrypted = false
        // What was said in clear is not to be believed (RFC 3207, section 4.2).
        offersPipelining = false
        phase = .command
        return .command("LHLO \(clientName)")
    }

    mutating func lineReceived(_ line: ArraySlice<UInt8>) -> Turn {
        guard let reply = SMTPReplyLine(line), continuedCode.map({ $0 == reply.code }) ?? true else {
            return .malformed("an LMTP reply", got: line)
        }
        if reply.isKeyword("STARTTLS") { offersTLS = true }
        if reply.isKeyword("PIPELINING") { offersPipelining = true }
        guard reply.isLast else {
            continuedCode = reply.code
            return .listen
        }
        continuedCode = nil
        if phase == .logout { return .done }
        guard reply.code.first == transaction.expectedDigit else {
            return .fail(.rejected, code: reply.code, remark: transaction.verb, text: reply.text)
        }
        switch phase {
        case .greeting where greetsInClear:
            phase = .tls
            return .askForTLS(isOffered: offersTLS)
        case .tls: return .startTLS
        case .greeting:
            greetsInClear = toBeEncrypted
            offersTLS = false
            offersPipelining = false
            if !toBeEncrypted { phase = .command }
            return .command("LHLO \(clientName)")
        default:
            var commands = transaction.next(isPipelining: offersPipelining, goodbye: Array("QUIT".utf8) + crlf)
            if transaction.isDone { phase = .logout }
            return commands.popLast().map { .say($0, behind: commands) } ?? .listen
        }
    }
}

/// One line of an SMTP or LMTP reply (RFC 5321, section 4.2.1).
struct SMTPReplyLine {
    /// Three digits.
    let code: ArraySlice<UInt8>
    /// Whether no more lines follow.
    let isLast: Bool
    /// What stands behind the code.
    let text: ArraySlice<UInt8>

    /// Reads a line; nil when it is none of a reply.
    init?(_ line: ArraySlice<UInt8>) {
        code = line.prefix(3)
        guard code.count == 3, let first = code.first, (UInt8(ascii: "2")...UInt8(ascii: "5")).contains(first),
            code.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        let separator = line.dropFirst(3).first
        guard separator == nil || separator == UInt8(ascii: " ") || separator == UInt8(ascii: "-") else { return nil }
        isLast = separator != UInt8(ascii: "-")
        text = line.dropFirst(4)
    }

    /// Whether it tells of an extension of the server (RFC 5321, section 4.1.1.1).
    func isKeyword(_ word: StaticString) -> Bool { text.firstWord.word.equals(word) }

    /// 2yz: done as asked.
    var isPositive: Bool { code.first == UInt8(ascii: "2") }
}
