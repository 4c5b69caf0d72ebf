internal import Site

/// An account's password in each form in which it goes over the wire, the longest first: it may hold a shorter one.
struct PasswordForms: Sendable {
    fileprivate let forms: [[UInt8]]
    /// What they begin with: few places of a line need a closer look.
    fileprivate let firstBytes: [UInt8]
    /// Whether it is so short that gaps would tell it.
    fileprivate let withholds: Bool

    /// A password of fewer bytes is part of many a word, and gaps in a well-known text would tell it.
    private static let shortestToStrike = 4

    init(_ account: Account?) {
        guard let account, !account.password.secret.isEmpty else {
            forms = []
            firstBytes = []
            withholds = false
            return
        }
        let password = Array(account.password.secret.utf8)
        // A server may leave out the padding, which is not needed to read the rest.
        let encoded = SASL.plain(account).prefix { $0 != UInt8(ascii: "=") }
        forms = [password, IMAPString.quotedContent(password), Array(encoded)].sorted { $0.count > $1.count }
        firstBytes = forms.compactMap(\.first)
        withholds = password.count < Self.shortestToStrike
    }

    /// No form is longer, by a look that costs nothing.
    static func longest(of account: Account?) -> Int {
        guard let account else { return 0 }
        let names = account.username.utf8.count + (account.masterUser?.utf8.count ?? 0)
        return 2 * (names + account.password.secret.utf8.count) + 8
    }
}

/// Strikes an account's password out of a line: some servers repeat the command that they refuse.
struct Redaction {
    /// So much of a line is shown.
    static let shownBytes = 200
    private static let mark = Array("[password]".utf8)
    private static let withheld = Array("[withheld: the password is in it]".utf8)

    private let line: ArraySlice<UInt8>
    /// Where the password stands in the line, in whatever form.
    private let places: [Range<Int>]
    private let withholds: Bool

    /// Looks for the password in the whole line, as its parts may divide it.
    init(_ account: Account?, in line: ArraySlice<UInt8>) { self.init(PasswordForms(account), in: line) }

    /// The same with forms that are at hand. The first `own` bytes are the program's words, and no password is within them.
    init(_ forms: PasswordForms, in line: ArraySlice<UInt8>, sparing own: Int = 0) {
        var places: [Range<Int>] = []
        for index in line.indices where forms.firstBytes.contains(line[index]) {
            guard let form = forms.forms.first(where: { line[index...].starts(with: $0) }) else { continue }
            let place = index..<(index + form.count)
            guard place.upperBound > line.startIndex + own else { continue }
            if let last = places.last, last.upperBound >= index {
                places[places.count - 1] = last.lowerBound..<max(last.upperBound, place.upperBound)
            } else {
                places.append(place)
            }
        }
        self.line = line
        self.places = places
        withholds = forms.withholds
    }

    /// Whether something is a part of the line, at its very place.
    func covers(_ part: ArraySlice<UInt8>) -> Bool {
        part.startIndex >= line.startIndex && part.endIndex <= line.endIndex && line[part.indices] == part
    }

    /// A part of the line as it may be shown.
    func apply(to part: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = part
        for place in places where place.overlaps(part.indices) {
            if withholds { return Self.withheld }
            result += rest.prefix(upTo: max(rest.startIndex, place.lowerBound)) + Self.mark
            rest = rest.suffix(from: min(place.upperBound, part.endIndex))
        }
        return result + rest
    }
}

/// How lines are shown in a transcript. With a very short password hardly anything is: lines that a reader knows, with gaps or
/// without, would tell it.
extension PasswordForms {
    private static let withheld = "[withheld: the password is very short]"
    private static let logins = [
        "LOGIN ", "AUTHENTICATE PLAIN", "AUTHENTICATE \"PLAIN\" ", "AUTH PLAIN", "USER ", "PASS ",
    ].map { Array($0.utf8) }

    /// A line that the server sent, or the beginning of one.
    func shown(_ line: [UInt8], isCut: Bool) -> String {
        if withholds { return Self.withheld }
        // What is behind the shown part is there to find passwords by, and must not move up in a struck one's place.
        let shown = Redaction(self, in: line[...]).apply(to: line.prefix(Redaction.shownBytes))
        guard isCut else { return printable(shown) }
        let text = printable(shown, limit: Redaction.shownBytes - 3)
        return text.hasSuffix("…") ? text : text + "…"
    }

    /// A line that the account logs in by, or a part of it.
    func shownLogin(_ bytes: [UInt8]) -> String {
        let line = bytes.withoutLineEnd
        let own = ownWords(in: line)
        if withholds, own < line.count { return printable(line.prefix(own)) + Self.withheld }
        // A gap in the program's own words would tell what the password is.
        return printable(Redaction(self, in: line, sparing: own).apply(to: line))
    }

    /// How many of the first bytes are IMAP's tag and the command.
    private func ownWords(in line: ArraySlice<UInt8>) -> Int {
        let (tag, behindTag) = line.firstWord
        for (start, words) in [(0, line), (tag.count + 1, behindTag)] {
            if let command = Self.logins.first(where: { words.starts(with: $0) }) { return start + command.count }
        }
        return 0
    }
}
