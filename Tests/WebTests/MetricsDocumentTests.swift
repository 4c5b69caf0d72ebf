import DirectorAdmin
import Monitor
import NIOCore
import Site
import Testing

@testable import Web

/// The metrics as text.
@Suite struct MetricsDocumentTests {
    static func sample(backends: Int = 2) -> Metrics {
        var metrics = Metrics()
        let imaps = Service(.imap, port: 993, tls: .implicit)
        metrics.backends = (1...backends).map { number in
            Metrics.Backend(
                address: "10.0.\(number / 250).\(number % 250)", tag: number == 2 ? "a\"b\\c\nd" : "", vhosts: 100,
                users: number,
                isUp: number == 2 ? nil : true, isHealthy: number == 2 ? nil : number % 2 == 1,
                isInMaintenance: number == 2,
                certificates: number == 1 ? [Metrics.Certificate(imaps, expiry: 1_893_456_000)] : [])
        }
        metrics.isDirectorConnected = true
        metrics.isRingSynced = false
        metrics.sentinels = 7
        metrics.withheld = ["": 3]
        metrics.logLinesLost = 4
        metrics.statistics.pollEnded(
            imaps,
            PollReport(
                failure: nil,
                phases: [PhaseTime(.connect, .milliseconds(1)), PhaseTime(.login, .milliseconds(30))],
                duration: .milliseconds(31)))
        metrics.statistics.pollEnded(
            imaps,
            PollReport(
                failure: PollFailure(phase: .login, kind: .timeout, text: ""),
                phases: [PhaseTime(.connect, .seconds(40))],
                duration: .seconds(40)))
        metrics.statistics.pollStarted(late: .milliseconds(2))
        metrics.statistics.commandEnded(.hostDown, .other("foreign \"words\""))
        return metrics
    }

    static var process: ProcessFigures {
        var figures = ProcessFigures()
        figures.cpuSeconds = 12.5
        figures.residentBytes = 30_000_000
        figures.virtualBytes = 300_000_000
        figures.openDescriptors = 42
        figures.maximumDescriptors = 1_024
        figures.start = 1_700_000_000.25
        return figures
    }

    private func lines(_ format: MetricsFormat, _ metrics: Metrics = sample()) -> [String] {
        String(buffer: MetricsDocument.text(metrics, Self.process, in: format)).split(separator: "\n").map(String.init)
    }

