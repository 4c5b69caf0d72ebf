internal import DirectorAdmin
package import Monitor
package import NIOCore
internal import Site

/// The metrics as text. Made where it holds nobody up: of 10,000 backends it is some three megabytes.
package enum MetricsDocument {
    /// The answer to `/metrics`, of the text in that format.
    static func response(_ text: ByteBuffer, in format: MetricsFormat) -> Response {
        Response(type: format.contentType, headers: [("vary", "accept")], body: text)
    }

    /// The text; `process` is nil where nothing is known of the process.
    package static func text(
        _ metrics: Metrics, _ process: ProcessFigures?, in format: MetricsFormat
    ) -> ByteBuffer {
        var writer = MetricsWriter(format, capacity: 16_384 + metrics.backends.count * 600)
        writer.begin(MetricFamily.build)
        writer.sample(.build, labels(["version": dovemonVersion, "swift": swiftVersion]), 1)
        writer.backends(metrics.backends)
        writer.director(metrics)
        writer.work(metrics.statistics)
        writer.begin(.logLinesDropped)
        writer.sample(.logLinesDropped, "", metrics.logLinesLost)
        if let process { writer.process(process) }
        writer.end()
        return writer.text
    }
}

/// What built this program, as far as it can know.
#if compiler(>=6.4)
    private let swiftVersion = "6.4"
#elseif compiler(>=6.3)
    private let swiftVersion = "6.3"
#else
    private let swiftVersion = "6.2"
#endif

extension MetricsWriter {
    fileprivate mutating func backends(_ backends: [Metrics.Backend]) {
        let labels = backends.map { Web.labels(["backend": $0.address, "tag": $0.tag]) }
        func isTrue(_ value: Bool?) -> Int? { value.map { $0 ? 1 : 0 } }
        gauges(.backendUp, backends, labels) { isTrue($0.isUp) }
        gauges(.backendHealthy, backends, labels) { isTrue($0.isHealthy) }
        gauges(.backendVhosts, backends, labels) { $0.vhosts }
        gauges(.backendUsers, backends, labels) { $0.users }
        gauges(.backendMaintenance, backends, labels) { isTrue($0.isInMaintenance) }
        begin(.certificateExpiry)
        for backend in backends {
            for certificate in backend.certificates {
                let service = certificate.service
                let labels = Web.labels([
                    "backend": backend.address, "tag": backend.tag, "protocol": service.mailProtocol.rawValue,
                    "port": "\(service.port)",
                ])
                sample(.certificateExpiry, labels, certificate.expiry)
            }
        }
    }

    private mutating func gauges(
        _ family: MetricFamily, _ backends: [Metrics.Backend], _ labels: [String],
        _ value: (Metrics.Backend) -> Int?
    ) {
        begin(family)
        for (backend, labels) in zip(backends, labels) {
            if let value = value(backend) { sample(family, labels, value) }
        }
    }

    fileprivate mutating func director(_ metrics: Metrics) {
        begin(.directorConnected)
        sample(.directorConnected, "", metrics.isDirectorConnected ? 1 : 0)
        begin(.ringSynced)
        if let isSynced = metrics.isRingSynced { sample(.ringSynced, "", isSynced ? 1 : 0) }
        begin(.sentinels)
        if let count = metrics.sentinels { sample(.sentinels, "", count) }
        begin(.guardWithheld)
        // A tag whose backends are all well is there with 0, so that a graph of it has no holes.
        let tags = Set(metrics.backends.map(\.tag)).union(metrics.withheld.keys)
        for tag in tags.sorted() { sample(.guardWithheld, labels(["tag": tag]), metrics.withheld[tag] ?? 0) }
    }

    fileprivate mutating func work(_ statistics: Statistics) {
        begin(.polls)
        // All of a protocol that is polled are there from the first poll on: a rate needs the 0 before the first failure.
        for mailProtocol in MailProtocol.allCases
        where Statistics.PollResult.allCases.contains(where: { statistics.polls(mailProtocol, $0) > 0 }) {
            for result in Statistics.PollResult.allCases {
                sample(
                    .polls, labels(["protocol": mailProtocol.rawValue, "result": result.name]),
                    statistics.polls(mailProtocol, result))
            }
        }
        begin(.pollDuration)
        for mailProtocol in MailProtocol.allCases {
            for phase in Phase.allCases {
                guard let times = statistics.times(mailProtocol, phase) else { continue }
                histogram(
                    .pollDuration, labels(["protocol": mailProtocol.rawValue, "phase": phase.rawValue]), times)
            }
        }
        begin(.commands)
        for verb in DirectorCommand.Verb.allCases {
            for reply in Statistics.Reply.allCases {
                sample(
                    .commands, labels(["command": verb.rawValue, "reply": reply.rawValue]),
                    statistics.commands(verb, reply))
            }
        }
        begin(.scheduleLateness)
        histogram(.scheduleLateness, "", statistics.lateness)
    }

    private mutating func histogram(_ family: MetricFamily, _ labels: String, _ histogram: Histogram) {
        self.histogram(
            family, labels, bounds: histogram.bounds, counts: histogram.counts, sum: histogram.sum.inSeconds)
    }

    fileprivate mutating func process(_ process: ProcessFigures) {
        begin(.processCPU)
        sample(.processCPU, "", process.cpuSeconds)
        begin(.processResident)
        sample(.processResident, "", process.residentBytes)
        begin(.processVirtual)
        sample(.processVirtual, "", process.virtualBytes)
        begin(.processOpenDescriptors)
        sample(.processOpenDescriptors, "", process.openDescriptors)
        begin(.processMaximumDescriptors)
        sample(.processMaximumDescriptors, "", process.maximumDescriptors)
        begin(.processStart)
        sample(.processStart, "", process.start)
    }
}
