import Site

extension SettingKind where Value == Bool {
    /// A Boolean of YAML 1.1.
    static let yesNo = SettingKind(
        accepted: "yes or no",
        read: { node throws(Complaint) in
            let text = try node.plainText()
            if YAMLBoolean.yes.contains(text) { return true }
            if YAMLBoolean.no.contains(text) { return false }
            throw Complaint(node, "\(quoted(text)) is neither yes nor no")
        },
        write: { $0 ? "yes" : "no" })
}

/// https://yaml.org/type/bool.html
private enum YAMLBoolean {
    static let yes: Set = ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]
    static let no: Set = ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"]
}

extension SettingKind where Value: Equatable & Sendable {
    /// A Boolean of YAML 1.1, or a word for a third case.
    fileprivate static func yesNo(_ yes: Value, _ no: Value, or word: String, _ other: Value) -> SettingKind {
        SettingKind(
            accepted: "yes, no or \(word)",
            read: { node throws(Complaint) in
                if try node.anyText() == word { return other }
                do throws(Complaint) {
                    return try SettingKind<Bool>.yesNo.read(node) ? yes : no
                } catch {
                    throw Complaint(node, "\(quoted(try node.plainText())) is neither yes, no nor \(word)")
                }
            },
            write: { $0 == other ? word : $0 == yes ? "yes" : "no" })
    }
}

extension SettingKind where Value == TLSMode {
    /// How connections are encrypted.
    static let ssl = yesNo(.implicit, .none, or: "starttls", .starttls)
}

extension SettingKind where Value == Removal {
    /// Which messages are removed.
    static let removal = yesNo(.marked, .no, or: "all", .all)
}

extension SettingKind where Value: RawRepresentable<String> & CaseIterable & Sendable {
    /// One of the cases' raw values.
    static var oneOf: Self {
        SettingKind(
            accepted: Value.allCases.map(\.rawValue).joined(separator: ", "),
            read: { node throws(Complaint) in
                let text = try node.anyText()
                if let value = Value(rawValue: text) { return value }
                throw Complaint(node, "\(quoted(text)) is none of the names")
            },
            write: { yamlText($0.rawValue) })
    }
}

extension SettingKind where Value == TLSVersion? {
    /// A version of TLS by its name, or nothing.
    static let version = SettingKind(
        accepted: SettingKind<TLSVersion>.oneOf.accepted,
        read: { node throws(Complaint) in
            if node.isNothing { return nil }
            return try SettingKind<TLSVersion>.oneOf.read(node)
        },
        write: { yamlText($0?.rawValue ?? "") })
}

extension YAMLNode {
    /// The text of a scalar, in quotes or not.
    func anyText() throws(Complaint) -> String {
        switch content {
        case .scalar(let text, let isPlain):
            guard !isPlain || !["", "~", "null", "Null", "NULL"].contains(text) else {
                throw Complaint(self, "no value")
            }
            return text
        case .mapping: throw Complaint(self, "a mapping instead of a value")
        case .sequence: throw Complaint(self, "a list instead of a value")
        // The reader has reported it, and the settings' reader leaves it alone.
        case .refused: throw Complaint(self, "no value")
        }
    }

    /// Whether nothing stands there, in one of the ways to say so.
    var isNothing: Bool {
        guard case .scalar(let text, let isPlain) = content else { return false }
        return text.isEmpty || (isPlain && ["~", "null", "Null", "NULL"].contains(text))
    }

    /// The text of a scalar that YAML would take for something else than text: one without quotes.
    func plainText() throws(Complaint) -> String {
        let text = try anyText()
        guard case .scalar(_, isPlain: true) = content else {
            throw Complaint(self, "\(quoted(text)) is a text, being in quotes or a block")
        }
        return text
    }
}

/// A foreign text for a diagnostic.
func quoted(_ text: String) -> String { "\"\(printable(text, limit: 40))\"" }
