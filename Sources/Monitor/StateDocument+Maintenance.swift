internal import DirectorAdmin
internal import Site

// What the file says of maintenance windows and of weights.
extension StateDocument {
    static func encode(_ window: Maintenance, _ origin: Double, _ text: inout JSONText) {
        text.member("by", window.who)
        text.member("reason", window.reason)
        text.member("since", origin + window.since.seconds)
        text.member("until", origin + window.until.seconds)
        text.member("drain", window.drains)
    }

    static func encode(_ memory: WeightMemory, _ origin: Double, _ text: inout JSONText) {
        text.member("target", memory.target)
        text.member("ours", memory.ours)
        text.member("asked", memory.asked)
        text.member("drained", memory.isDrained)
        text.member("stepped_at", memory.steppedAt.map { origin + $0.seconds })
    }

    struct Window: Decodable {
        var by: String
        var reason: String
        var since: Double
        var until: Double
        var drain: Bool

        var isSane: Bool { [since, until].allSatisfy(StateDocument.times.contains) }

        func window(_ origin: Double) -> Maintenance {
            Maintenance(
                restored: by, reason: reason, since: instant(since, origin), until: instant(until, origin),
                drains: drain)
        }
    }

    struct Weight: Decodable {
        var target: Int
        var ours: [Int]
        var asked: Int?
        var drained: Bool
        var steppedAt: Double?

        enum CodingKeys: String, CodingKey {
            case target, ours, asked, drained
            case steppedAt = "stepped_at"
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
