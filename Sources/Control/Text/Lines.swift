/// A line as it fits into so many columns of a terminal; what is cut ends in `…`.
///
/// Colours (ECMA-48, SGR) take no column, and are all kept, so that none goes on behind the line.
package func cut(_ line: Substring, to columns: Int) -> String {
    var text = ""
    var column = 0
    var isColour = false
    for character in line {
        isColour = isColour || character == "\u{1B}"
        if !isColour { column += 1 }
        // The last column is the mark's.
        if isColour || column < columns { text.append(character) } else if column == columns { text.append("…") }
        if character == "m" { isColour = false }
    }
    return column > columns ? text : String(line)
}
