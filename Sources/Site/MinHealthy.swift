/// How many healthy backends of a pool have to be left when one is taken down.
package enum MinHealthy: Hashable, Sendable {
    /// So many; 0 for no such rule.
    case count(Int)
    /// This part of the pool's backends that are not under maintenance, from 0 to 100, rounded up.
    case percent(Int)

    /// No such rule.
    package static let off = MinHealthy.count(0)

    /// Whether there is no such rule.
    package var isOff: Bool { self == .count(0) || self == .percent(0) }

    /// How many have to be left of a pool of `size` backends.
    package func needed(of size: Int) -> Int {
        switch self {
        case .count(let count): max(0, count)
        // Percentages are at most 100, and no director lists so many backends that this overflows.
        case .percent(let percent): (max(0, size) * max(0, percent) + 99) / 100
        }
    }
}
