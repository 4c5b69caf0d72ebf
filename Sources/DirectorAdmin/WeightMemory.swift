package import Site

/// What is written down of a backend whose weight this monitor has changed, so that neither a restart nor a kill leaves it
/// with a weight that nobody wanted.
package struct WeightMemory: Hashable, Sendable {
    /// So many weights may be in `ours`.
    package static let mostOurs = 32

    /// The weight that it had, and is to have in the end.
    package var target: Int
    /// The weights that are this monitor's work, when a list shows them: what it has asked for and not seen settled since, and
    /// what was before. Any other is an administrator's word.
    package var ours: [Int]
    /// What was last asked for; nil before the first command.
    package var asked: Int?
    /// Whether a maintenance window has taken its users away; otherwise it gets them step by step.
    package var isDrained: Bool
    /// When the last step was taken; nil while it is down.
    package var steppedAt: Instant?

    /// Makes a memory.
    package init(target: Int, ours: [Int], asked: Int? = nil, isDrained: Bool = false, steppedAt: Instant? = nil) {
        self.target = target
        self.ours = ours
        self.asked = asked
        self.isDrained = isDrained
        self.steppedAt = steppedAt
    }

    /// The same as it can be by the clock of now.
    package func clamped(at now: Instant) -> WeightMemory {
        var clamped = self
        clamped.steppedAt = steppedAt.map { min($0, now) }
        return clamped
    }
}

/// What a person has ordered for a backend.
package enum MaintenanceOrder: Hashable, Sendable {
    /// Nothing.
    case none
    /// No commands.
    case handsOff
    /// No commands, but those that take its users away and give it back its weight at the end.
    case drain
}
