internal import Site

extension SettingKind where Value == Int {
    /// A whole number.
    static func integer(in range: ClosedRange<Int>) -> SettingKind {
        SettingKind(
            accepted: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            read: { node throws(Complaint) in
                let number = try node.decimal()
                guard number.fraction.isEmpty else { throw Complaint(node, "\(quoted(number.text)) is not whole") }
                guard let value = number.whole, range.contains(value) else {
                    throw Complaint(node, "\(quoted(number.text)) is out of range")
                }
                return value
            },
            write: { String($0) })
    }

    /// A TCP port.
    static let port = integer(in: 1...65_535)

    /// A number of days.
    static func days(in range: ClosedRange<Int>) -> SettingKind {
        var kind = integer(in: range)
        kind.unit = "days"
        return kind
    }
}

extension SettingKind where Value == MinHealthy {
    /// A number of backends, or a part of them.
    static let minHealthy = SettingKind(
        accepted: "a whole number from 0 to 100000, or a percentage from 0% to 100%",
        read: { node throws(Complaint) in
            if let text = try? node.plainText(), text.hasSuffix("%") {
                let digits = text.dropLast()
                guard (1...3).contains(digits.count), digits.allSatisfy(isDigit), let percent = Int(digits),
                    percent <= 100
                else { throw Complaint(node, "\(quoted(text)) is no percentage") }
                return .percent(percent)
            }
            return .count(try SettingKind<Int>.integer(in: 0...100_000).read(node))
        },
        write: { value in
            switch value {
            case .count(let count): "\(count)"
            case .percent(let percent): "\(percent)%"
            }
        })
}

extension SettingKind where Value == Int? {
    /// A TCP port that only some protocols have.
    static let port = SettingKind(
        accepted: SettingKind<Int>.port.accepted,
        read: { node throws(Complaint) in try SettingKind<Int>.port.read(node) },
        write: { $0.map { String($0) } ?? "~" })

    /// A number, 0 leaving it to somebody else.
    static func countOrOwn(upTo limit: Int) -> SettingKind {
        let count = SettingKind<Int>.integer(in: 0...limit)
        return SettingKind(
            accepted: count.accepted,
            read: { node throws(Complaint) in
                let value = try count.read(node)
                return value == 0 ? nil : value
            },
            write: { count.write($0 ?? 0) })
    }
}

extension SettingKind where Value == Duration {
    /// A time in seconds, with decimals or without.
    static func seconds(from least: Int = 0, upTo limit: Int) -> SettingKind {
        SettingKind(
            accepted: "a number from \(least) to \(limit), such as \(least == 0 ? "10 or 0.5" : "10 or 2.5")",
            unit: "seconds",
            read: { node throws(Complaint) in
                let number = try node.decimal()
                guard number.fraction.count <= 9 else {
                    throw Complaint(node, "\(quoted(number.text)) has more than nine decimals")
                }
                guard let whole = number.whole, whole <= limit, let nanoseconds = number.billionths else {
                    throw Complaint(node, "\(quoted(number.text)) is out of range")
                }
                let value = Duration.seconds(whole) + .nanoseconds(nanoseconds)
                guard value <= .seconds(limit), value >= .seconds(least), !number.isNegative || value == .zero else {
                    throw Complaint(node, "\(quoted(number.text)) is out of range")
                }
                return value
            },
            write: { inSeconds($0) })
    }
}

extension SettingKind where Value == Duration? {
    /// A time in seconds, or the word that leaves it to `interval`.
    static func secondsOrInterval(upTo limit: Int) -> SettingKind {
        let seconds = SettingKind<Duration>.seconds(upTo: limit)
        return SettingKind(
            accepted: "\(seconds.accepted), or interval",
            unit: seconds.unit,
            read: { node throws(Complaint) in
                if try node.anyText() == "interval" { return nil }
                return try seconds.read(node)
            },
            write: { $0.map(seconds.write) ?? "interval" })
    }
}

/// A duration as an exact decimal number of seconds.
private func inSeconds(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    guard attoseconds != 0 else { return String(seconds) }
    let digits = String(attoseconds / 1_000_000_000)
    var decimals = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    while decimals.hasSuffix("0") { decimals.removeLast() }
    return "\(seconds).\(decimals)"
}

/// A number as the file writes it, in digits.
private struct Decimal {
    let text: String
    let isNegative: Bool
    /// The digits before the point.
    let digits: Substring
    /// The digits behind the point, without zeros at the end.
    let fraction: Substring

    /// The part before the point with its sign; nil when no `Int` holds it.
    var whole: Int? { digits.isEmpty ? 0 : Int((isNegative ? "-" : "") + digits) }

    /// The part behind the point, when it has at most nine digits.
    var billionths: Int64? {
        guard fraction.count <= 9 else { return nil }
        return Int64(fraction + String(repeating: "0", count: 9 - fraction.count))
    }
}

extension YAMLNode {
    /// A number in decimal digits; YAML 1.1's other ways (octal, hexadecimal, base 60, `1_000`, `.inf`) are refused, as
    /// few who write them mean them.
    fileprivate func decimal() throws(Complaint) -> Decimal {
        let text = try plainText()
        var rest = Substring(text)
        let isNegative = rest.first == "-"
        if let sign = rest.first, sign == "-" || sign == "+" { rest = rest.dropFirst() }
        let digits = rest.prefix { isDigit($0) }
        var fraction = rest[digits.endIndex...]
        let hasPoint = fraction.first == "."
        if hasPoint { fraction = fraction.dropFirst() }
        guard fraction.allSatisfy({ isDigit($0) }), hasPoint || fraction.isEmpty, !digits.isEmpty || !fraction.isEmpty
        else { throw Complaint(self, "\(quoted(text)) is not a number") }
        guard digits.count < 2 || digits.first != "0" else {
            throw Complaint(self, "\(quoted(text)) begins with a zero, which makes it octal in YAML 1.1")
        }
        while fraction.last == "0" { fraction = fraction.dropLast() }
        return Decimal(text: text, isNegative: isNegative, digits: digits, fraction: fraction)
    }
}

/// `Character.isNumber` and its kin know many more digits.
private func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) && character.isASCII }
