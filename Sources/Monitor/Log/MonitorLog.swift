package import Logging

/// The monitor's log: what everybody logs through, and the lines of the monitor's events.
package struct MonitorLog: Sendable {
    private let writer: LogWriter
    /// For words that are no fields.
    package let logger: Logger

    /// A log into `writer`.
    package init(_ writer: LogWriter) {
        self.writer = writer
        logger = Logger(label: "dovemon") { _ in WriterHandler(writer: writer) }
    }

    /// Tells of an event.
    package func tell(_ event: MonitorEvent) {
        // By far the most, and most sites do not log them: no line need be made.
        if case .pollSucceeded = event, writer.level > .debug { return }
        tell(LogLine(event))
    }

    /// Writes a line, unless it is below the level; a change is told at each level.
    package func tell(_ line: LogLine) {
        guard line.isChange || line.level >= writer.level else { return }
        writer.write(line)
    }

    /// Says at every level what somebody should know who has no pool guard.
    package func tellGuardIsOff() { tell(LogLine.guardIsOff) }
}

extension LogLine {
    /// Says what somebody should know who has no pool guard.
    package static var guardIsOff: LogLine {
        var fields = LogFields()
        fields.add("min_healthy", "off")
        fields.add("note", "nothing keeps all backends from being taken down at once: min_healthy: 1 does")
        return LogLine(.warning, isChange: true, "min_healthy_off", fields)
    }
}

/// Hands swift-log's messages to the writer.
private struct WriterHandler: LogHandler {
    let writer: LogWriter
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level {
        get { writer.level }
        // The settings alone decide.
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let message = fields.reduce("\(event.message)") { $0 + " \($1.key)=\($1.value)" }
        writer.write(LogLine(event.level, message: message))
    }
}
