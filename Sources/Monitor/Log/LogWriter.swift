internal import DequeModule
internal import Glibc
package import Logging
package import Settings
internal import Synchronization

/// Where the log's lines go: syslog's local socket, or standard error or output.
///
/// Never waits for a reader. Of what cannot be taken at once, debug lines are lost, counted, and told as soon as something is
/// taken again; all others wait for that themselves, in order, as long as there is room for them. A syslog that was never there
/// (no `/dev/log`) gives way to standard error.
package final class LogWriter: Sendable {
    private struct Line {
        let line: LogLine
        let time: LogTime
    }

    private struct State: ~Copyable {
        var syslog: SyslogSocket?
        /// Once syslog was there, its absence is a passing one.
        var hasReachedSyslog = false
        var facility: Int
        var level: Logger.Level
        var format: LogFormat
        var waiting: Deque<Line> = []
        var lost = 0 {
            didSet { lostInAll += max(0, lost - oldValue) }
        }
        var lostInAll = 0
    }

    /// Lines that wait at most: a datagram socket takes ten at once (net.unix.max_dgram_qlen), and when thousands of backends
    /// die each has its alert.
    package static let waitingLimit = 4_000
    /// PIPE_BUF, less the end of the line.
    private static let longestLine = 4_095

    private let state: Mutex<State>
    private let tag: String
    private let stream: CInt

    /// Makes a writer.
    ///
    /// - Parameters:
    ///   - syslogPath: syslog's socket; nil to write to `stream`.
    ///   - facility: the facility's code by RFC 5424, section 6.2.1, 0 to 23.
    ///   - level: the least grave level that is written.
    ///   - format: how lines are written.
    ///   - stream: what is written to without a syslog.
    package init(
        syslogPath: String?, facility: Int, level: Logger.Level, format: LogFormat = .text, stream: CInt = STDERR_FILENO
    ) {
        self.stream = stream
        tag = "dovemon[\(getpid())]: "
        state = Mutex(
            State(syslog: syslogPath.map(SyslogSocket.init), facility: facility, level: level, format: format))
    }

    /// The least grave level that is written.
    package var level: Logger.Level { state.withLock { $0.level } }

    /// How many lines found no place so far.
    package var lostLines: Int { state.withLock { $0.lostInAll } }

    /// Puts other settings in force.
    package func configure(facility: Int, level: Logger.Level, format: LogFormat = .text) {
        state.withLock {
            $0.facility = facility
            $0.level = level
            $0.format = format
        }
    }

    /// Puts another syslog socket in force, where it is syslog that is written to.
    package func move(toSyslog path: String) {
        state.withLock { state in
            guard let current = state.syslog, current.path != path else { return }
            state.syslog?.disconnect()
            state.syslog = SyslogSocket(path: path)
            state.hasReachedSyslog = false
        }
    }

    /// Writes one line, or has it wait.
    package func write(_ line: LogLine) {
        let level = line.level
        let line = Line(line: line, time: .now())
        state.withLock { state in
            let delivery = drain(&state) ? deliver(line, &state) : .later
            switch delivery {
            case .taken: break
            case .later where level > .debug && state.waiting.count < Self.waitingLimit: state.waiting.append(line)
            case .later, .never: state.lost += 1
            }
        }
    }

    /// Tries again to write what waits: nobody tells when a busy reader is back. False when there is still something.
    @discardableResult
    package func retry() -> Bool { state.withLock { drain(&$0) } }

    /// Writes what waits, and how much was lost behind it; false when not all of it was taken.
    private func drain(_ state: inout State) -> Bool {
        while let line = state.waiting.first {
            switch deliver(line, &state) {
            case .taken: break
            case .never: state.lost += 1
            case .later: return false
            }
            state.waiting.removeFirst()
        }
        guard state.lost > 0 else { return true }
        var fields = LogFields()
        fields.add("log", "lost")
        fields.add("lines", "\(state.lost)")
        let news = Line(line: LogLine(.warning, "log_lines_lost", fields), time: .now())
        guard deliver(news, &state) == .taken else { return false }
        state.lost = 0
        return true
    }

    private func deliver(_ line: Line, _ state: inout State) -> Delivery {
        let level = line.line.level
        if state.syslog != nil {
            let priority = state.facility * 8 + Int(level.syslogSeverity)
            let text =
                switch state.format {
                case .text: line.line.text
                case .json: line.line.json(at: line.time)
                }
            let delivery = state.syslog?.send("<\(priority)>\(line.time.local("%b %e %H:%M:%S")) \(tag)\(text)")
            if delivery == .taken { state.hasReachedSyslog = true }
            if let delivery, state.hasReachedSyslog { return delivery }
        }
        let text =
            switch state.format {
            case .text: "\(line.time.local("%Y-%m-%dT%H:%M:%S%z")) \(tag)\(level.syslogName): \(line.line.text)"
            case .json: line.line.json(at: line.time, limit: Self.longestLine)
            }
        return writeToStream(text) ? .taken : .later
    }

    /// A pipe whose reader sleeps would stop the daemon: only what fits now is written. Lines are cut at PIPE_BUF, up to
    /// which a pipe that is ready takes a write whole.
    private func writeToStream(_ line: String) -> Bool {
        var ready = pollfd(fd: stream, events: Int16(POLLOUT), revents: 0)
        guard poll(&ready, 1, 0) == 1, ready.revents & Int16(POLLOUT) != 0 else { return false }
        var text = Substring(line)
        while text.utf8.count > Self.longestLine {
            text = text.dropLast(max(1, (text.utf8.count - Self.longestLine) / 4))
        }
        let bytes = Array(text.utf8) + [UInt8(ascii: "\n")]
        return Glibc.write(stream, bytes, bytes.count) == bytes.count
    }
}

extension Logger.Level {
    /// The level that `loglevel` asks for: 0 info, 1 warning, 2 error, 3 and more debug.
    package init(loglevel: Int) {
        switch loglevel {
        case ...0: self = .info
        case 1: self = .warning
        case 2: self = .error
        default: self = .debug
        }
    }

    fileprivate var syslogSeverity: Int32 {
        switch self {
        case .trace, .debug: LOG_DEBUG
        case .info: LOG_INFO
        case .notice: LOG_NOTICE
        case .warning: LOG_WARNING
        case .error: LOG_ERR
        case .critical: LOG_CRIT
        }
    }

    /// The name that logger(1) and syslog.conf(5) use.
    fileprivate var syslogName: String {
        switch self {
        case .trace, .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "err"
        case .critical: "crit"
        }
    }
}
