internal import DirectorAdmin
internal import Site

// What the file says of maintenance windows and of weights.
extension StateDocument {
    struct Window: Codable {
        var by: String
        var reason: String
        var since: Double
        var until: Double
        var drain: Bool

        init(_ window: Maintenance, _ origin: Double) {
            by = window.who
            reason = window.reason
            since = origin + window.since.seconds
            until = origin + window.until.seconds
            drain = window.drains
        }

        var isSane: Bool { [since, until].allSatisfy(StateDocument.times.contains) }

        func window(_ origin: Double) -> Maintenance {
            Maintenance(
                restored: by, reason: reason, since: instant(since, origin), until: instant(until, origin),
                drains: drain)
        }
    }

    struct Weight: Codable {
        var target: Int
        var ours: [Int]
        var asked: Int?
        var drained: Bool
        var steppedAt: Double?

        enum CodingKeys: String, CodingKey {
            case target, ours, asked, drained
            case steppedAt = "stepped_at"
        }

        init(_ memory: WeightMemory, _ origin: Double) {
            target = memory.target
            ours = memory.ours
            asked = memory.asked
            drained = memory.isDrained
            steppedAt = memory.steppedAt.map { origin + $0.seconds }
        }

        /// No other weight is ever restored, or asked for.
        var isSane: Bool {
            let weights = 0...DirectorCommand.largestWeight
            return target > 0 && ([target] + ours + [asked ?? 0]).allSatisfy(weights.contains)
                && ours.count <= WeightMemory.mostOurs && (steppedAt.map(StateDocument.times.contains) ?? true)
        }

        func memory(_ origin: Double) -> WeightMemory {
            WeightMemory(
                target: target, ours: ours, asked: asked, isDrained: drained,
                steppedAt: steppedAt.map { instant($0, origin) })
        }
    }
}
