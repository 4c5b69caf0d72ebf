internal import Site

extension BackendHealth.GoodRun {
    /// So many of the latest rounds are kept whatever their distance.
    private static let dense = 4
    /// With rounds 100 ms apart these reach back some minutes, with rounds a second apart more than an hour.
    private static let mostKept = 24

    /// The rounds without those that nobody will miss: the longer ago, the further apart are those that are kept, each gap
    /// at most as long as its end is past. So whoever looks for a round before a poll that took long, or had to wait long
    /// for its turn, finds one once the time to look in is as long as that poll.
    static func thinned(_ rounds: [ClosedRange<Instant>]) -> [ClosedRange<Instant>] {
        guard rounds.count > dense, let now = rounds.last?.upperBound else { return rounds }
        var kept = rounds
        for index in stride(from: kept.count - dense, through: 1, by: -1) {
            let newer = kept[index + 1].upperBound
            if newer - kept[index - 1].upperBound <= now - newer { kept.remove(at: index) }
        }
        return Array(kept.suffix(mostKept))
    }
}
