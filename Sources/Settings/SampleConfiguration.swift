/// A configuration to start from, which is `config.yml.sample` and what `--write-missing-config` writes: every setting with
/// its meaning, and what is better than the original's behaviour turned on.
package func sampleConfiguration() -> String {
    let head = """
        # dovemon's configuration. It belongs at \(Settings.defaultPlaces[0]).
        # docs/configuration.md says more; `dovemon check-config` checks it and prints what is in force.

        """
    return Setting.groups.reduce(into: head) { text, group in
        text += "\n# ===== \(group.title) =====\n"
        for setting in group.settings {
            text += "\n" + yamlComment(setting.comment) + "\(setting.name): \(setting.sampleValue)\n"
        }
    }
}

extension Setting {
    fileprivate var comment: String {
        var text = meaning.prefix(1).uppercased() + meaning.dropFirst()
        if let unit { text += " (\(unit))" }
        text += "."
        if sampleValue != defaultValue { text += " Without this line: \(defaultValue)." }
        return text
    }
}

/// A text as lines of comment of at most 120 columns.
func yamlComment(_ text: String) -> String {
    var lines: [String] = []
    var line = "#"
    for word in text.split(separator: " ") {
        if line.count + 1 + word.count > 120, line != "#" {
            lines.append(line)
            line = "#"
        }
        line += " " + word
    }
    return (lines + [line]).joined(separator: "\n") + "\n"
}
