internal import Site

/// What an IMAP poll does in INBOX, as a pure machine of commands: APPEND, SELECT, find what was written, read and remove it.
///
/// It is asked for the next command when the former has succeeded. Nothing that a server answers leads it to remove a
/// message without a mark: UIDs are taken from FETCH responses alone, and only where the header that came with them in the
/// same response is a mark. What a SEARCH finds only says where to look.
struct IMAPVisit: Sendable {
    /// What is to be said next.
    enum Order: Equatable {
        /// This command; `text` goes behind it as a literal, and `verb` names it to people.
        case ask(verb: String, String, literal: [UInt8] = [])
        /// Nothing: the poll has failed.
        case fail(FailureKind, String)
        /// Nothing: all is done.
        case leave
    }

    private enum State: Equatable {
        case start, append, select
        /// A message is looked for by its id, and is where the server says that it is.
        case find(id: String, uids: [UInt32])
        /// It is read; `isShown` once the server has shown it as it was written.
        case read(id: String, uids: [UInt32], isShown: Bool)
        case search, fetch, store, expunge
    }

    /// Messages that are searched through at once, and that are removed at once: a mailbox may be large, and a poll's time
    /// and a server's lines are not.
    private static let window = 1_000
    private static let batch = 200
    /// The most that a header field of a test message can have; a larger literal is none.
    static let literalLimit = 1_024

    private let checks: IMAPChecks
    private let message: TestMessage?
    /// Moves the window over a mailbox that is larger.
    private let chance: UInt64
    private var rule: RemovalRule
    private var state = State.start
    private var toFind: [String] = []
    /// How many messages there are; nil before the server has told.
    private var messageCount: Int?
    /// What the searches for single messages found: looked at before the rest.
    private var found: Set<UInt32> = []
    private var uids: Set<UInt32> = []
    private var toRemove: Set<UInt32> = []
    private(set) var warnings: [PollWarning] = []

    init(_ plan: PollPlan, _ stamp: MessageStamp) {
        checks = plan.options.imap
        message =
            checks.appends ? TestMessage(plan.options, stamp, to: plan.account?.username ?? "") : nil
        toFind = [message?.mark.description, plan.expectedMessage].compactMap { $0 }
        chance = stamp.unique
        rule = RemovalRule(plan.options, stamp)
    }

    /// Whether it depends on what the server can do for a user who is logged in.
    var needsCapabilities: Bool { checks.appends || checks.selects && checks.removal == .marked }
    /// Whether literals of the response that comes now are wanted.
    var wantsLiterals: Bool {
        if case .read = state { return true }
        return state == .fetch
    }

    /// The next command; the former one has succeeded.
    mutating func next(_ capabilities: IMAPCapabilities) -> Order {
        switch state {
        case .start:
            guard let message else { return select() }
            state = .append
            let date = CivilTime(unixSeconds: message.mark.seconds).imapDateTime
            return .ask(verb: "APPEND", "APPEND INBOX (\\Seen) \"\(date)\"", literal: message.bytes)
        case .append: return select()
        case .select: return messageCount == nil ? .fail(.malformed, "SELECT: no EXISTS") : find(capabilities)
        case .find(let id, let uids):
            guard !uids.isEmpty else { return lost("not in INBOX", id) }
            return read(id, uids)
        case .read(let id, _, let isShown):
            guard isShown else { return lost("in INBOX, but cannot be read", id) }
            rule.done.insert(id)
            return find(capabilities)
        case .search:
            uids = found.union(uids.subtracting(found).sorted().prefix(Self.batch))
            guard !uids.isEmpty else { return .leave }
            state = .fetch
            return .ask(verb: "FETCH", "UID FETCH \(Self.set(uids)) (UID \(Self.markPart))")
        case .fetch:
            guard !toRemove.isEmpty else { return .leave }
            state = .store
            return .ask(verb: "STORE", "UID STORE \(Self.set(toRemove)) +FLAGS.SILENT (\\Deleted)")
        case .store:
            state = .expunge
            // All there are to remove only where that was asked for: without UIDs, EXPUNGE takes what others have flagged.
            return checks.removal == .all
                ? .ask(verb: "EXPUNGE", "EXPUNGE") : .ask(verb: "EXPUNGE", "UID EXPUNGE \(Self.set(toRemove))")
        case .expunge: return .leave
        }
    }