    @Test("every figure is where it belongs, and foreign text is escaped")
    func samples() {
        for format in [MetricsFormat.openMetrics, .prometheus] {
            let lines = lines(format)
            for line in [
                "dovemon_backend_up{backend=\"10.0.0.1\",tag=\"\"} 1",
                "dovemon_backend_healthy{backend=\"10.0.0.1\",tag=\"\"} 1",
                "dovemon_backend_vhosts{backend=\"10.0.0.2\",tag=\"a\\\"b\\\\c\\nd\"} 100",
                "dovemon_backend_users{backend=\"10.0.0.2\",tag=\"a\\\"b\\\\c\\nd\"} 2",
                "dovemon_backend_maintenance{backend=\"10.0.0.2\",tag=\"a\\\"b\\\\c\\nd\"} 1",
                "dovemon_certificate_expiry_timestamp_seconds{backend=\"10.0.0.1\",tag=\"\",protocol=\"imap\",port=\"993\"}"
                    + " 1893456000",
                "dovemon_director_connected 1", "dovemon_ring_synced 0", "dovemon_sentinels 7",
                "dovemon_guard_withheld{tag=\"\"} 3",
                "dovemon_guard_withheld{tag=\"a\\\"b\\\\c\\nd\"} 0",
                "dovemon_polls_total{protocol=\"imap\",result=\"ok\"} 1",
                "dovemon_polls_total{protocol=\"imap\",result=\"timeout\"} 1",
                "dovemon_polls_total{protocol=\"imap\",result=\"refused\"} 0",
                "dovemon_poll_duration_seconds_bucket{protocol=\"imap\",phase=\"connect\",le=\"0.0005\"} 0",
                "dovemon_poll_duration_seconds_bucket{protocol=\"imap\",phase=\"connect\",le=\"0.001\"} 1",
                "dovemon_poll_duration_seconds_bucket{protocol=\"imap\",phase=\"connect\",le=\"30.0\"} 1",
                "dovemon_poll_duration_seconds_bucket{protocol=\"imap\",phase=\"connect\",le=\"+Inf\"} 2",
                "dovemon_poll_duration_seconds_sum{protocol=\"imap\",phase=\"connect\"} 40.001",
                "dovemon_poll_duration_seconds_count{protocol=\"imap\",phase=\"connect\"} 2",
                "dovemon_commands_total{command=\"HOST-DOWN\",reply=\"other\"} 1",
                "dovemon_commands_total{command=\"HOST-UP\",reply=\"ok\"} 0",
                "dovemon_schedule_lateness_seconds_bucket{le=\"0.001\"} 0",
                "dovemon_schedule_lateness_seconds_bucket{le=\"0.005\"} 1",
                "dovemon_schedule_lateness_seconds_count 1", "dovemon_log_lines_dropped_total 4",
                "process_cpu_seconds_total 12.5", "process_resident_memory_bytes 30000000", "process_open_fds 42",
                "process_max_fds 1024", "process_start_time_seconds 1700000000.25",
            ] { #expect(lines.contains(line), "\(line)") }
            // What is not known is not there.
            #expect(!lines.contains { $0.hasPrefix("dovemon_backend_up{backend=\"10.0.0.2\"") })
            #expect(!lines.contains { $0.hasPrefix("dovemon_backend_healthy{backend=\"10.0.0.2\"") })
            #expect(!lines.contains { $0.contains("protocol=\"pop3\"") })
            #expect(!lines.contains { $0.contains("foreign") })
        }
    }

    @Test("the formats differ where they have to")
    func formats() {
        let open = lines(.openMetrics)
        let old = lines(.prometheus)
        #expect(open.last == "# EOF" && !old.contains("# EOF"))
        #expect(open.contains("# TYPE dovemon_polls counter") && old.contains("# TYPE dovemon_polls_total counter"))
        #expect(open.contains("# TYPE dovemon_build info") && old.contains("# TYPE dovemon_build_info gauge"))
        #expect(
            open.contains("# UNIT dovemon_poll_duration_seconds seconds") && !old.contains { $0.hasPrefix("# UNIT") })
        #expect(open.filter { !$0.hasPrefix("#") } == old.filter { !$0.hasPrefix("#") })
        #expect(open.filter { $0.hasPrefix("# TYPE") }.count == MetricFamily.all.count)
        for unit in MetricFamily.all { #expect(unit.unit.map { unit.name.hasSuffix("_\($0)") } ?? true) }
    }

    @Test("a series is told once, and the samples of a family stand together")
    func noDuplicates() {
        let samples = lines(.openMetrics).filter { !$0.hasPrefix("#") }
        #expect(Set(samples.map { $0.prefix { $0 != " " } }).count == samples.count)
        var names: [String] = []
        for line in lines(.prometheus) where line.hasPrefix("# TYPE") {
            names.append(String(line.split(separator: " ")[2]))
        }
        #expect(names == MetricFamily.all.map(\.sampleName))
    }

    @Test("the manual has the same metrics, with their kinds and meanings")
    func manual() throws {
        let rows = try Repository.text(of: "docs/monitoring.md").split(separator: "\n")
            .filter { $0.hasPrefix("| `dovemon_") || $0.hasPrefix("| `process_") }
            .map { $0.split(separator: "|").map { $0.trimming(" `") } }
        #expect(
            rows.map { [$0[0], $0[1], $0[3]] }
                == MetricFamily.all.map { [Substring($0.sampleName), Substring($0.kind.rawValue), Substring($0.help)] })
        // The labels that the manual names are those that are told.
        let samples = lines(.openMetrics)
        for row in rows {
            let named = Set(row[2].split(whereSeparator: { " ,`".contains($0) }))
            for line in samples where line.hasPrefix("\(row[0]){") || line.hasPrefix("\(row[0])_bucket{") {
                let told = line.drop { $0 != "{" }.ranges(of: "=\"").count
                #expect(told == named.count + (line.contains("_bucket{") ? 1 : 0), "\(line)")
                for name in named { #expect(line.contains("\(name)=\""), "\(line)") }
            }
        }
    }

    @Test(
        "promtool is content with Prometheus' form, the one that it reads",
        .enabled(if: Promtool.path != nil, "promtool is not installed"))
    func promtool() throws {
        let metrics = Self.sample(backends: 300)
        let text = String(buffer: MetricsDocument.text(metrics, Self.process, in: .prometheus))
        let result = try Promtool.run(["check", "metrics"], input: text)
        #expect(result.status == 0 && result.output == "", "\(result.output)")
    }

    @Test("ten thousand backends are some three megabytes")
    func tenThousand() {
        let text = MetricsDocument.text(Self.sample(backends: 10_000), Self.process, in: .openMetrics)
        #expect((1_000_000...4_000_000).contains(text.readableBytes), "\(text.readableBytes)")
    }
}
