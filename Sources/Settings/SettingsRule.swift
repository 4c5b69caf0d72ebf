import Site

/// Something that has to hold between several settings, or that is better known before the daemon starts.
package struct SettingsRule: Sendable {
    /// The settings that it is about: it is not looked at when one of them was wrong in itself.
    let names: [String]
    /// What is accepted; nil for a piece of advice, which keeps nobody from anything.
    var accepted: String?
    /// What is wrong; nil when it holds.
    let complaint: @Sendable (Settings) -> String?

    /// A rule for whoever reads the settings, besides those that always hold.
    package init(
        names: [String], accepted: String? = nil, complaint: @escaping @Sendable (Settings) -> String?
    ) {
        self.names = names
        self.accepted = accepted
        self.complaint = complaint
    }

    /// All of them.
    static let all = mistakes + advice

    private static let mistakes = [
        SettingsRule(
            names: ["poll_imap", "poll_pop3", "poll_lmtp", "poll_sieve", "poll_submission", "poll_ports"],
            accepted: "yes for at least one of poll_imap, poll_pop3, poll_lmtp, poll_sieve, poll_submission,"
                + " or a port in poll_ports",
            complaint: { $0.services.isEmpty ? "nothing is polled" : nil }),
        SettingsRule(
            names: ["rapid_rounds", "rapid_fails_needed"],
            accepted: "a rapid_fails_needed of at most rapid_rounds, or rapid_rounds: 0",
            complaint: { settings in
                let (rounds, needed) = (settings.rapidRounds, settings.rapidFailuresNeeded)
                return rounds > 0 && needed > rounds ? "\(needed) of \(rounds) rapid polls cannot fail" : nil
            }),
    ]

    private static let advice = [
        SettingsRule(
            names: ["poll_imap_expunge"],
            complaint: { settings in
                guard settings.pollIMAPExpunge == .all else { return nil }
                return "each poll removes all mail from the INBOX of its test account, whoever it is for;"
                    + " `yes` removes dovemon's test messages alone"
            }),
        SettingsRule(
            names: ["poll_pop3_delete"],
            complaint: { settings in
                guard settings.pollPOP3Delete == .all else { return nil }
                return "each poll removes all mail of its test account, whoever it is for;"
                    + " `yes` removes dovemon's test messages alone"
            }),
        SettingsRule(
            names: ["poll_imap_append", "poll_imap_expunge", "poll_pop3_delete"],
            complaint: { $0.pollIMAPAppend && !$0.removesMessages ? neverRemoved : nil }),
        SettingsRule(
            names: ["poll_lmtp_deliver", "poll_imap_expunge", "poll_pop3_delete"],
            complaint: { $0.pollLMTPDeliver && !$0.pollIMAPAppend && !$0.removesMessages ? neverRemoved : nil }),
    ]

    private static let neverRemoved =
        "test messages are written and never removed: see poll_imap_expunge and poll_pop3_delete"
}

extension Settings {
    fileprivate var removesMessages: Bool { pollIMAPExpunge != .no || pollPOP3Delete != .no }
}