    /// The server has sent an untagged response, the `*` cut off.
    mutating func received(_ pieces: [IMAPPiece]) {
        guard case .text(let line) = pieces.first else { return }
        let (number, rest) = line.firstWord
        if rest.equals("EXISTS"), let count = UInt32(String(decoding: number, as: UTF8.self)) {
            messageCount = Int(count)
        }
        switch state {
        case .find(let id, _):
            let numbers = IMAPSearch.numbers(line, limit: 5)
            guard !numbers.isEmpty else { return }
            if found.count < 10 { found.formUnion(numbers) }
            state = .find(id: id, uids: numbers)
        case .read(let id, let uids, false):
            guard let message = IMAPFetch(pieces), uids.contains(message.uid),
                MarkReader(message.header).mark?.description == id, message.text?.starts(with: TestMessage.text) == true
            else { return }
            state = .read(id: id, uids: uids, isShown: true)
        case .search: uids.formUnion(IMAPSearch.numbers(line, limit: max(0, 2 * Self.window - uids.count)))
        case .fetch:
            guard let message = IMAPFetch(pieces), uids.contains(message.uid),
                let mark = MarkReader(message.header).mark, rule.removes(mark)
            else { return }
            toRemove.insert(message.uid)
        default: break
        }
    }

    /// Whether the former command was refused only since others have removed messages: what is left is gone on with.
    func goesOn(after code: ArraySlice<UInt8>?) -> Bool {
        guard code?.firstWord.word.equals("EXPUNGEISSUED") == true else { return false }
        switch state {
        case .read, .fetch, .store, .expunge: return true
        case .start, .append, .select, .find, .search: return false
        }
    }

    /// Goes over to the removal after the former command has failed, where that may mend it: a mailbox that is over its
    /// quota takes no message before its old ones are gone. False when there is nothing to go over to.
    mutating func cleansUp() -> Bool {
        guard checks.selects, checks.removal != .no else { return false }
        switch state {
        case .append: break
        case .find, .read: state = .select
        case .start, .select, .search, .fetch, .store, .expunge: return false
        }
        toFind = []
        return true
    }

    private mutating func select() -> Order {
        guard checks.selects else { return .leave }
        state = .select
        return .ask(verb: "SELECT", "SELECT INBOX")
    }

    private mutating func find(_ capabilities: IMAPCapabilities) -> Order {
        guard let id = toFind.first else { return remove(capabilities) }
        toFind.removeFirst()
        let count = messageCount ?? 0
        // Nothing can be in an empty mailbox, and not every server takes a search there.
        guard count > 0 else { return lost("not in INBOX", id) }
        state = .find(id: id, uids: [])
        // What has just been written is among the newest.
        let range = count > Self.window ? "\(count - Self.window + 1):* " : ""
        let quoted = String(decoding: IMAPString.quotedContent(id.utf8), as: UTF8.self)
        return .ask(verb: "SEARCH", "UID SEARCH \(range)HEADER \(MessageMark.field) \"\(quoted)\"")
    }

    /// That a server finds a message, and knows its header, may come from an index: only its text shows that it is there.
    private mutating func read(_ id: String, _ uids: [UInt32]) -> Order {
        state = .read(id: id, uids: uids, isShown: false)
        let parts = "\(Self.markPart) BODY.PEEK[TEXT]<0.\(Self.literalLimit)>"
        return .ask(verb: "FETCH", "UID FETCH \(Self.set(Set(uids))) (UID \(parts))")
    }

    private func lost(_ how: String, _ id: String) -> Order {
        let way = id == message?.mark.description ? "appended" : "delivered"
        return .fail(.messageLost, "\(how): the message that was \(way) as \(id)")
    }

    private mutating func remove(_ capabilities: IMAPCapabilities) -> Order {
        let count = messageCount ?? 0
        guard checks.removal != .no, count > 0 else { return .leave }
        guard checks.removal == .marked else {
            state = .store
            return .ask(verb: "STORE", "STORE 1:* +FLAGS.SILENT (\\Deleted)")
        }
        guard capabilities.uidPlus else {
            warnings.append(PollWarning(.notRemoved, "the server has no UIDPLUS: test messages stay in INBOX"))
            return .leave
        }
        state = .search
        guard count > Self.window else { return .ask(verb: "SEARCH", "UID SEARCH HEADER \(MessageMark.field) \"\"") }
        let first = 1 + Int(chance % UInt64(count - Self.window + 1))
        let range = "\(first):\(first + Self.window - 1)"
        return .ask(verb: "SEARCH", "UID SEARCH \(range) HEADER \(MessageMark.field) \"\"")
    }

    /// Only so much of each: whoever can send mail to the account chooses how long such a field is.
    private static let markPart = "BODY.PEEK[HEADER.FIELDS (\(MessageMark.field))]<0.\(literalLimit)>"

    /// A set of little more than `batch` numbers, each by itself: a range would name others too.
    private static func set(_ uids: Set<UInt32>) -> String { uids.sorted().map(String.init).joined(separator: ",") }
}
