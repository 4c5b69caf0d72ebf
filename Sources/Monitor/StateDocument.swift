internal import DirectorAdmin
internal import FoundationEssentials
internal import Health
internal import Site

/// The state as JSON. Times are seconds since 1970.
package enum StateDocument {
    /// Why a file cannot be used.
    package struct Unusable: Error {
        /// In one line.
        package let reason: String
    }

    /// What of a file can be used.
    package typealias Contents = (state: MonitorState, damaged: [String])

    fileprivate struct Entry: Decodable {
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
            case accountRejected = "account_rejected"
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
        var accountRejected: Bool?
    }

    fileprivate struct Down: Decodable {
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

    /// The document of a state; `director` is the path of the director-admin socket, `origin` is `Instant.origin` in seconds
    /// since 1970.
    package static func encode(_ state: MonitorState, director: String, origin: Double) -> [UInt8] {
        let addresses = state.remembered.union(state.windows.keys)
        var text = JSONText()
        text.object {
            $0.member("file", kind)
            $0.member("version", currentVersion)
            $0.member("director", director)
            $0.member("backends", startsLine: true) {
                for address in addresses.sorted() {
                    $0.member("\(address)", startsLine: true) { encode(address, state, origin, &$0) }
                }
            }
        }
        return text.bytes + [UInt8(ascii: "\n")]
    }

    private static func encode(_ address: IPAddress, _ state: MonitorState, _ origin: Double, _ text: inout JSONText) {
        func time(_ instant: Instant?) -> Double? { instant.map { origin + $0.seconds } }
        if let intent = state.intents[address] {
            text.member("down") {
                $0.member("at", time(intent.at))
                $0.member("change", intent.change)
            }
        }
        if let raising = state.raising[address] {
            text.member("raised_at", time(raising.raisedAt))
            text.member("up_at", time(raising.upAt))
            text.member("war_hold", raising.warHold?.inSeconds)
            text.member("war_end", time(raising.warEnd))
            text.member("truce_at", time(raising.truceAt))
            text.member("flap_hold", raising.flapHold?.inSeconds)
            if !raising.downs.isEmpty { text.member("downs", raising.downs.map { origin + $0.seconds }) }
        }
        if let window = state.windows[address] {
            text.member("maintenance") { encode(window, origin, &$0) }
        }
        if let memory = state.weights[address] { text.member("weight") { encode(memory, origin, &$0) } }
        if state.rejections.contains(address) { text.member("account_rejected", true) }
        text.member("absent_since", time(state.absences[address]))
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
            if entry.accountRejected == true { state.rejections.insert(address) }
            state.absences[address] = entry.absentSince.map { instant($0, origin) }
        }
        let remembered = state.remembered
        state.absences = state.absences.filter { remembered.contains($0.key) }
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
