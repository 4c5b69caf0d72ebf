/// How a backend that comes back gets its users: its vhosts grow in steps, so that not all of them meet cold caches at once.
package struct SlowStart: Hashable, Sendable {
    /// From its first step, with which it comes up, to its whole weight.
    package var duration: Duration
    /// How many steps there are, the whole weight included; at least two.
    package var steps: Int

    /// Makes the rule.
    package init(duration: Duration, steps: Int) {
        self.duration = duration
        self.steps = max(2, steps)
    }

    /// The weight that a backend comes up with; nil where its own is too small to have steps.
    func first(of target: Int) -> Int? { target > 1 ? weight(1, of: target) : nil }

    /// The next greater step than this weight.
    func next(after vhosts: Int, of target: Int) -> Int {
        let step = (1...count(target)).first { weight($0, of: target) > vhosts }
        return step.map { weight($0, of: target) } ?? target
    }

    /// From one step to the next.
    func pause(of target: Int) -> Duration { duration / max(1, count(target) - 1) }

    /// A weight smaller than the steps has no more steps than can be told apart.
    private func count(_ target: Int) -> Int { max(1, min(steps, target)) }

    /// Strictly rising, from at least 1 to the target.
    private func weight(_ step: Int, of target: Int) -> Int { target * step / count(target) }
}
