/// A value for each of a few keys. They are compared one after the other: the keys are named by enums, and a name's hash takes
/// longer than a look at all of them.
struct Tally<Key: Hashable & Sendable, Value: Hashable & Sendable>: Hashable, Sendable {
    private struct Entry: Hashable, Sendable {
        let key: Key
        var value: Value
    }

    private var entries: [Entry] = []

    /// The value of a key; nil where it has none.
    subscript(key: Key) -> Value? { entries.first { $0.key == key }?.value }

    /// Changes the value of a key, which begins with `value`.
    mutating func change(_ key: Key, from value: @autoclosure () -> Value, by change: (inout Value) -> Void) {
        let place = entries.firstIndex { $0.key == key } ?? entries.count
        if place == entries.count { entries.append(Entry(key: key, value: value())) }
        change(&entries[place].value)
    }

    /// In whatever order they came.
    static func == (left: Tally, right: Tally) -> Bool { Set(left.entries) == Set(right.entries) }

    func hash(into hasher: inout Hasher) { hasher.combine(Set(entries)) }
}
