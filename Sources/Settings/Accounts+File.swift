import Glibc
import Site

// Whatever is wrong with a file of accounts, any text in it can be a password that slipped out of place, keys included.
// So a diagnostic quotes nothing of it but addresses and the names of known keys.

extension Accounts {
    /// Where the accounts are when no path is given: the seed's place, then the later manual's.
    package static let defaultPlaces = [
        "/etc/dovecot/dovemon/test.accounts.yml", "/etc/dovecot/dovemon.testaccounts.yml",
    ]

    private static let sizeLimit = FileSizeLimit(
        mebibytes: 16, advice: "80,000 accounts need less: name the file of accounts")

    /// Reads the accounts at `path`, or, without one, at the first of `places` that has a file. No file there is no
    /// mistake: there are no accounts then. It never returns `absent`.
    package static func load(path: String? = nil, places: [String] = defaultPlaces) -> Loaded<Accounts> {
        .load(
            path: path, places: places, limit: sizeLimit,
            absent: { $0.map { .wrong([$0]) } ?? .read(Accounts(), from: nil, warnings: []) },
            doubt: { $0 & 0o006 == 0 ? nil : Self.exposure($0) }, read: read)
    }

    private static func exposure(_ permissions: mode_t) -> String {
        let reach = permissions & 0o004 == 0 ? "write to it" : "read the passwords in it"
        return "every user of this machine can \(reach), close it to others (chmod o=)"
    }

    /// Reads the text of a file of accounts; `file` is what diagnostics call it.
    package static func read(_ bytes: [UInt8], file: String) -> Loaded<Accounts> {
        var findings = Findings(file: file)
        guard let root = YAMLReader.read(bytes, &findings), !root.isBlank, !root.isRefused else {
            return findings.loaded(Accounts())
        }
        guard case .mapping(let entries) = root.content else {
            findings.error(at: root.position, "the file is no list of accounts", accepted: form)
            return findings.loaded(Accounts())
        }
        var accounts: [Owner: Account] = [:]
        var positions: [Owner: Position] = [:]
        for entry in entries {
            guard let key = entry.keyText(&findings) else { continue }
            guard let owner = Owner(key) else {
                findings.error(
                    at: entry.key.position, "not an IP address",
                    accepted: "the backend's address as `doveadm director status` shows it, or default")
                continue
            }
            if let first = positions[owner] {
                let wrong = owner == .others ? "set a second time, first" : "the same address as"
                findings.error(
                    at: entry.key.position, key: key, "\(wrong) in line \(first.line)",
                    accepted: owner == .others ? "one default account" : "one account for an address")
                continue
            }
            positions[owner] = entry.key.position
            if let account = AccountEntry(entry, address: key).account(&findings) { accounts[owner] = account }
        }
        let own = accounts.compactMap { owner, account in owner.address.map { ($0, account) } }
        return findings.loaded(
            Accounts(Dictionary(uniqueKeysWithValues: own), fallback: accounts[.others], positions: positions))
    }

    /// The form of an entry.
    fileprivate static let form = "an address, and indented below it `username: …` and `password: …`"
}

extension Accounts.Owner {
    /// By an entry's key; nil for one that is no address.
    init?(_ key: String) {
        if key == "default" {
            self = .others
        } else if let address = IPAddress(key) {
            self = .backend(address)
        } else {
            return nil
        }
    }

    /// The backend's address.
    var address: IPAddress? {
        guard case .backend(let address) = self else { return nil }
        return address
    }

    /// The entry's key.
    var key: String { address?.description ?? "default" }
}

/// One backend's entry.
private struct AccountEntry {
    private enum Field: String, CaseIterable {
        case username, password
        case masterUser = "masteruser"
        case lmtpAddress = "lmtp_address"
        case serverName = "ssl_server_name"

        static let needed = [username, password]
    }

    private let entry: YAMLEntry
    private let address: String
    private var texts: [Field: String] = [:]
    private var positions: [Field: Position] = [:]

    init(_ entry: YAMLEntry, address: String) {
        self.entry = entry
        self.address = address
    }

    /// The account; nil when something was wrong, which has been reported.
    func account(_ findings: inout Findings) -> Account? {
        guard !entry.value.isRefused else { return nil }
        guard case .mapping(let fields) = entry.value.content else {
            let position = entry.value.isBlank ? entry.key.position : entry.value.position
            findings.error(at: position, key: address, "no account follows", accepted: Accounts.form)
            return nil
        }
        var read = self
        for field in fields { read.read(field, &findings) }
        for field in Field.needed where read.positions[field] == nil && entry.value.isComplete {
            findings.error(
                at: entry.key.position, key: address, "no \(field.rawValue)", accepted: "both username and password")
        }
        guard let username = read.texts[.username], let password = read.texts[.password] else { return nil }
        return Account(
            username: username, password: Password(password), masterUser: read.texts[.masterUser],
            lmtpAddress: read.texts[.lmtpAddress],
            serverName: read.texts[.serverName].flatMap { ServerName(setting: $0) })
    }

    private mutating func read(_ pair: YAMLEntry, _ findings: inout Findings) {
        guard let name = pair.keyText(&findings) else { return }
        guard let field = Field(rawValue: name) else {
            if let meant = suggestion(for: name, among: Field.allCases.map(\.rawValue)) {
                findings.warning(
                    at: pair.key.position, key: address, "unknown key, ignored, did you mean \(meant)?")
            } else {
                let known = Field.allCases.map(\.rawValue).joined(separator: ", ")
                findings.warning(at: pair.key.position, key: address, "unknown key, ignored, known are \(known)")
            }
            return
        }
        if let first = positions[field] {
            findings.error(
                at: pair.key.position, key: name, "set a second time, first in line \(first.line)",
                accepted: "one value")
            return
        }
        positions[field] = pair.key.position
        guard !pair.value.isRefused else { return }
        guard let text = pair.value.text, !pair.value.isBlank else {
            let wrong = pair.value.isBlank ? "no value" : "a list or mapping instead of a text"
            let position = pair.value.isBlank ? pair.key.position : pair.value.position
            findings.error(
                at: position, key: name, wrong, accepted: "a text, in quotes where it has special characters")
            return
        }
        if let wrong = Self.complaint(about: text, as: field) {
            findings.error(at: pair.value.position, key: name, wrong.wrong, accepted: wrong.accepted)
        } else {
            texts[field] = text
        }
    }

    private static func complaint(about text: String, as field: Field) -> (wrong: String, accepted: String)? {
        // By scalars: CR and LF together are one Character, which equals neither.
        if text.unicodeScalars.contains(where: { $0 == "\r" || $0 == "\n" || $0 == "\0" }) {
            return ("a CR, LF or NUL in it", "a text of one line")
        }
        if text.utf8.count > 1_024 { return ("a text of \(text.utf8.count) bytes", "at most 1024 bytes") }
        switch field {
        case .username where text.isEmpty: return ("an empty user name", "the name of a test account")
        case .masterUser where text.isEmpty: return ("an empty user name", "the name of a master user")
        case .lmtpAddress where !isMailAddress(text): return ("no mail address", "such as test@example.com")
        case .serverName where ServerName(setting: text) == nil: return ("no host name", ServerName.accepted)
        default: return nil
        }
    }
}
