import Foundation
import TemporaryFiles
import Testing

@testable import Web

/// What is shipped for Prometheus and Grafana.
@Suite struct MonitoringFilesTests {
    /// All names by which a metric can be asked for.
    private static let names = Set(
        MetricFamily.all.flatMap { family in
            family.kind == .histogram
                ? ["_bucket", "_sum", "_count"].map { family.name + $0 } : [family.sampleName]
        })

    private static func metrics(in text: String) -> Set<String> {
        Set(
            text.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")) }.map(String.init)
                .filter { $0.hasPrefix("dovemon_") || $0.hasPrefix("process_") })
    }

    @Test(
        "promtool is content with the alerts, and their tests pass",
        .enabled(if: Promtool.path != nil, "promtool is not installed"))
    func alerts() throws {
        let root = Repository.root
        let check = try Promtool.run(["check", "rules", "\(root)/monitoring/alerts.yml"])
        #expect(check.status == 0, "\(check.output)")
        let test = try Promtool.run(["test", "rules", "\(root)/monitoring/tests.yml"])
        #expect(test.status == 0, "\(test.output)")
    }

    @Test("alerts go by metrics that there are, and each has its test and its line in the manual")
    func alertsAndMetrics() throws {
        let alerts = try Repository.text(of: "monitoring/alerts.yml")
        let used = Self.metrics(in: alerts)
        #expect(used.subtracting(Self.names) == [])
        let names = alerts.split(separator: "\n").compactMap { line in
            line.firstRange(of: "- alert: ").map { String(line[$0.upperBound...]) }
        }
        #expect(names.count > 10 && Set(names).count == names.count)
        let tests = try Repository.text(of: "monitoring/tests.yml")
        let manual = try Repository.text(of: "docs/monitoring.md")
        for name in names {
            #expect(tests.contains("alertname: \(name)\n        exp_alerts:"), "\(name)")
            #expect(manual.contains("\n| `\(name)` | "), "\(name)")
        }
        #expect(manual.ranges(of: "\n| `Dovemon").count == names.count)
    }

    @Test("the dashboard's panels ask for metrics that there are, have places of their own, and say what they show")
    func dashboard() throws {
        let dashboard = try Dashboard()
        #expect(dashboard.title == "dovemon")
        #expect(Set(dashboard.panels.map(\.id)).count == dashboard.panels.count)
        var used: Set<String> = []
        for panel in dashboard.panels where panel.type != "row" {
            #expect(!panel.title.isEmpty && !(panel.targets ?? []).isEmpty, "\(panel.id)")
            for target in panel.targets ?? [] { used.formUnion(Self.metrics(in: target.expr)) }
        }
        #expect(used.subtracting(Self.names) == [])
        #expect(used.count > 14)
        for (index, panel) in dashboard.panels.enumerated() {
            let place = panel.gridPos
            #expect(place.x >= 0 && place.w > 0 && place.x + place.w <= 24, "\(panel.title)")
            for other in dashboard.panels[(index + 1)...].map(\.gridPos) {
                let isApart =
                    place.x + place.w <= other.x || other.x + other.w <= place.x || place.y + place.h <= other.y
                    || other.y + other.h <= place.y
                #expect(isApart, "\(panel.title)")
            }
        }
    }

    @Test(
        "Prometheus can read what the dashboard asks",
        .enabled(if: Promtool.path != nil, "promtool is not installed"))
    func dashboardsQueries() throws {
        var rules = "groups:\n  - name: dashboard\n    rules:\n"
        for (index, expression) in try Dashboard().panels.flatMap({ $0.targets ?? [] }).map(\.expr).enumerated() {
            var query = expression
            for (variable, value) in [
                ("$__rate_interval", "5m"), ("$__range", "6h"), ("$job", "dovemon"), ("$instance", ".*"),
                ("$tag", ".*"),
                ("$phase", ".*"),
            ] { query = query.replacingOccurrences(of: variable, with: value) }
            #expect(!query.contains("$"), "\(query)")
            let text = query.replacingOccurrences(of: "'", with: "''")
            rules += "      - record: panel:query:number\(index)\n        expr: '\(text)'\n"
        }
        let directory = try TemporaryDirectory()
        let file = "\(directory.path)/rules.yml"
        try rules.write(toFile: file, atomically: false, encoding: .utf8)
        let result = try Promtool.run(["check", "rules", file])
        #expect(result.status == 0, "\(result.output)")
    }
}

/// What is looked at of Grafana's model of a dashboard.
private struct Dashboard: Decodable {
    struct Place: Decodable {
        let x, y, w, h: Int
    }
    struct Target: Decodable {
        let expr: String
    }
    struct Panel: Decodable {
        let id: Int
        let type: String
        let title: String
        let gridPos: Place
        let targets: [Target]?
    }
    let title: String
    let panels: [Panel]

    init() throws {
        let text = try Repository.text(of: "monitoring/grafana-dashboard.json")
        self = try JSONDecoder().decode(Dashboard.self, from: Data(text.utf8))
    }
}
