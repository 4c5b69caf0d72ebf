import Site

/// What is wrong, or doubtful, between the two files; nothing where one of them could not be used.
///
/// An error means that they cannot be used together.
package func doubts(between settings: Loaded<Settings>, _ accounts: Loaded<Accounts>) -> [Diagnostic] {
    guard case .read(let settings, let settingsFile, _) = settings,
        case .read(let accounts, let accountsFile, _) = accounts
    else { return [] }
    var findings = Findings(file: accountsFile ?? "test accounts")
    for (owner, account) in accounts.entries {
        let position = accounts.positions[owner]
        switch settings.authentication {
        case .sasl where account.masterUser == nil:
            findings.error(
                at: position, key: owner.key, "no masteruser", accepted: "a masteruser in each entry with `auth: sasl`")
        case .plain where account.masterUser != nil:
            findings.warning(at: position, key: owner.key, "masteruser has no effect without `auth: sasl`")
        default: break
        }
    }
    findings.adviseAboutAddresses(settings, accounts)
    var unused: [Diagnostic] = []
    if accounts.isEmpty {
        let file = settingsFile ?? "configuration"
        unused = settings.needingAccounts.map { name in
            Diagnostic(
                .warning, file: file, at: nil, key: name, "has no effect without test accounts, and there are none")
        }
        if !settings.pollsUnknownBackends {
            unused.append(
                Diagnostic(
                    .warning, file: file, at: nil, key: "poll_unknown_backends",
                    "no backend is polled without test accounts, and there are none"))
        }
    }
    return unused + findings.diagnostics
}

extension Accounts {
    /// All entries, the backends' first.
    fileprivate var entries: [(Owner, Account)] {
        map { (Owner.backend($0.address), $0.account) } + (fallback.map { [(.others, $0)] } ?? [])
    }
}

extension Findings {
    /// Where IMAP polls look for what LMTP delivers: both have to be one mailbox, which only the mail system knows.
    fileprivate mutating func adviseAboutAddresses(_ settings: Settings, _ accounts: Accounts) {
        guard settings.polls(.imap), settings.selectsINBOX, settings.polls(.lmtp), settings.pollLMTPDeliver else {
            return
        }
        let differing = accounts.entries.filter { ($0.1.lmtpAddress ?? $0.1.username) != $0.1.username }
        guard let owner = differing.first?.0 else { return }
        let others = differing.count > 1 ? " (and \(differing.count - 1) more)" : ""
        advice(
            at: accounts.positions[owner], key: owner.key,
            "lmtp_address is not username\(others): what is delivered there has to come into the INBOX of that user,"
                + " or each IMAP poll fails with message_lost")
    }
}

extension Settings {
    /// The settings that are on and do nothing for a backend without an account.
    fileprivate var needingAccounts: [String] {
        let all = [
            ("auth", authentication == .sasl),
            ("poll_imap_select", polls(.imap) && pollIMAPSelect),
            ("poll_imap_append", polls(.imap) && pollIMAPAppend),
            ("poll_imap_expunge", polls(.imap) && pollIMAPExpunge != .no),
            ("poll_pop3_stat", polls(.pop3) && pollPOP3Stat),
            ("poll_pop3_delete", polls(.pop3) && pollPOP3Delete != .no),
            ("poll_lmtp_rcpt", polls(.lmtp) && pollLMTPRecipient),
            ("poll_lmtp_deliver", polls(.lmtp) && pollLMTPDeliver),
        ]
        return all.filter(\.1).map(\.0)
    }
}
