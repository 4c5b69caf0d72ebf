internal import Site

/// What a POP3 poll does between the login and QUIT (RFC 1939), as a pure machine: STAT, and the removal of messages.
///
/// Messages are looked at one by one with TOP, where CAPA offers it (RFC 2449), and only small ones (LIST tells): a maildrop may be large, a poll's time is
/// not.
struct POP3Visit: Sendable {
    private enum State {
        case start, stat, capabilities, listingCapabilities, size, top, header, delete
    }

    /// Messages looked at in one poll: the newest, and where there are more, as many elsewhere.
    private static let looks = 10
    /// Messages deleted in one poll.
    private static let deletions = 1_000
    /// A test message is smaller, with all that a delivery adds.
    private static let largest = 16_384

    private let checks: POP3Checks
    private let chance: UInt64
    private let rule: RemovalRule
    private var state = State.start
    /// The messages to be looked at, the present one first.
    private var toLookAt: ArraySlice<Int> = []
    private var reader = MarkReader()
    /// The messages to be deleted, the present one first.
    private var toDelete: ArraySlice<Int> = []
    private var deleted = 0
    private var remaining = 0
    private var offersTop = false
    private var cannotLook = false

    init(_ plan: PollPlan, _ stamp: MessageStamp) {
        checks = plan.options.pop3
        chance = stamp.unique
        rule = RemovalRule(plan.options, stamp)
    }

    /// Whether the server has said that the deletions are done, which it does in reply to QUIT (RFC 1939, section 6).
    var isConfirmed = false

    /// What was noticed, as far as it has come.
    var warnings: [PollWarning] {
        var texts: [String] = []
        if cannotLook { texts.append("the server has no TOP: test messages stay in INBOX") }
        if deleted > 0, !isConfirmed { texts.append("the deletion of \(deleted) messages was not confirmed") }
        if remaining > 0 { texts.append("\(deleted) messages were deleted, \(remaining) are left to the next polls") }
        return texts.map { PollWarning(.notRemoved, $0) }
    }

    /// The first command; nil when there is nothing to do.
    mutating func begin() -> Turn? {
        guard checks.stats else { return nil }
        state = .stat
        return .command("STAT")
    }

    /// Answers a line; nil when all is done.
    mutating func lineReceived(_ line: ArraySlice<UInt8>) -> Turn? {
        if state == .header { return headerReceived(line) }
        if state == .listingCapabilities { return capabilityReceived(line) }
        let (status, text) = line.firstWord
        let isPositive = status.equals("+OK")
        guard isPositive || status.equals("-ERR") else { return .malformed("a POP3 reply", got: line) }
        switch (state, isPositive) {
        case (.stat, true): return counted(text, line)
        case (.capabilities, true):
            state = .listingCapabilities
            return .listen
        case (.capabilities, false):
            cannotLook = true
            return nil
        case (.size, true):
            let size = Int(String(decoding: text.firstWord.rest.firstWord.word, as: UTF8.self))
            // One that is larger is no test message.
            guard let size, size <= Self.largest else { return lookOn() }
            state = .top
            return .command("TOP \(toLookAt.first ?? 0) 0")
        case (.top, true):
            state = .header
            reader = MarkReader()
            return .listen
        // Others may have removed it since the login.
        case (.size, false), (.top, false): return lookOn()
        case (.delete, true):
            deleted += 1
            toDelete.removeFirst()
            return deleteNext()
        default:
            let (code, reason) = text.responseCode
            return .fail(.rejected, code: code, remark: state == .stat ? "STAT: " : "DELE: ", text: reason)
        }
    }

    private mutating func counted(_ text: ArraySlice<UInt8>, _ line: ArraySlice<UInt8>) -> Turn? {
        guard let count = UInt32(String(decoding: text.firstWord.word, as: UTF8.self)).map(Int.init) else {
            return .malformed("a drop listing", got: line)
        }
        switch checks.removal {
        case .no: return nil
        case .all:
            remaining = max(0, count - Self.deletions)
            toDelete = (0..<min(count, Self.deletions)).map { $0 + 1 }[...]
            return deleteNext()
        case .marked:
            guard count > 0 else { return nil }
            toLookAt = Self.choice(of: count, chance)[...]
            state = .capabilities
            return .command("CAPA")
        }
    }

    /// The newest messages, and a run of others that moves by chance, so that none is never looked at.
    private static func choice(of count: Int, _ chance: UInt64) -> [Int] {
        let newest = (max(0, count - looks)..<count).map { $0 + 1 }
        let others = count - newest.count
        guard others > 0 else { return newest }
        let first = Int(chance % UInt64(max(1, others - looks + 1)))
        return (first..<min(first + looks, others)).map { $0 + 1 } + newest
    }

    private mutating func capabilityReceived(_ line: ArraySlice<UInt8>) -> Turn? {
        guard line.elementsEqual(".".utf8) else {
            if line.equals("TOP") { offersTop = true }
            return .listen
        }
        cannotLook = !offersTop
        return offersTop ? look() : nil
    }

    private mutating func look() -> Turn? {
        guard let number = toLookAt.first else { return deleteNext() }
        state = .size
        return .command("LIST \(number)")
    }

    private mutating func lookOn() -> Turn? {
        toLookAt.removeFirst()
        return look()
    }

    private mutating func headerReceived(_ line: ArraySlice<UInt8>) -> Turn? {
        guard line.elementsEqual(".".utf8) else {
            reader.lineReceived(line)
            return .listen
        }
        if let number = toLookAt.first, let mark = reader.mark, rule.removes(mark) { toDelete.append(number) }
        return lookOn()
    }

    private mutating func deleteNext() -> Turn? {
        guard let number = toDelete.first else { return nil }
        state = .delete
        return .command("DELE \(number)")
    }
}
