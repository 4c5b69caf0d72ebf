internal import Site

/// Cuts a stream of bytes into lines that end with LF or CR LF, and passes over counted bytes on request.
///
/// Bytes may arrive in any pieces. A line longer than the limit is refused as soon as that much of it has arrived, so that
/// the decoder holds a few times the limit at most.
package struct LineDecoder: Sendable {
    /// What to do next with the bytes at hand.
    package enum Element: Equatable {
        /// A whole line without its end.
        case line(ArraySlice<UInt8>)
        /// More bytes are needed.
        case incomplete
        /// The line is longer than the limit.
        case oversized
    }

    /// The most bytes a line may have, its end not counted.
    package let limit: Int
    private var storage: [UInt8] = []
    private var start = 0
    /// Up to here there is no line end: a peer that sends byte by byte makes no work twice.
    private var scanned = 0
    private var toSkip = 0
    /// So many bytes are the next element, whatever they are.
    private var toRead: Int?

    /// Makes a decoder for lines of at most `limit` bytes.
    package init(limit: Int) { self.limit = limit }

    /// Whether all that was taken in has been given out or passed over, and nothing is yet to be.
    package var isEmpty: Bool { start == storage.count && toSkip == 0 }

    /// Takes in what was read.
    package mutating func append(_ bytes: some Collection<UInt8>) {
        let skipped = min(toSkip, bytes.count)
        toSkip -= skipped
        if start == storage.count {
            storage.removeAll(keepingCapacity: true)
            scanned = 0
            start = 0
        } else if start > limit {
            storage.removeSubrange(..<start)
            scanned -= start
            start = 0
        }
        storage.append(contentsOf: bytes.dropFirst(skipped))
    }

    /// The next line, if it is there.
    package mutating func next() -> Element {
        if let toRead { return next(toRead) }
        guard let end = storage[scanned...].place(of: UInt8(ascii: "\n")) else {
            scanned = storage.count
            return scanned - start > limit + 1 ? .oversized : .incomplete
        }
        let isCR = end > start && storage[end - 1] == UInt8(ascii: "\r")
        let line = storage[start..<(isCR ? end - 1 : end)]
        guard line.count <= limit else { return .oversized }
        start = end + 1
        scanned = start
        return .line(line)
    }

    private mutating func next(_ count: Int) -> Element {
        guard count <= limit else { return .oversized }
        guard storage.count - start >= count else { return .incomplete }
        let bytes = storage[start..<(start + count)]
        start += count
        scanned = start
        toRead = nil
        return .line(bytes)
    }

    /// Gives the next `count` bytes as they are in place of a line; more than the limit are oversized.
    package mutating func read(_ count: Int) { toRead = count }

    /// Passes over the next `count` bytes, those not yet received included.
    package mutating func skip(_ count: Int) {
        let available = min(count, storage.count - start)
        start += available
        scanned = start
        toSkip += count - available
    }
}
