internal import DequeModule

/// The latest events, and which of them name which backend: a few of one backend are found without a look at all the others,
/// on the loop that polls.
struct Journal: Sendable {
    private let limit: Int
    private var entries: Deque<Chronicle.Entry> = []
    /// The number of the oldest entry that is kept, counted from the first one that ever was.
    private var first = 0
    /// The numbers of the kept entries that name a backend, the oldest first.
    private var numbers: [String: Deque<Int>] = [:]

    /// An empty one that keeps so many entries.
    init(limit: Int) { self.limit = limit }

    /// How many entries a question for a backend's can come upon.
    func count(of backend: String) -> Int { numbers[backend]?.count ?? 0 }

    /// How many backends are named by the entries that are kept.
    var backendCount: Int { numbers.count }

    /// The latest, of one backend or of all, the oldest first, at most so many.
    func latest(of backend: String?, atMost limit: Int) -> [Chronicle.Entry] {
        guard let backend else { return Array(entries.suffix(limit)) }
        return (numbers[backend] ?? []).suffix(limit).map { entries[$0 - first] }
    }

    /// Keeps one more; the oldest goes where there is no room.
    mutating func append(_ entry: Chronicle.Entry) {
        if entries.count == limit { removeOldest() }
        for backend in entry.line.backends { numbers[backend, default: []].append(first + entries.count) }
        entries.append(entry)
    }

    private mutating func removeOldest() {
        for backend in entries.removeFirst().line.backends {
            numbers[backend]?.removeFirst()
            if numbers[backend]?.isEmpty == true { numbers[backend] = nil }
        }
        first += 1
    }
}

extension LogLine {
    /// The backends that it is about, one alone or several.
    fileprivate var backends: Set<String> {
        var backends: Set<String> = []
        for field in fields.all {
            if field.name == "backend" { backends.insert(field.value) }
            if field.name == "backends" { backends.formUnion(field.value.split(separator: ",").map(String.init)) }
        }
        return backends
    }
}
