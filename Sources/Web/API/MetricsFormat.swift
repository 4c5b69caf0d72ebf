/// In which of its two forms the metrics are told.
package enum MetricsFormat: Hashable, Sendable {
    /// OpenMetrics 1.0.
    case openMetrics
    /// Prometheus' text format 0.0.4.
    case prometheus

    /// The one that the values of `Accept` prefer (RFC 9110, section 12.5.1). Prometheus' where they say nothing of either: it
    /// is what people and scripts can read, too.
    package init(accept values: [String]) {
        let ranges = values.flatMap { $0.split(separator: ",") }.prefix(50).map(MediaRange.init)
        func quality(_ type: String, _ versions: [String]) -> Double {
            let fitting = ranges.filter { $0.type == type && $0.version.map(versions.contains) != false }
            return fitting.map(\.quality).max() ?? 0
        }
        let openMetrics = quality("application/openmetrics-text", ["1.0.0", "1.0"])
        let prometheus = max(
            quality("text/plain", ["0.0.4"]), quality("text/*", []), quality("*/*", []))
        // Of both the same, the newer one: who names it, knows it.
        self = openMetrics > 0 && openMetrics >= prometheus ? .openMetrics : .prometheus
    }

    /// As `Content-Type` has it.
    package var contentType: String {
        switch self {
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        }
    }
}

/// One of the types that a client takes, with what it prefers.
private struct MediaRange {
    let type: String
    var version: String?
    var quality = 1.0

    init(_ text: Substring) {
        let parts = text.split(separator: ";").map { $0.trimming(" \t") }
        type = (parts.first ?? "").lowercased()
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimming(" \t") }
            guard pair.count == 2 else { continue }
            switch pair[0].lowercased() {
            case "version": version = String(pair[1].trimming("\""))
            case "q": quality = Double(pair[1]).flatMap { (0...1).contains($0) ? $0 : nil } ?? 0
            default: break
            }
        }
    }
}
