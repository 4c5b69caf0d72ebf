/// Text in aligned columns. A column without any content is left out.
struct TextTable {
    enum Colour: String {
        case red = "\u{1B}[31m"
        case yellow = "\u{1B}[33m"
        case green = "\u{1B}[32m"
    }

    struct Cell {
        let text: String
        let colour: Colour?

        init(_ text: String, colour: Colour? = nil) {
            self.text = text
            self.colour = colour
        }
    }

    private let columns: [String]
    private let rightAligned: Set<String>
    private var rows: [(cells: [Cell], below: [String])] = []

    init(columns: [String], rightAligned: Set<String>) {
        self.columns = columns
        self.rightAligned = rightAligned
    }

    /// Adds a row with a cell for each column, and whole lines below it.
    mutating func add(_ cells: [Cell], below: [String] = []) { rows.append((cells, below)) }

    /// The lines, each with its end.
    var text: String {
        let used = columns.indices.filter { index in rows.contains { !$0.cells[index].text.isEmpty } }
        let widths = used.map { index in ([columns[index]] + rows.map { $0.cells[index].text }).map(\.count).max() ?? 0
        }
        let heading = (cells: columns.map { Cell($0) }, below: [String]())
        return ([heading] + rows).reduce("") { text, row in
            let first = line(zip(used, widths).map { (row.cells[$0], columns[$0], $1) })
            return ([first] + row.below).reduce(text) { $0 + $1 + "\n" }
        }
    }

    private func line(_ cells: [(cell: Cell, column: String, width: Int)]) -> String {
        var line = ""
        for (index, (cell, column, width)) in cells.enumerated() {
            let padding = String(repeating: " ", count: max(0, width - cell.text.count))
            let isLast = index == cells.count - 1
            let content = cell.colour.map { "\($0.rawValue)\(cell.text)\u{1B}[0m" } ?? cell.text
            line += rightAligned.contains(column) ? padding + content : content + (isLast ? "" : padding)
            if !isLast { line += "  " }
        }
        return line
    }
}
