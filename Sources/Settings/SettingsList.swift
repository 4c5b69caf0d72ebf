/// Every setting with what is accepted, its default and its meaning: what `dovemon check-config --settings` prints, and the
/// summary of dovemon.yml(5).
package func settingsList() -> String {
    Setting.groups.map { group in
        let rows = group.settings.map { "  \($0.name): \($0.accepted)\n      \($0.summary)" }
        return ([group.title] + rows).joined(separator: "\n")
    }.joined(separator: "\n\n")
}

extension Setting {
    /// The meaning, with the unit and the default behind it.
    fileprivate var summary: String { "\(meaning)\(unit.map { " (\($0))" } ?? ""); default: \(defaultValue)" }
}
