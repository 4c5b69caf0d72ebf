/// Whether the log is written for people or for programs.
package enum LogFormat: String, Hashable, Sendable, CaseIterable {
    /// `name=value`, with syslog's time and level before it.
    case text
    /// One JSON object a line.
    case json
}
