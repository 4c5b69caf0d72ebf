internal import Health
internal import Site

/// The fields of a log line, in the order in which they are set.
package struct LogFields: Hashable, Sendable {
    /// One of them.
    package struct Field: Hashable, Sendable {
        /// Its name, which no other of the line has.
        package let name: String
        /// What it says, as it is.
        package var value: String
    }

    /// All that have a value.
    package private(set) var all: [Field] = []

    /// No fields.
    package init() {}

    /// Fields about a backend.
    package init(_ backend: String) { add("backend", backend) }

    init(_ backend: String, _ service: Service) {
        add("backend", backend)
        add("protocol", service.mailProtocol.rawValue)
        add("port", "\(service.port)")
    }

    /// What each line has as JSON, so that no field may be called so.
    package static let reserved: Set = ["time", "level", "event"]

    /// Adds a field, if it has a value. No other of the line has its name, nor is it one of `reserved`.
    package mutating func add(_ name: String, _ value: String?) {
        assert(!Self.reserved.contains(name), "the JSON of the line would lose \(name)")
        guard let value else { return }
        all.append(Field(name: name, value: value))
    }

    /// All in one line, as `name=value`. A value that a reader could mistake is put in quotes.
    package var text: String {
        var text = ""
        for field in all {
            if !text.isEmpty { text += " " }
            text += field.name + "=" + Self.quoted(field.value)
        }
        return text
    }

    mutating func append(_ failure: PollFailure) {
        add("phase", failure.phase.rawValue)
        add("kind", failure.kind.rawValue)
        add("code", failure.code)
        add("text", failure.text)
    }

    mutating func append(_ fault: Fault) {
        append(fault.streak.latest)
        add("failed", "\(fault.streak.count)")
        add("over", Self.seconds(fault.lasting))
    }

    mutating func append(_ hold: Raising.Hold) {
        switch hold {
        case .notOwn:
            add("held", "policy")
            add("note", "others took it down, and up_policy leaves it to them")
        case .war(let time):
            add("held", "war")
            add("for", Self.seconds(time))
            add(
                "note",
                "it polls well from here, and others took it down: another monitor, or a person, disagrees;"
                    + " `doveadm director up` ends it, vhosts 0 keeps it out")
        case .flapping(let downs, let time):
            add("held", "flapping")
            add("downs", "\(downs)")
            add("for", Self.seconds(time))
            add("note", "HOST-UP waits for so long a time without a failed poll")
        }
    }

    /// A time, to a tenth of a second.
    package static func seconds(_ duration: Duration) -> String { fixed(duration.inSeconds, digits: 1) + "s" }

    /// A time, to a tenth of a millisecond.
    package static func milliseconds(_ duration: Duration) -> String {
        fixed(duration.inMilliseconds, digits: 1) + "ms"
    }

    /// A number with so many decimals; Foundation's formatting would cost more than all the rest.
    static func fixed(_ number: Double, digits: Int) -> String {
        var factor = 1
        for _ in 0..<digits { factor *= 10 }
        guard number.isFinite, abs(number) < 1e12 else { return "\(number)" }
        let scaled = Int64((abs(number) * Double(factor)).rounded())
        let sign = number < 0 && scaled != 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(scaled)" }
        let fraction = String(scaled % Int64(factor))
        return "\(sign)\(scaled / Int64(factor))."
            + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    private static func quoted(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 < 0x7f }
        if isPlain { return value }
        // Scalar by scalar: a quote and a combining character are one Character that is no quote.
        var quoted = "\"".unicodeScalars
        for scalar in value.unicodeScalars {
            if scalar == "\"" { quoted.append("\\") }
            quoted.append(scalar)
        }
        quoted.append("\"")
        return String(quoted)
    }
}
