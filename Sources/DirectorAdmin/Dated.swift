internal import Site

/// Something at a moment, in the order of moments; of the same one in its own, so that the same calls give the same order.
struct Dated<Value: Hashable & Comparable & Sendable>: Comparable, Sendable {
    let time: Instant
    let value: Value

    static func < (left: Dated, right: Dated) -> Bool { (left.time, left.value) < (right.time, right.value) }
}
