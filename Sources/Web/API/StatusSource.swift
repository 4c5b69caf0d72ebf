package import Monitor
package import NIOCore

/// What is known of the monitor, for those who ask by HTTP. Each may be asked on any thread, and answers on any loop.
package protocol StatusSource: Sendable {
    /// The backends of these addresses, all where there are none; `.unchanged` where the client has what it would be given.
    func status(of backends: [String], unless known: EntityTags) -> EventLoopFuture<StatusAnswer>
    /// All that is known of one backend.
    func backend(_ address: String) -> EventLoopFuture<StatusAnswer>
    /// How these backends were, for 100 at most.
    func history(of backends: [String]) -> EventLoopFuture<StatusAnswer>
    /// The latest events, so many at most.
    func events(limit: Int) -> EventLoopFuture<StatusAnswer>
    /// The metrics' text.
    func metrics(in format: MetricsFormat) -> EventLoopFuture<ByteBuffer>
    /// What shows whether the monitor works.
    func vitals() -> EventLoopFuture<Vitals>
}

/// What is answered to those who ask for JSON.
package enum StatusAnswer: Sendable {
    /// This; the tag, a word of printable ASCII without quotes, is another one when the document is.
    case document(ByteBuffer, tag: String? = nil)
    /// The client has it already.
    case unchanged(tag: String)
    /// The director lists no such backend; which, in one line for people.
    case notFound(String)
}

/// The entity tags that a client has (RFC 9110, section 13.1.2).
package struct EntityTags: Hashable, Sendable {
    private let tags: Set<String>

    /// None.
    package init() { tags = [] }

    /// Those of `If-None-Match`; weak and strong ones are the same here. `*` is none of them: what is to be read is read.
    init(_ values: [String]) {
        let all = values.flatMap { $0.split(separator: ",") }.prefix(20).map { tag in
            var tag = tag.trimming(" \t")
            if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
            return tag
        }
        tags = Set(
            all.filter { $0.count > 2 && $0.first == "\"" && $0.last == "\"" }.map { String($0.dropFirst().dropLast()) }
        )
    }

    /// Whether the client has the document of this tag.
    package func contains(_ tag: String) -> Bool { tags.contains(tag) }
}

extension Substring {
    /// Without these characters at both ends.
    func trimming(_ characters: String) -> Substring {
        var text = drop { characters.contains($0) }
        while let last = text.last, characters.contains(last) { text.removeLast() }
        return text
    }
}
