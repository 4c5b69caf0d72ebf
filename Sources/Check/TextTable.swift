/// Text in aligned columns. A column without any content is left out.
package struct TextTable {
    /// What a cell is shown in, by its escape sequence (ECMA-48, SGR).
    package enum Colour: String {
        case red = "\u{1B}[31m"
        case yellow = "\u{1B}[33m"
        case green = "\u{1B}[32m"
    }

    /// A cell.
    package struct Cell {
        let text: String
        let colour: Colour?

        /// Makes one.
        package init(_ text: String, colour: Colour? = nil) {
            self.text = text
            self.colour = colour
        }
    }

    /// So much of the last column is worth more than another column.
    private static let leastOfLast = 24

    private let columns: [String]
    private let rightAligned: Set<String>
    private var rows: [(cells: [Cell], below: [String])] = []

    /// A table without rows.
    package init(columns: [String], rightAligned: Set<String>) {
        self.columns = columns
        self.rightAligned = rightAligned
    }

    /// Adds a row with a cell for each column, and whole lines below it.
    package mutating func add(_ cells: [Cell], below: [String] = []) { rows.append((cells, below)) }

    /// The lines, each with its end.
    package var text: String { text(within: nil) }

    /// The same, no wider than a terminal: the columns in `dispensable` go first, in their order, until the last one has
    /// `leastOfLast`; then that one is cut.
    package func text(within limit: Int?, dispensable: [String] = []) -> String {
        var used = columns.indices.filter { index in rows.contains { !$0.cells[index].text.isEmpty } }
        var widths = used.map(width)
        if let limit {
            // One long cell at the end must not cost all the others their place.
            for name in dispensable where total(widths, lastAtMost: Self.leastOfLast) > limit {
                guard let place = used.firstIndex(where: { columns[$0] == name }) else { continue }
                used.remove(at: place)
                widths.remove(at: place)
            }
            if let last = widths.last { widths[widths.count - 1] = max(1, min(last, last - (total(widths) - limit))) }
        }
        let heading = (cells: columns.map { Cell($0) }, below: [String]())
        return ([heading] + rows).reduce("") { text, row in
            let first = line(zip(used, widths).map { (row.cells[$0], columns[$0], $1) })
            return ([first] + row.below).reduce(text) { $0 + $1 + "\n" }
        }
    }

    private func width(of column: Int) -> Int {
        ([columns[column]] + rows.map { $0.cells[column].text }).map(\.count).max() ?? 0
    }

    private func total(_ widths: [Int], lastAtMost most: Int = .max) -> Int {
        widths.dropLast().reduce(min(widths.last ?? 0, most), +) + 2 * max(0, widths.count - 1)
    }

    private func line(_ cells: [(cell: Cell, column: String, width: Int)]) -> String {
        var line = ""
        for (index, (cell, column, width)) in cells.enumerated() {
            let shown = cell.text.count > width ? cell.text.prefix(width - 1) + "…" : cell.text
            let padding = String(repeating: " ", count: max(0, width - shown.count))
            let isLast = index == cells.count - 1
            let content = cell.colour.map { "\($0.rawValue)\(shown)\u{1B}[0m" } ?? shown
            line += rightAligned.contains(column) ? padding + content : content + (isLast ? "" : padding)
            if !isLast { line += "  " }
        }
        return line
    }
}
