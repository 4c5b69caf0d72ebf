/// Some figures of one thing, in order.
struct Figures {
    let sorted: [Double]

    init(_ figures: some Sequence<Double>) { sorted = figures.sorted() }

    var isEmpty: Bool { sorted.isEmpty }
    var median: Double { quantile(0.5) }
    var least: Double { sorted.first ?? .nan }
    var most: Double { sorted.last ?? .nan }

    /// The smallest figure that so large a share of all does not exceed.
    func quantile(_ share: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        return sorted[min(sorted.count - 1, max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1))]
    }
}

/// The median, and behind it the least and the most.
func spread(_ figures: some Sequence<Double>, digits: Int) -> String {
    let figures = Figures(figures)
    guard !figures.isEmpty else { return "-" }
    return "\(text(figures.median, digits)) (\(text(figures.least, digits))–\(text(figures.most, digits)))"
}

/// A figure with so many digits behind the point.
func text(_ figure: Double, _ digits: Int) -> String {
    guard figure.isFinite else { return "-" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let whole = Int((figure.magnitude * scale).rounded())
    let sign = figure < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let decimals = String(whole % Int(scale))
    return "\(sign)\(whole / Int(scale))." + String(repeating: "0", count: digits - decimals.count) + decimals
}

/// A table in Markdown.
struct Table {
    let columns: [String]
    var rows: [[String]] = []

    init(_ columns: String...) { self.columns = columns }

    mutating func add(_ cells: String...) { add(cells) }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    var markdown: String {
        ([columns, columns.map { _ in "---" }] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
            .joined(separator: "\n")
    }
}
