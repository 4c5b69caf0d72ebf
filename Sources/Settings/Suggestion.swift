/// The name among `names` that somebody who wrote `word` is likely to have meant; nil when none is near.
func suggestion(for word: String, among names: some Sequence<String>) -> String? {
    let written = normalized(word)
    guard (1...64).contains(written.count) else { return nil }
    var best: (name: String, distance: Int)?
    for name in names {
        let wanted = normalized(name)
        // A third of the letters may be wrong, of a short word one.
        let reach = max(1, min(3, wanted.count / 3))
        guard abs(written.count - wanted.count) <= reach else { continue }
        let distance = editDistance(written, wanted)
        if distance <= reach, distance < best?.distance ?? .max { best = (name, distance) }
    }
    return best?.name
}

/// Letters in one case, and `-` for `_`, so that `Poll-IMAP` is nothing but `poll_imap`.
private func normalized(_ word: String) -> [UInt8] {
    word.utf8.prefix(65).map { byte in
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte + 32
        case UInt8(ascii: "-"), UInt8(ascii: " "): UInt8(ascii: "_")
        default: byte
        }
    }
}

/// How many letters have to be put in, left out, changed or swapped with their neighbour (Damerau and Levenshtein, no
/// letter touched twice).
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for (row, letter) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            var cost = min(previous[column + 1] + 1, current[column] + 1, previous[column] + (letter == other ? 0 : 1))
            if row > 0, column > 0, letter == right[column - 1], other == left[row - 1] {
                cost = min(cost, beforePrevious[column - 1] + 1)
            }
            current.append(cost)
        }
        (beforePrevious, previous) = (previous, current)
    }
    return previous[right.count]
}
