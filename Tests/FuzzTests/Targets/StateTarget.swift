internal import Monitor

/// The file that outlives the monitor: a disk, or a person, may have damaged it.
enum StateTarget {
    private static let origin = 1_700_000_000.5

    static func complaints(_ bytes: [UInt8]) -> [String] {
        guard let (state, _) = try? StateDocument.decode(bytes, isDirector: { $0 == "/run/d" }, origin: origin) else {
            return []
        }
        let again = StateDocument.encode(state, director: "/run/d", origin: origin)
        var complaints = Complaints()
        let read = try? StateDocument.decode(again, isDirector: { $0 == "/run/d" }, origin: origin)
        complaints.unless(
            read?.state == state && read?.damaged == [],
            "not read again as it was written: \(String(decoding: again, as: UTF8.self))")
        return complaints.texts
    }
}
