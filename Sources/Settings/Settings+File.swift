extension Settings {
    /// Where the configuration is when no path is given: the seed's place, then the later manual's.
    package static let defaultPlaces = ["/etc/dovecot/dovemon/config.yml", "/etc/dovecot/dovemon.config.yml"]

    private static let sizeLimit = FileSizeLimit(mebibytes: 1, advice: "a configuration is a few lines: name that file")

    /// Reads the configuration at `path`, or, without one, at the first of `places` that has a file; it has to obey
    /// `rules`, too.
    package static func load(
        path: String? = nil, places: [String] = defaultPlaces, rules: [SettingsRule] = []
    ) -> Loaded<Settings> {
        let absent = Diagnostic(
            .error, file: places.first ?? "", at: nil,
            "no configuration here\(places.dropFirst().map { " and none at \($0)" }.joined()),"
                + " copy config.yml.sample to it or name a file with --config")
        return .load(
            path: path, places: places, limit: sizeLimit, absent: { .absent($0 ?? absent) },
            read: { read($0, file: $1, rules: rules) })
    }

    /// Where a configuration is to be written, as there is none; nil when there is one, be it good or bad.
    package static func missing(path: String? = nil, places: [String] = defaultPlaces) -> String? {
        guard case .absent = load(path: path, places: places) else { return nil }
        return path ?? places.first
    }

    /// Reads the text of a configuration, which has to obey `rules`, too; `file` is what diagnostics call it.
    package static func read(_ bytes: [UInt8], file: String, rules: [SettingsRule] = []) -> Loaded<Settings> {
        var findings = Findings(file: file)
        var settings = Settings()
        guard let root = YAMLReader.read(bytes, &findings), !root.isBlank, !root.isRefused else {
            return findings.loaded(settings)
        }
        guard case .mapping(let entries) = root.content else {
            findings.error(
                at: root.position, "the file is no list of settings", accepted: "lines such as `interval: 10`")
            return findings.loaded(settings)
        }
        settings.read(entries, isComplete: root.isComplete, SettingsRule.all + rules, &findings)
        return findings.loaded(settings)
    }

    private mutating func read(
        _ entries: [YAMLEntry], isComplete: Bool, _ rules: [SettingsRule], _ findings: inout Findings
    ) {
        let settings = [String: Setting](uniqueKeysWithValues: Setting.table.map { ($0.name, $0) })
        var positions: [String: Position] = [:]
        var wrong: Set<String> = []
        for entry in entries {
            guard let name = entry.keyText(&findings) else { continue }
            if let first = positions[name] {
                findings.error(
                    at: entry.key.position, key: name, "set a second time, first in line \(first.line)",
                    accepted: "one value")
                continue
            }
            positions[name] = entry.key.position
            guard let setting = settings[name] else {
                findings.warning(at: entry.key.position, key: name, Self.unknown(name))
                continue
            }
            guard !entry.value.isRefused else {
                wrong.insert(name)
                continue
            }
            do throws(Complaint) {
                try setting.read(entry.value, &self)
            } catch {
                wrong.insert(name)
                // Nothing has no place of its own that an editor could show.
                let position = entry.value.isBlank ? entry.key.position : error.position
                findings.error(at: position, key: name, error.wrong, accepted: setting.accepted)
            }
        }
        guard isComplete else { return }
        adapt(written: Set(positions.keys))
        for rule in rules where wrong.isDisjoint(with: rule.names) {
            guard let complaint = rule.complaint(self) else { continue }
            let last = rule.names.compactMap { name in positions[name].map { (name, $0) } }.max { $0.1 < $1.1 }
            if let accepted = rule.accepted {
                findings.error(at: last?.1, key: last?.0, complaint, accepted: accepted)
            } else {
                findings.advice(at: last?.1, key: last?.0, complaint)
            }
        }
    }

    /// Fits defaults to what is written: a number that nobody wrote is nobody's mistake.
    private mutating func adapt(written: Set<String>) {
        if rapidRounds > 0, !written.contains("rapid_fails_needed") {
            rapidFailuresNeeded = min(rapidFailuresNeeded, rapidRounds)
        }
    }

    private static func unknown(_ name: String) -> String {
        if let meant = suggestion(for: name, among: Setting.table.map(\.name)) {
            return "unknown setting, ignored, did you mean \(meant)?"
        }
        return "unknown setting, ignored, docs/configuration.md has them all"
    }
}

extension YAMLEntry {
    /// The key's text; nil, with the mistake reported, when it has none.
    func keyText(_ findings: inout Findings) -> String? {
        guard !key.isBlank else {
            findings.error(at: key.position, "nothing before the colon", accepted: "a key")
            return nil
        }
        if key.text == nil, !key.isRefused {
            findings.error(
                at: key.position, "a list or mapping as a key", accepted: "a word; text that begins with [ or { quoted")
        }
        return key.text
    }
}
