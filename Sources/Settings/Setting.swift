/// A setting: how it is written in the file, which field of `Settings` it is, and what it means.
///
/// The file's reader, `check-config`, the sample and the tests of the documentation all go by `Setting.table`.
package struct Setting: Sendable {
    /// The key in the file.
    package let name: String
    /// The values that are accepted, as a mistake names them and the documentation says them.
    package let accepted: String
    /// The unit of the value; nil when it has none.
    package let unit: String?
    /// What it does, in one line.
    package let meaning: String
    /// The value in the sample, as YAML: what is better than the original does is off by default, and on there.
    package let sampleValue: String

    /// Puts the file's value into the settings.
    let read: @Sendable (YAMLNode, inout Settings) throws(Complaint) -> Void
    private let write: @Sendable (Settings) -> String

    /// A setting that is the field `field`, and is written as `kind` says; `sample` is its value in the sample where
    /// that is not the default.
    init<Value>(
        _ name: String, _ field: any WritableKeyPath<Settings, Value> & Sendable, _ kind: SettingKind<Value>,
        sample: Value? = nil, _ meaning: String
    ) {
        self.name = name
        self.accepted = kind.accepted
        self.unit = kind.unit
        self.meaning = meaning
        sampleValue = kind.write(sample ?? Settings()[keyPath: field])
        read = { node, settings throws(Complaint) in settings[keyPath: field] = try kind.read(node) }
        write = { settings in kind.write(settings[keyPath: field]) }
    }

    /// The value in force, as YAML.
    package func value(in settings: Settings) -> String { write(settings) }

    /// The value without a line in the file, as YAML.
    package var defaultValue: String { write(Settings()) }
}

/// Settings that belong together.
struct SettingGroup: Sendable {
    let title: String
    let settings: [Setting]
}

/// A way of writing values in the file.
struct SettingKind<Value>: Sendable {
    /// The values that are accepted.
    let accepted: String
    var unit: String?
    let read: @Sendable (YAMLNode) throws(Complaint) -> Value
    /// The value as YAML that `read` reads again.
    let write: @Sendable (Value) -> String
}

/// What is wrong with a value, and where.
struct Complaint: Error {
    let position: Position
    let wrong: String

    init(_ node: YAMLNode, _ wrong: String) {
        position = node.position
        self.wrong = wrong
    }
}
