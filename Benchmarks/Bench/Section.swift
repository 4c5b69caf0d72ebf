/// What a part of the benchmark has found.
struct Section {
    let text: String
    var targets: [Target] = []
}

/// A figure that is to be reached, and whether it is.
struct Target {
    let figure: String
    let target: String
    let reached: String
    let isMet: Bool

    /// A figure that may be so large at most.
    init(_ figure: String, atMost limit: Double, _ reached: Double, unit: String = "", digits: Int = 2) {
        self.init(
            figure, "at most \(text(limit, limit == limit.rounded() ? 0 : digits))\(unit)",
            reached: text(reached, digits) + unit, isMet: reached <= limit)
    }

    init(_ figure: String, _ target: String, reached: String, isMet: Bool) {
        self.figure = figure
        self.target = target
        self.reached = reached
        self.isMet = isMet
    }
}

extension Sequence<Target> {
    /// All in a table.
    var markdown: String {
        var table = Table("figure", "target", "reached", "")
        for target in self {
            table.add(target.figure, target.target, target.reached, target.isMet ? "met" : "**missed**")
        }
        return table.markdown
    }
}
