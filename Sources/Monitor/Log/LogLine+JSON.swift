extension LogLine {
    /// The line as a JSON object with strings alone, in one line: `time`, `level`, `event` and the fields. No longer than `limit`
    /// bytes: the longest values are cut, as half an object is none.
    package func json(at time: LogTime, limit: Int = .max) -> String {
        var values = values(at: time)
        var text = Self.encode(values)
        while text.utf8.count > limit, let longest = values.max(by: { $0.value.utf8.count < $1.value.utf8.count }),
            !longest.value.isEmpty
        {
            let excess = text.utf8.count - limit
            // What is escaped takes up to six bytes, and an excess may be of that kind alone.
            values[longest.key] = String(longest.value.dropLast(max(1, excess / 6)))
            text = Self.encode(values)
        }
        return text
    }

    /// The same as a dictionary.
    package func values(at time: LogTime) -> [String: String] {
        var values = Dictionary(fields.all.map { ($0.name, $0.value) }) { $1 }
        values["time"] = time.iso8601
        values["level"] = level.rawValue
        values["event"] = event
        return values
    }

    private static func encode(_ values: [String: String]) -> String {
        var text = JSONText()
        text.object {
            for (name, value) in values.sorted(by: { $0.key < $1.key }) { $0.member(name, value) }
        }
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
