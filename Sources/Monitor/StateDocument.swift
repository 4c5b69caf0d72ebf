internal import DirectorAdmin
internal import FoundationEssentials
internal import Health
internal import Site

/// The state as JSON. Times are seconds since 1970.
package struct StateDocument: Encodable {
    /// Why a file cannot be used.
    package struct Unusable: Error {
        /// In one line.
        package let reason: String
    }

    /// What of a file can be used.
    package typealias Contents = (state: MonitorState, damaged: [String])

    fileprivate struct Entry: Codable {
        enum CodingKeys: String, CodingKey {
            case down, downs
            case raisedAt = "raised_at"
            case upAt = "up_at"
            case warHold = "war_hold"
            case warEnd = "war_end"
            case truceAt = "truce_at"
            case flapHold = "flap_hold"
            case absentSince = "absent_since"
            case maintenance, weight
        }

        var down: Down?
        var raisedAt: Double?
        var upAt: Double?
        var warHold: Double?
        var warEnd: Double?
        var truceAt: Double?
        var flapHold: Double?
        var downs: [Double]?
        var absentSince: Double?
        var maintenance: StateDocument.Window?
        var weight: StateDocument.Weight?
    }

    fileprivate struct Down: Codable {
        var at: Double
        var change: Int?
    }

    /// An entry, or nil for one that is damaged: the others are as good as they were.
    private struct Readable: Decodable {
        let entry: Entry?

        init(from decoder: any Decoder) { entry = try? Entry(from: decoder) }
    }

    private struct Envelope: Decodable {
        let file: String
        let version: Int
        let director: String
        let backends: [String: Readable]
    }

    private static let currentVersion = 1
    private static let kind = "dovemon state"
    /// What no clock of ours says: JSON may hold any number, and none of them may trap.
    static let times = 0.0...1e10

    /// Longer than any hold.
    fileprivate static let holds = 0.0...86_400

    private var file: String
    private var version: Int
    private var director: String
    private var backends: [String: Entry]

    /// The document of a state; `director` is the path of the director-admin socket, `origin` is `Instant.origin` in seconds
    /// since 1970.
    package static func encode(_ state: MonitorState, director: String, origin: Double) -> [UInt8] {
        var backends: [String: Entry] = [:]
        for (address, intent) in state.intents {
            backends["\(address)", default: Entry()].down = Down(at: origin + intent.at.seconds, change: intent.change)
        }
        for (address, raising) in state.raising {
            var entry = backends["\(address)"] ?? Entry()
            entry.raisedAt = raising.raisedAt.map { origin + $0.seconds }
            entry.upAt = raising.upAt.map { origin + $0.seconds }
            entry.warHold = raising.warHold?.inSeconds
            entry.warEnd = raising.warEnd.map { origin + $0.seconds }
            entry.truceAt = raising.truceAt.map { origin + $0.seconds }
            entry.flapHold = raising.flapHold?.inSeconds
            entry.downs = raising.downs.isEmpty ? nil : raising.downs.map { origin + $0.seconds }
            backends["\(address)"] = entry
        }
        for (address, window) in state.windows {
            backends["\(address)", default: Entry()].maintenance = Window(window, origin)
        }
        for (address, memory) in state.weights {
            backends["\(address)", default: Entry()].weight = Weight(memory, origin)
        }
        for (address, since) in state.absences { backends["\(address)"]?.absentSince = origin + since.seconds }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let document = StateDocument(file: kind, version: currentVersion, director: director, backends: backends)
        // Only a number that is none could fail, and every number here is finite.
        guard let data = try? encoder.encode(document) else { return [] }
        return Array(data) + [UInt8(ascii: "\n")]
    }

    /// The state of a document, which may hold anything, and what it calls the backends whose entries are damaged.
    /// `isDirector` tells whether a path is that of the monitor's director.
    package static func decode(
        _ bytes: [UInt8], isDirector: (String) -> Bool, origin: Double
    ) throws(Unusable) -> Contents {
        guard let document = try? JSONDecoder().decode(Envelope.self, from: Data(bytes)), document.file == kind
        else { throw Unusable(reason: "no state of dovemon's, or damaged") }
        guard document.version == currentVersion else {
            throw Unusable(reason: "written by another version of dovemon (format \(document.version))")
        }
        guard isDirector(document.director) else {
            throw Unusable(reason: "the state of a dovemon at another director (\(printable(document.director)))")
        }
        var state = MonitorState()
        var damaged: [String] = []
        for (text, readable) in document.backends {
            guard let address = IPAddress(text), let entry = readable.entry, entry.isSane else {
                damaged.append(text)
                continue
            }
            if let down = entry.down {
                state.intents[address] = DownIntent(at: instant(down.at, origin), change: down.change)
            }
            let raising = entry.raising(origin)
            state.raising[address] = raising.memory
            state.windows[address] = entry.maintenance?.window(origin)
            state.weights[address] = entry.weight?.memory(origin)
            guard let since = entry.absentSince,
                state.intents[address] != nil || raising.memory != nil || entry.weight != nil
            else { continue }
            state.absences[address] = instant(since, origin)
        }
        return (state, damaged.sorted())
    }

    static func instant(_ time: Double, _ origin: Double) -> Instant {
        .origin + .milliseconds(Int64(((time - origin) * 1000).rounded()))
    }
}

extension StateDocument.Entry {
    fileprivate var isSane: Bool {
        let times = [down?.at, raisedAt, upAt, warEnd, truceAt, absentSince].compactMap { $0 } + (downs ?? [])
        guard maintenance?.isSane ?? true, weight?.isSane ?? true else { return false }
        return times.allSatisfy(StateDocument.times.contains) && (downs ?? []).count <= 1000
            && [warHold, flapHold].compactMap { $0 }.allSatisfy(StateDocument.holds.contains)
    }

    fileprivate func raising(_ origin: Double) -> Raising {
        var raising = Raising()
        raising.raisedAt = raisedAt.map { StateDocument.instant($0, origin) }
        raising.upAt = upAt.map { StateDocument.instant($0, origin) }
        raising.warHold = warHold.map { .milliseconds(Int64(($0 * 1000).rounded())) }
        raising.warEnd = warEnd.map { StateDocument.instant($0, origin) }
        raising.truceAt = truceAt.map { StateDocument.instant($0, origin) }
        raising.flapHold = flapHold.map { .milliseconds(Int64(($0 * 1000).rounded())) }
        raising.downs = (downs ?? []).map { StateDocument.instant($0, origin) }
        return raising
    }
}

extension Instant {
    var seconds: Double { (self - .origin).inSeconds }
}
