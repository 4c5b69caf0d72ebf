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
            path: path, places: places, limit: sizeLimit, absent: { .read(Accounts(), from: nil, warnings: []) },
            read: read)
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
        var accounts: [IPAddress: Account] = [:]
        var positions: [IPAddress: Position] = [:]
        for entry in entries {
            guard let key = entry.keyText(&findings) else { continue }
            guard let address = IPAddress(key) else {
                findings.error(
                    at: entry.key.position, "not an IP address",
                    accepted: "the backend's address as `doveadm director status` shows it")
                continue
            }
            if let first = positions[address] {
                findings.error(
                    at: entry.key.position, key: key, "the same address as in line \(first.line)",
                    accepted: "one account for an address")
                continue
            }
            positions[address] = entry.key.position
            if let account = AccountEntry(entry, address: key).account(&findings) { accounts[address] = account }
        }
        return findings.loaded(Accounts(accounts))
    }

    /// The form of an entry.
    fileprivate static let form = "an address, and indented below it `username: …` and `password: …`"
}

/// One backend's entry.
private struct AccountEntry {
    private enum Field: String, CaseIterable {
        case username, password
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
        for field in Field.allCases where read.positions[field] == nil && entry.value.isComplete {
            findings.error(
                at: entry.key.position, key: address, "no \(field.rawValue)", accepted: "both username and password")
        }
        guard let username = read.texts[.username], let password = read.texts[.password] else { return nil }
        return Account(username: username, password: Password(password))
    }

    private mutating func read(_ pair: YAMLEntry, _ findings: inout Findings) {
        guard let name = pair.keyText(&findings) else { return }
        guard let field = Field(rawValue: name) else {
            if let meant = suggestion(for: name, among: Field.allCases.map(\.rawValue)) {
                findings.warning(
                    at: pair.key.position, key: address, "unknown key, ignored, did you mean \(meant)?")
            } else {
                findings.warning(
                    at: pair.key.position, key: address, "unknown key, ignored, known are username and password")
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
        if field == .username, text.isEmpty { return ("an empty user name", "the name of a test account") }
        if text.utf8.count > 1_024 { return ("a text of \(text.utf8.count) bytes", "at most 1024 bytes") }
        return nil
    }
}
