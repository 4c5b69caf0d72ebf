/// One value of a YAML file and where it begins.
struct YAMLNode {
    enum Content {
        /// A text; `isPlain` when it stands there without quotes and is no block scalar.
        case scalar(String, isPlain: Bool)
        case mapping([YAMLEntry])
        case sequence([YAMLNode])
        /// Something that has been reported already: nothing more is to be said about it.
        case refused
    }

    let position: Position
    var content: Content
    /// Whether it was read to its end, so that what is missing from it is really missing.
    var isComplete = true

    /// The text of a scalar, whatever YAML would make of it.
    var text: String? {
        guard case .scalar(let text, _) = content else { return nil }
        return text
    }

    var isRefused: Bool {
        guard case .refused = content else { return false }
        return true
    }

    /// Whether nothing stands there at all.
    var isBlank: Bool {
        guard case .scalar("", isPlain: true) = content else { return false }
        return true
    }

    /// Takes back what the end of the text seemed to say, as there was more of it than could be read.
    mutating func cutOff() {
        isComplete = false
        switch content {
        case .mapping(var entries):
            guard !entries.isEmpty else { return }
            entries[entries.count - 1].value.cutOff()
            content = .mapping(entries)
        case .sequence(var items):
            guard !items.isEmpty else { return }
            items[items.count - 1].cutOff()
            content = .sequence(items)
        case .scalar: if isBlank { content = .refused }
        case .refused: break
        }
    }
}

/// One key of a mapping with its value.
struct YAMLEntry {
    let key: YAMLNode
    var value: YAMLNode
}
