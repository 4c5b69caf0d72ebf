internal import HeapModule
internal import Site

/// What is to happen, and when: the only clock there is. What is due at the same moment happens in the order in which it was
/// put down.
final class Agenda {
    private struct Entry: Comparable {
        let time: Instant
        let order: Int
        let work: () -> Void

        static func < (left: Entry, right: Entry) -> Bool {
            left.time == right.time ? left.order < right.order : left.time < right.time
        }
        static func == (left: Entry, right: Entry) -> Bool { left.order == right.order }
    }

    private(set) var now: Instant
    private var entries = Heap<Entry>()
    private var count = 0
    /// Nothing more happens.
    var isOver = false

    init(from start: Instant) { now = start }

    /// Something happens at this moment, or now, when it is past.
    func at(_ time: Instant, _ work: @escaping () -> Void) {
        count += 1
        entries.insert(Entry(time: max(now, time), order: count, work: work))
    }

    /// Something happens so much later.
    func after(_ delay: Duration, _ work: @escaping () -> Void) { at(now + delay, work) }

    /// Lets time pass.
    func run(until end: Instant) {
        while !isOver, let next = entries.min, next.time <= end {
            entries.removeMin()
            now = next.time
            next.work()
        }
        if !isOver { now = max(now, end) }
    }
}
