import Glibc
import Logging
import Monitor
import Testing

@Suite(.timeLimit(.minutes(1))) struct SyslogTests {
    /// What stands before the text: `<PRI>Mmm dd hh:mm:ss dovemon[PID]: `, as RFC 3164 has it.
    private func text(of message: String) throws -> (priority: Int, text: String) {
        let parts = try #require(
            message.wholeMatch(of: /<(\d+)>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d dovemon\[(\d+)\]: (.*)/), "\(message)")
        #expect(Int(parts.2) == Int(getpid()))
        return (try #require(Int(parts.1)), String(parts.3))
    }

    @Test(
        "A line's priority is eight times its facility and its severity",
        arguments: [
            (Logger.Level.trace, 7), (.debug, 7), (.info, 6), (.notice, 5), (.warning, 4), (.error, 3), (.critical, 2),
        ], [0, 2, 3, 16, 23])
    func priority(level: (level: Logger.Level, severity: Int), facility: Int) throws {
        let directory = try SocketDirectory()
        let receiver = try SyslogReceiver(path: directory.log)
        let writer = LogWriter(syslogPath: directory.log, facility: facility, level: .debug)
        writer.write(level.level, "backend=127.0.1.1 text=\"a b\"")
        let messages = receiver.messages()
        #expect(messages.count == 1)
        let (priority, text) = try text(of: messages.first ?? "")
        #expect(priority == facility * 8 + level.severity)
        #expect(text == "backend=127.0.1.1 text=\"a b\"")
    }

    @Test("A facility that is changed holds from the next line on")
    func configure() throws {
        let directory = try SocketDirectory()
        let receiver = try SyslogReceiver(path: directory.log)
        let writer = LogWriter(syslogPath: directory.log, facility: 2, level: .info)
        writer.write(.notice, "one")
        writer.configure(facility: 17, level: .error)
        writer.write(.notice, "two")
        #expect(try receiver.messages().map { try text(of: $0).priority } == [2 * 8 + 5, 17 * 8 + 5])
        #expect(writer.level == .error)
    }

    @Test("Where programs read the log, each line is an object behind syslog's own words, from the next line on")
    func json() throws {
        let directory = try SocketDirectory()
        let receiver = try SyslogReceiver(path: directory.log)
        let writer = LogWriter(syslogPath: directory.log, facility: 2, level: .info, format: .json)
        writer.write(LogLine(.settingsChanged))
        writer.configure(facility: 2, level: .info, format: .text)
        writer.write(LogLine(.settingsChanged))
        let texts = try receiver.messages().map { try text(of: $0).text }
        #expect(
            texts.first?.hasPrefix(#"{"event":"settings_changed","level":"notice","settings":"reloaded","time":"2"#)
                == true)
        #expect(texts.dropFirst() == ["settings=reloaded"])
    }

    @Test("A monitor's events arrive by their level, changes of state at every level", arguments: 0...3)
    func levels(loglevel: Int) throws {
        let directory = try SocketDirectory()
        let receiver = try SyslogReceiver(path: directory.log)
        let writer = LogWriter(syslogPath: directory.log, facility: 2, level: Logger.Level(loglevel: loglevel))
        let log = MonitorLog(writer)
        log.tell(.settingsChanged)
        log.logger.debug("debug")
        log.logger.info("info")
        log.logger.warning("warning")
        log.logger.error("error")
        let expected = ["settings=reloaded", "debug", "info", "warning", "error"]
        let least = [[0, 2, 3, 4], [0, 3, 4], [0, 4], [0, 1, 2, 3, 4]][loglevel]
        #expect(try receiver.messages().map { try text(of: $0).text } == least.map { expected[$0] })
    }

    @Test("A syslog that does not read stops nobody; once it reads again, it is told how many debug lines it missed")
    func full() throws {
        let directory = try SocketDirectory()
        let receiver = try SyslogReceiver(path: directory.log)
        let writer = LogWriter(syslogPath: directory.log, facility: 2, level: .debug)
        // More than any socket takes: were it to wait, it would wait for ever.
        for number in 0..<5_000 { writer.write(.debug, "line \(number)") }
        let taken = receiver.messages()
        #expect(!taken.isEmpty && taken.count < 5_000)
        #expect(try taken.map { try text(of: $0).text } == (0..<taken.count).map { "line \($0)" })
        writer.write(.info, "after")
        let later = try receiver.messages().map { try text(of: $0) }
        #expect(later.map(\.text) == ["log=lost lines=\(5_000 - taken.count)", "after"])
        #expect(later.map(\.priority) == [2 * 8 + 4, 2 * 8 + 6])
        writer.write(.info, "and on")
        #expect(try receiver.messages().map { try text(of: $0).text } == ["and on"])
    }

    @Test("Room for the news of the loss alone is used for that, and what follows counts as lost again")
    func roomForOne() throws {
        let directory = try SocketDirectory()
        let receiver = try SyslogReceiver(path: directory.log)
        let writer = LogWriter(syslogPath: directory.log, facility: 2, level: .debug)
        for number in 0..<5_000 { writer.write(.debug, "line \(number)") }
        var taken = receiver.datagrams(atMost: 1)
        writer.write(.debug, "after")
        taken += receiver.messages()
        writer.write(.info, "at last")
        taken += receiver.messages()
        // Each line was taken, or counted in some news of a loss.
        let texts = try taken.map { try text(of: $0).text }
        let lost = texts.compactMap { $0.firstMatch(of: /log=lost lines=(\d+)/).flatMap { Int($0.1) } }
        #expect(lost.count == 2)
        #expect(lost.reduce(0, +) + texts.count - lost.count == 5_002)
        #expect(texts.last == "at last")
    }

    @Test("What is no debug line waits for a syslog that does not read, in order and with the time it is of")
    func waits() throws {
        let directory = try SocketDirectory()
        let receiver = try SyslogReceiver(path: directory.log)
        let writer = LogWriter(syslogPath: directory.log, facility: 2, level: .debug)
        for number in 0..<1_000 { writer.write(number.isMultiple(of: 2) ? .error : .debug, "line \(number)") }
        var texts: [String] = []
        repeat { texts += try receiver.messages().map { try text(of: $0).text } } while !writer.retry()
        texts += try receiver.messages().map { try text(of: $0).text }
        let kept = (0..<1_000).filter { $0.isMultiple(of: 2) }.map { "line \($0)" }
        #expect(texts.filter { Int($0.dropFirst(5))?.isMultiple(of: 2) == true } == kept)
        let debug = texts.count - kept.count - 1
        #expect(texts.last == "log=lost lines=\(500 - debug)")
    }

    @Test("No more lines wait than there is room for")
    func fullOfWaiting() throws {
        let directory = try SocketDirectory()
        let receiver = try SyslogReceiver(path: directory.log)
        let writer = LogWriter(syslogPath: directory.log, facility: 2, level: .debug)
        for number in 0..<10_000 { writer.write(.error, "line \(number)") }
        let taken = receiver.messages().count
        var texts: [String] = []
        repeat { texts += try receiver.messages().map { try text(of: $0).text } } while !writer.retry()
        texts += try receiver.messages().map { try text(of: $0).text }
        #expect(texts.count == LogWriter.waitingLimit + 1)
        #expect(texts.last == "log=lost lines=\(10_000 - taken - LogWriter.waitingLimit)")
    }

    @Test(
        "A syslog that is restarted is found again, whether its socket was missing meanwhile or not",
        arguments: [false, true])
    func restarted(isStream: Bool) throws {
        let directory = try SocketDirectory()
        let writer = LogWriter(syslogPath: directory.log, facility: 2, level: .debug)
        var receiver = try SyslogReceiver(path: directory.log, isStream: isStream)
        writer.write(.info, "one")
        #expect(try receiver.messages().map { try text(of: $0).text } == ["one"])
        receiver.stop()
        for number in 0..<3 { writer.write(.debug, "lost \(number)") }
        writer.write(.info, "kept")
        receiver = try SyslogReceiver(path: directory.log, isStream: isStream)
        writer.write(.info, "two")
        #expect(
            try receiver.messages().map { try text(of: $0).text } == ["kept", "log=lost lines=3", "two"])
        // At once in its place: nothing is lost.
        receiver.stop()
        receiver = try SyslogReceiver(path: directory.log, isStream: isStream)
        writer.write(.info, "three")
        #expect(try receiver.messages().map { try text(of: $0).text } == ["three"])
        // And one of the other kind.
        receiver.stop()
        receiver = try SyslogReceiver(path: directory.log, isStream: !isStream)
        writer.write(.info, "four")
        #expect(try receiver.messages().map { try text(of: $0).text } == ["four"])
    }

    @Test("On a stream each message ends with NUL, and a full one loses whole messages only")
    func stream() throws {
        let directory = try SocketDirectory()
        let receiver = try SyslogReceiver(path: directory.log, isStream: true)
        let writer = LogWriter(syslogPath: directory.log, facility: 2, level: .debug)
        let long = String(repeating: "x", count: 500)
        for number in 0..<5_000 { writer.write(.debug, "line \(number) \(long)") }
        let taken = try receiver.messages().map { try text(of: $0).text }
        #expect(!taken.isEmpty && taken.count < 5_000)
        #expect(taken == (0..<taken.count).map { "line \($0) \(long)" })
    }

    @Test("A line that no datagram can hold is lost and counted, and stops nothing")
    func tooLong() throws {
        let directory = try SocketDirectory()
        let receiver = try SyslogReceiver(path: directory.log)
        let writer = LogWriter(syslogPath: directory.log, facility: 2, level: .debug)
        writer.write(.info, "one")
        writer.write(.info, String(repeating: "x", count: 1_000_000))
        writer.write(.info, "two")
        #expect(
            try receiver.messages().map { try text(of: $0).text } == ["one", "log=lost lines=1", "two"])
    }
}
