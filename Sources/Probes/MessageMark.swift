internal import Site

/// What makes one poll's test message different from all others.
struct MessageStamp: Hashable, Sendable {
    /// When the poll began: the wall clock's seconds since 1970.
    var seconds: Int
    /// A number that no other poll has.
    var unique: UInt64
    /// So many seconds a message of this monitor may still be looked for by one of its polls.
    var searchTime: Int

    /// A stamp for a poll that may take so long.
    ///
    /// A message is looked for by the poll that wrote it, or by one that follows it, and another poll of this monitor may
    /// have more time than this one (a grown timeout, `dovemon check` with other settings): so four times its own.
    init(seconds: Int, unique: UInt64, pollTime: Duration) {
        self.seconds = seconds
        self.unique = unique
        searchTime = max(60, 4 * Int(min(pollTime.components.seconds, 1_000_000)))
    }
}

/// The mark of a test message, as its `X-Dovemon-Test` field has it: `host/instance/seconds/number`.
///
/// It says whose the message is, and how old, to whoever comes across it: only messages with a mark are ever removed.
struct MessageMark: Hashable, Sendable, CustomStringConvertible {
    /// The name of the field.
    static let field = "X-Dovemon-Test"

    /// The monitor's host.
    let host: String
    /// Which monitor of that host.
    let instance: String
    /// When it was made: seconds since 1970, at least 0 and of 12 digits at most.
    let seconds: Int
    /// 16 hexadecimal digits.
    let number: String

    /// The mark of the message that a poll with this stamp sends.
    init(_ options: PollOptions, _ stamp: MessageStamp) {
        host = Self.word(options.clientName, limit: 255)
        instance = Self.word(options.instance, limit: 64)
        seconds = min(max(stamp.seconds, 0), 999_999_999_999)
        let digits = String(stamp.unique, radix: 16)
        number = String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Reads a mark; nil for anything that this program cannot have written.
    init?(_ text: some Collection<UInt8>) {
        // The longest there can be: a peer chooses how much there is.
        guard text.count <= 255 + 64 + 12 + 16 + 3 else { return nil }
        let parts = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 4, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Self.isWordByte) }),
            parts[0].count <= 255, parts[1].count <= 64,
            parts[2].count <= 12, parts[2].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            parts[2].count == 1 || parts[2].first != UInt8(ascii: "0"),
            parts[3].count == 16, parts[3].allSatisfy(Self.isHexadecimal)
        else { return nil }
        let words = parts.map { String(decoding: $0, as: UTF8.self) }
        guard let seconds = Int(words[2]) else { return nil }
        host = words[0]
        instance = words[1]
        self.seconds = seconds
        number = words[3]
    }

    /// The id: the field's value.
    var description: String { "\(host)/\(instance)/\(seconds)/\(number)" }

    /// A name as a part of a mark: letters, digits, points and hyphens, a hyphen for anything else.
    private static func word(_ text: String, limit: Int) -> String {
        let bytes = text.utf8.prefix(limit).map { isWordByte($0) ? $0 : UInt8(ascii: "-") }
        return bytes.isEmpty ? "-" : String(decoding: bytes, as: UTF8.self)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

/// Which test messages a poll removes.
///
/// Monitors beside several directors share accounts, and so do the polls of one monitor (two ports, a mailbox that several
/// backends serve): a message goes only when nobody can still be looking for it.
struct RemovalRule: Sendable {
    /// Another monitor's message is left over when it is older than this, in seconds.
    static let foreignAge = 3_600

    private let options: PollOptions
    private let stamp: MessageStamp
    /// The mark of this poll's own message, for its owner and its time. Most polls never ask for it.
    private var own: MessageMark { MessageMark(options, stamp) }
    /// So old are messages of this monitor that none of its polls looks for any more.
    private let ownAge: Int
    /// The messages that this poll itself is done with.
    var done: Set<String> = []

    init(_ options: PollOptions, _ stamp: MessageStamp) {
        self.options = options
        self.stamp = stamp
        // Also where this poll's own settings have nothing looked for: `dovemon check` may have others than the daemon, and
        // is the same monitor.
        ownAge = stamp.searchTime
    }

    /// Whether a message with this mark is to be removed.
    func removes(_ mark: MessageMark) -> Bool {
        if done.contains(mark.description) { return true }
        let own = own
        let age = own.seconds - mark.seconds
        let isOwn = mark.host == own.host && mark.instance == own.instance
        // The own clock may have been wrong and put right since. What another's shows is not to be judged here.
        return isOwn ? abs(age) > ownAge : age > Self.foreignAge
    }
}

/// Looks for a mark among the lines of a message's header.
struct MarkReader: Sendable {
    private var marks: [MessageMark?] = []
    private var isInMark = false
    private var isOver = false

    /// Takes in one line, its end cut off.
    mutating func lineReceived(_ line: ArraySlice<UInt8>) {
        guard !isOver, let first = line.first else {
            // What follows an empty line is the body.
            isOver = true
            return
        }
        if first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") {
            // A mark is never written over two lines.
            if isInMark { marks.append(nil) }
            return
        }
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        isInMark = name.equals("X-DOVEMON-TEST") && name.count < line.count
        guard isInMark, marks.count < 2 else { return }
        let value = line.dropFirst(name.count + 1)
        marks.append(MessageMark(value.first == UInt8(ascii: " ") ? value.dropFirst() : value))
    }

    /// The message's mark; nil when it has none, or one that this program has not written so.
    var mark: MessageMark? { marks.count == 1 ? marks[0] : nil }
}

extension MarkReader {
    /// Looks for it in a whole header.
    init(_ header: ArraySlice<UInt8>) {
        for line in header.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            lineReceived(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
        }
    }
}
