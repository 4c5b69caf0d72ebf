internal import Site

/// Cuts a program's output into lines for the log, and bounds them: their length, their number, and what is read at all.
struct OutputLines: Sendable {
    /// A longer line is cut.
    static let lineLimit = 500
    /// Further lines are only counted.
    static let countLimit = 50
    /// What comes behind so many bytes is not read: the program is held up, and its time limit ends it.
    static let byteLimit = 1 << 20

    private var line: [UInt8] = []
    private var isInLine = false
    private var count = 0
    private var bytes = 0

    /// How many lines were not given.
    var omitted: Int { max(0, count - Self.countLimit) }

    /// Whether enough has been read.
    var isFull: Bool { bytes >= Self.byteLimit }

    /// Takes what the program wrote; gives the lines that are whole.
    mutating func take(_ chunk: some Collection<UInt8>) -> [String] {
        bytes += chunk.count
        var lines: [String] = []
        for byte in chunk {
            if byte == UInt8(ascii: "\n") {
                if let text = end() { lines.append(text) }
            } else {
                isInLine = true
                // One more than is shown, so that it is seen that it was cut.
                if line.count <= Self.lineLimit { line.append(byte) }
            }
        }
        return lines
    }

    /// The output has ended; gives a last line that has no end.
    mutating func finish() -> String? { isInLine ? end() : nil }

    private mutating func end() -> String? {
        defer {
            line.removeAll(keepingCapacity: true)
            isInLine = false
        }
        guard isInLine else { return nil }
        count += 1
        return count <= Self.countLimit ? printable(line, limit: Self.lineLimit) : nil
    }
}
