import Glibc
import Monitor
import ScriptedPeers
import Testing

/// The log without a syslog. Standard error is the process's own, so each test has one of its own.
@Suite(.timeLimit(.minutes(1))) struct StandardErrorTests {
    @Test("Where no syslog ever was, the lines go to standard error, with the time and the level")
    func neverThere() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let writer = LogWriter(syslogPath: "/nonexistent/log", facility: 2, level: .debug)
            writer.write(.error, "backend=127.0.1.1 state=down")
            writer.write(.info, "and more")
        }
        let lines = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self).split(separator: "\n")
        let time = #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+\-]\d{4} dovemon\[\d+\]: /#
        #expect(lines.allSatisfy { $0.prefixMatch(of: time) != nil }, "\(lines)")
        #expect(lines.map { $0.replacing(time, with: "") } == ["err: backend=127.0.1.1 state=down", "info: and more"])
    }

    @Test("Where standard output is asked for, nothing goes to standard error")
    func standardOutput() async throws {
        let result = await #expect(
            processExitsWith: .success, observing: [\.standardErrorContent, \.standardOutputContent]
        ) {
            LogWriter(syslogPath: nil, facility: 2, level: .debug, stream: STDOUT_FILENO).write(.info, "told")
        }
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        let error = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(output.contains(": info: told\n"))
        #expect(!error.contains("told"))
    }

    @Test("Where programs read the log, a line is an object and nothing else, and never half of one")
    func json() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let writer = LogWriter(syslogPath: nil, facility: 2, level: .debug, format: .json)
            writer.write(.info, String(repeating: "\"", count: 10_000))
        }
        let lines = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 1)
        #expect(
            lines.allSatisfy { $0.utf8.count <= 4_095 && $0.hasPrefix(#"{"event":"message""#) && $0.hasSuffix(#"Z"}"#) }
        )
    }

    @Test("A syslog that appears later is taken, and what it misses then does not go to standard error")
    func appears() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let directory = try SocketDirectory()
            let writer = LogWriter(syslogPath: directory.log, facility: 2, level: .debug)
            writer.write(.info, "one")
            let receiver = try SyslogReceiver(path: directory.log)
            writer.write(.info, "two")
            guard receiver.messages().count == 1 else { throw PeerError("not taken") }
            receiver.stop()
            writer.write(.info, "three")
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.hasSuffix(": info: one\n") && text.count { $0 == "\n" } == 1, "\(text)")
    }

    @Test("A standard error that nobody reads, or nobody holds, stops nobody")
    func fullPipe() async throws {
        await #expect(processExitsWith: .success) {
            var ends: [CInt] = [0, 0]
            guard pipe(&ends) == 0, dup2(ends[1], STDERR_FILENO) >= 0 else { throw PeerError("no pipe") }
            signal(SIGPIPE, SIG_IGN)
            let writer = LogWriter(syslogPath: nil, facility: 2, level: .debug)
            for number in 0..<5_000 { writer.write(.debug, "line \(number)") }
            var space = [UInt8](repeating: 0, count: 1_048_576)
            let count = read(ends[0], &space, space.count)
            let taken = String(decoding: space.prefix(max(0, count)), as: UTF8.self).split(separator: "\n").count
            writer.write(.info, "after")
            let rest = read(ends[0], &space, space.count)
            let text = String(decoding: space.prefix(max(0, rest)), as: UTF8.self)
            guard text.contains("warning: log=lost lines=\(5_000 - taken)\n"), text.hasSuffix("after\n")
            else { throw PeerError(text) }
            close(ends[0])
            writer.write(.info, "to nobody")
        }
    }
}
