internal import DequeModule
internal import Glibc
package import Logging
internal import Synchronization

/// Where the log's lines go: syslog's local socket, or standard error or output.
///
/// Never waits for a reader. Of what cannot be taken at once, debug lines are lost, counted, and told as soon as something is
/// taken again; all others wait for that themselves, in order, as long as there is room for them. A syslog that was never there
/// (no `/dev/log`) gives way to standard error.
package final class LogWriter: Sendable {
    private struct Line {
        let level: Logger.Level
        let text: String
        let time: time_t
    }

    private struct State: ~Copyable {
        var syslog: SyslogSocket?
        /// Once syslog was there, its absence is a passing one.
        var hasReachedSyslog = false
        var facility: Int
        var level: Logger.Level
        var waiting: Deque<Line> = []
        var lost = 0
    }

    /// Lines that wait at most: a datagram socket takes ten at once (net.unix.max_dgram_qlen), and when thousands of backends
    /// die each has its alert.
    package static let waitingLimit = 4_000

    private let state: Mutex<State>
    private let tag: String
    private let stream: CInt

    /// Makes a writer.
    ///
    /// - Parameters:
    ///   - syslogPath: syslog's socket; nil to write to `stream`.
    ///   - facility: the facility's code by RFC 5424, section 6.2.1, 0 to 23.
    ///   - level: the least grave level that is written.
    ///   - stream: what is written to without a syslog.
    package init(syslogPath: String?, facility: Int, level: Logger.Level, stream: CInt = STDERR_FILENO) {
        self.stream = stream
        tag = "dovemon[\(getpid())]: "
        state = Mutex(State(syslog: syslogPath.map(SyslogSocket.init), facility: facility, level: level))
    }

    /// The least grave level that is written.
    package var level: Logger.Level { state.withLock { $0.level } }

    /// Puts other settings in force.
    package func configure(facility: Int, level: Logger.Level) {
        state.withLock {
            $0.facility = facility
            $0.level = level
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
    package func write(_ level: Logger.Level, _ text: String) {
        let line = Line(level: level, text: text, time: time(nil))
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
        let news = Line(level: .warning, text: "log=lost lines=\(state.lost)", time: time(nil))
        guard deliver(news, &state) == .taken else { return false }
        state.lost = 0
        return true
    }

    private func deliver(_ line: Line, _ state: inout State) -> Delivery {
        if state.syslog != nil {
            let priority = state.facility * 8 + Int(line.level.syslogSeverity)
            let delivery = state.syslog?.send(
                "<\(priority)>\(timestamp(line.time, "%b %e %H:%M:%S")) \(tag)\(line.text)")
            if delivery == .taken { state.hasReachedSyslog = true }
            if let delivery, state.hasReachedSyslog { return delivery }
        }
        let stamp = timestamp(line.time, "%Y-%m-%dT%H:%M:%S%z")
        return writeToStream("\(stamp) \(tag)\(line.level.syslogName): \(line.text)") ? .taken : .later
    }

    /// A pipe whose reader sleeps would stop the daemon: only what fits now is written. Lines are cut at PIPE_BUF, up to
    /// which a pipe that is ready takes a write whole.
    private func writeToStream(_ line: String) -> Bool {
        var ready = pollfd(fd: stream, events: Int16(POLLOUT), revents: 0)
        guard poll(&ready, 1, 0) == 1, ready.revents & Int16(POLLOUT) != 0 else { return false }
        var text = Substring(line)
        while text.utf8.count > 4095 { text = text.dropLast(max(1, (text.utf8.count - 4095) / 4)) }
        let bytes = Array(text.utf8) + [UInt8(ascii: "\n")]
        return Glibc.write(stream, bytes, bytes.count) == bytes.count
    }

    private func timestamp(_ time: time_t, _ format: String) -> String {
        var time = time
        var local = tm()
        localtime_r(&time, &local)
        var text = [CChar](repeating: 0, count: 64)
        let length = strftime(&text, text.count, format, &local)
        return String(decoding: text.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
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
