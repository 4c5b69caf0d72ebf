internal import Site

/// Strikes an account's password out of a server's line: some repeat the command that they refuse.
struct Redaction {
    private static let mark = Array("[password]".utf8)
    /// A password of fewer bytes is part of many a word, and gaps in a well-known text would tell it.
    private static let shortestToStrike = 4
    private static let withheld = Array("[withheld: the password is in it]".utf8)

    /// Where the password stands in the line, in whatever form.
    private let places: [Range<Int>]
    private let withholds: Bool

    /// Looks for the password in the whole line, as its parts may divide it.
    init(_ account: Account?, in line: ArraySlice<UInt8>) {
        let forms = Self.forms(account)
        var places: [Range<Int>] = []
        for index in line.indices {
            guard let form = forms.first(where: { line[index...].starts(with: $0) }) else { continue }
            let place = index..<(index + form.count)
            if let last = places.last, last.upperBound >= index {
                places[places.count - 1] = last.lowerBound..<max(last.upperBound, place.upperBound)
            } else {
                places.append(place)
            }
        }
        self.places = places
        withholds = (account?.password.secret.utf8.count ?? 0) < Self.shortestToStrike
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

    /// The password in each form in which it goes over the wire, the longest first: it may hold a shorter one.
    private static func forms(_ account: Account?) -> [[UInt8]] {
        guard let account, !account.password.secret.isEmpty else { return [] }
        let password = Array(account.password.secret.utf8)
        // A server may leave out the padding, which is not needed to read the rest.
        let encoded = SASL.plain(account).prefix { $0 != UInt8(ascii: "=") }
        return [password, IMAPString.quotedContent(password), Array(encoded)].sorted { $0.count > $1.count }
    }
}
