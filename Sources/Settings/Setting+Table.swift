extension Setting {
    /// All settings, in the order of the documentation, the sample and `check-config`. A new setting is one row and one
    /// field of `Settings`; the tests then ask for its place in the documentation and in what it becomes.
    package static let table: [Setting] = groups.flatMap(\.settings)

    /// The table under its headings.
    static let groups = [
        SettingGroup(title: "The log", settings: log),
        SettingGroup(title: "The director", settings: director),
        SettingGroup(title: "How often, and when enough is enough", settings: pace),
        SettingGroup(title: "Deciding", settings: deciding),
        SettingGroup(title: "Safety", settings: safety),
        SettingGroup(title: "Test accounts", settings: accounts),
        SettingGroup(title: "IMAP", settings: imap),
        SettingGroup(title: "POP3", settings: pop3),
        SettingGroup(title: "LMTP", settings: lmtp),
        SettingGroup(title: "ManageSieve", settings: sieve),
        SettingGroup(title: "Submission", settings: submission),
        SettingGroup(title: "Other ports", settings: ports),
        SettingGroup(title: "TLS", settings: tls),
        SettingGroup(title: "The page and the metrics", settings: web),
        SettingGroup(title: "The program", settings: program),
    ]
}
