import Logging

@testable import Monitor

extension LogWriter {
    /// Writes a line of plain words.
    func write(_ level: Logger.Level, _ message: String) { write(LogLine(level, message: message)) }
}
