/// What was said in one poll, and when: for people who ask why.
///
/// Safe to be shown: passwords are struck out, foreign characters escaped, long lines cut.
package struct Transcript: Hashable, Sendable {
    /// Something that was said, or done.
    package struct Line: Hashable, Sendable {
        /// Whose line it is.
        package enum Kind: String, Hashable, Sendable {
            /// The monitor said it.
            case sent
            /// The server said it.
            case received
            /// Nobody said it: a connection was made, TLS negotiated, the time was over.
            case event
        }

        /// From the start of the poll.
        package let time: Duration
        /// Whose it is.
        package let kind: Kind
        /// One line.
        package let text: String

        /// Makes a line; `text` has been through `printable`.
        package init(at time: Duration, _ kind: Kind, _ text: String) {
            self.time = time
            self.kind = kind
            self.text = text
        }
    }

    /// How it began.
    package let beginning: ArraySlice<Line>
    /// So many lines are left out behind that.
    package let omitted: Int
    /// How it ended.
    package let end: ArraySlice<Line>

    /// Makes a transcript.
    package init(beginning: ArraySlice<Line>, omitted: Int = 0, end: ArraySlice<Line> = []) {
        self.beginning = beginning
        self.omitted = omitted
        self.end = end
    }

    /// The same with texts of so many bytes at most, but never without the last line: a third goes to the beginning.
    package func limited(to bytes: Int) -> Transcript {
        let all = beginning + end
        guard all.reduce(0, { $0 + $1.text.utf8.count }) > bytes else { return self }
        let head = beginning.prefix(beginning.count(within: bytes / 3))
        let left = bytes - head.reduce(0) { $0 + $1.text.utf8.count }
        let rest = all.dropFirst(head.count)
        let tail = rest.suffix(max(1, rest.reversed()[...].count(within: left)))
        return Transcript(beginning: head, omitted: omitted + rest.count - tail.count, end: tail)
    }
}

extension Collection<Transcript.Line> {
    /// How many of the first lines have so many bytes together.
    fileprivate func count(within bytes: Int) -> Int {
        var left = bytes
        return prefix { line in
            left -= line.text.utf8.count
            return left >= 0
        }.count
    }
}
