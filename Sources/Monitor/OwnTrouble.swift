internal import Site

/// That this machine's own trouble keeps polls from telling anything is news once, and again after five minutes: when it is
/// ill, all polls say the same.
struct OwnTrouble: Sendable {
    private var toldAt: Instant?
    private static let reminder = Duration.seconds(300)

    /// A poll could not tell anything; gives whether people are to hear of it.
    mutating func isNews(at now: Instant) -> Bool {
        if let toldAt, now - toldAt < Self.reminder { return false }
        toldAt = now
        return true
    }
}
