internal import Site
internal import Transport

/// Warns of certificates that are about to expire. Polls that verify never see one that has.
struct ExpiryWatch: Sendable {
    private static let day = 86_400

    /// How many days before; 0 for never.
    let days: Int
    /// Now, in seconds since 1970.
    let date: Int

    /// A warning where one is due.
    func warning(of certificate: PeerCertificate?) -> PollWarning? {
        guard days > 0, let expiry = certificate?.expiry else { return nil }
        let (left, overflow) = expiry.subtractingReportingOverflow(date)
        guard !overflow, left / Self.day < days else { return nil }
        let day = PeerCertificate.day(expiry)
        guard left > 0 else { return PollWarning(.certificateExpires, "expired on \(day)") }
        let whole = left / Self.day
        return PollWarning(.certificateExpires, "expires on \(day), in \(whole) \(whole == 1 ? "day" : "days")")
    }
}
