package import Logging

/// The monitor's log: what everybody logs through, and the lines of the monitor's events.
package struct MonitorLog: Sendable {
    /// For everything that is told from some level on.
    package let logger: Logger
    /// For changes of state, which are told at every level.
    private let changes: Logger

    /// A log into `writer`.
    package init(_ writer: LogWriter) {
        logger = Logger(label: "dovemon") { _ in WriterHandler(writer: writer, tellsAll: false) }
        changes = Logger(label: "dovemon") { _ in WriterHandler(writer: writer, tellsAll: true) }
    }

    /// Tells of an event.
    package func tell(_ event: MonitorEvent) {
        // By far the most, and most sites do not log them: no line need be made.
        if case .pollSucceeded = event, logger.logLevel > .debug { return }
        tell(LogLine(event))
    }

    /// Writes a line.
    package func tell(_ line: LogLine) {
        (line.isChange ? changes : logger).log(level: line.level, "\(line.text)")
    }

    /// Tells of a change of the program's own state.
    package func tellChange(_ text: String) { changes.notice("\(text)") }
}

/// Hands swift-log's messages to the writer.
private struct WriterHandler: LogHandler {
    let writer: LogWriter
    let tellsAll: Bool
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level {
        get { tellsAll ? .trace : writer.level }
        // The settings alone decide.
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        writer.write(event.level, fields.reduce("\(event.message)") { $0 + " \($1.key)=\($1.value)" })
    }
}
