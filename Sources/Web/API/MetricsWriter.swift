internal import NIOCore

/// What a metric family is.
package enum MetricKind: String, Hashable, Sendable {
    /// What goes up and down.
    case gauge
    /// What only grows.
    case counter
    /// How often times were how long.
    case histogram
    /// A constant, told by its labels.
    case info
}

/// A metric family: what stands above its samples.
package struct MetricFamily: Hashable, Sendable {
    /// Its name, without the suffixes that its kind has.
    package let name: String
    /// What it is.
    package let kind: MetricKind
    /// The unit, which is the name's end; nil without one.
    package let unit: String?
    /// What it tells, in one line.
    package let help: String

    init(_ name: String, _ kind: MetricKind, unit: String? = nil, _ help: String) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.help = help
    }

    /// The name under which it is asked for (`_total`, `_info`), a histogram's without its suffixes.
    package var sampleName: String {
        switch kind {
        case .counter: name + "_total"
        case .info: name + "_info"
        case .gauge, .histogram: name
        }
    }
}

/// Writes metrics as text, in either form.
struct MetricsWriter {
    let format: MetricsFormat
    private(set) var text: ByteBuffer

    init(_ format: MetricsFormat, capacity: Int) {
        self.format = format
        text = ByteBufferAllocator().buffer(capacity: capacity)
    }

    /// Begins a family; its samples follow.
    mutating func begin(_ family: MetricFamily) {
        switch format {
        case .openMetrics:
            line("# TYPE \(family.name) \(family.kind.rawValue)")
            if let unit = family.unit { line("# UNIT \(family.name) \(unit)") }
            line("# HELP \(family.name) \(escaped(family.help))")
        case .prometheus:
            line("# HELP \(family.sampleName) \(family.help.replacingBackslashes)")
            line("# TYPE \(family.sampleName) \(family.kind == .info ? "gauge" : family.kind.rawValue)")
        }
    }

    /// A sample; `labels` come from `labels(_:)`.
    mutating func sample(_ family: MetricFamily, _ labels: String = "", _ value: Int) {
        line("\(family.sampleName)\(braced(labels)) \(value)")
    }

    /// A sample.
    mutating func sample(_ family: MetricFamily, _ labels: String = "", _ value: Double) {
        line("\(family.sampleName)\(braced(labels)) \(number(value))")
    }

    /// A histogram: the buckets add up.
    mutating func histogram(
        _ family: MetricFamily, _ labels: String = "", bounds: [Double], counts: [Int], sum: Double
    ) {
        let before = labels.isEmpty ? "" : labels + ","
        var total = 0
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < bounds.count ? number(bounds[index]) : "+Inf"
            line("\(family.name)_bucket{\(before)le=\"\(bound)\"} \(total)")
        }
        line("\(family.name)_sum\(braced(labels)) \(number(sum))")
        line("\(family.name)_count\(braced(labels)) \(total)")
    }

    /// Ends the text.
    mutating func end() { if format == .openMetrics { line("# EOF") } }

    private mutating func line(_ line: String) {
        text.writeString(line)
        text.writeInteger(UInt8(ascii: "\n"))
    }

    private func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

    /// Never with a comma, nor without a fraction, so that OpenMetrics' canonical numbers (`le="1.0"`) come out.
    private func number(_ value: Double) -> String { value.isFinite ? "\(value)" : value.isNaN ? "NaN" : "+Inf" }
}

/// `name="value",…`, the values escaped: they may be foreign.
func labels(_ pairs: KeyValuePairs<String, String>) -> String {
    pairs.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",")
}

/// As both forms have a label's value, and OpenMetrics its help, too.
private func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x5c || $0 == 0x22 || $0 == 0x0a }) else { return text }
    return text.unicodeScalars.reduce(into: "") { escaped, scalar in
        switch scalar {
        case "\\": escaped += "\\\\"
        case "\"": escaped += "\\\""
        case "\n": escaped += "\\n"
        default: escaped.unicodeScalars.append(scalar)
        }
    }
}

extension String {
    /// As the older form has its help, where quotes stay.
    fileprivate var replacingBackslashes: String {
        unicodeScalars.reduce(into: "") { text, scalar in
            if scalar == "\\" { text += "\\\\" } else { text.unicodeScalars.append(scalar) }
        }
    }
}
