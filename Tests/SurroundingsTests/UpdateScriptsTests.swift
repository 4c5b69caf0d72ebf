import DirectorAdmin
import Logging
import Monitor
import ServiceLifecycle
import Surroundings
import Synchronization
import Testing

/// The service that runs `beupdatescript`, with real scripts.
@Suite struct UpdateScriptsTests {
    private let scratch: Scratch
    private let log = CollectedLog()

    init() throws { scratch = try Scratch() }

    private func update(_ number: Int, _ state: HostState = .down, tag: String = "") -> BackendUpdate {
        BackendUpdate(backend: "10.0.0.\(number)", state: state, tag: tag)
    }

    /// Runs the service while `body` does, and gives how long it took to stop.
    private func running(
        _ script: String?, timeout: Duration = .seconds(60), _ body: (UpdateScripts) async throws -> Void
    ) async throws -> Duration {
        let scripts = UpdateScripts(.init(path: script, timeout: timeout), tell: log.tell)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: scripts)], logger: Logger(label: "none") { _ in SwiftLogNoOpLogHandler() }))
        let task = Task { try await group.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(scripts)) } catch { result = .failure(error) }
        let start = ContinuousClock.now
        await group.triggerGracefulShutdown()
        try await task.value
        let duration = start.duration(to: .now)
        try result.get()
        return duration
    }

    @Test func changesOfOneBackendRunInOrderAndAHangingScriptHoldsUpNoOther() async throws {
        let fifo = try scratch.fifo("fifo")
        let script = try scratch.script(
            """
            echo "begin $1 $2" >>$here/told
            if [ $2 = 10.0.0.1 ]; then read -r line <$here/fifo; fi
            echo "end $1 $2" >>$here/told
            """)
        _ = try await running(script) { scripts in
            scripts.take(update(1, .down))
            try await eventually { scratch.lines(of: "told") == ["begin down 10.0.0.1"] }
            scripts.take(update(1, .up))
            for number in 2...20 { scripts.take(update(number)) }
            try await eventually { scratch.lines(of: "told").count { $0.hasPrefix("end") } == 19 }
            #expect(!scratch.lines(of: "told").contains("begin up 10.0.0.1"))
            try fifo.write()
            try await eventually { scratch.lines(of: "told").last == "begin up 10.0.0.1" }
            #expect(scratch.lines(of: "told").suffix(2).first == "end down 10.0.0.1")
            try fifo.write()
            try await eventually { log.lines.count { $0.contains(" script=done status=0 ") } == 21 }
        }
        #expect(log.lines.count == 21)
    }

    @Test func notMoreThanEightRunAtOnce() async throws {
        let fifo = try scratch.fifo("fifo")
        let script = try scratch.script("echo $2 >>$here/told; read -r line <$here/fifo")
        _ = try await running(script) { scripts in
            for number in 1...12 { scripts.take(update(number)) }
            try await eventually { scratch.lines(of: "told").count >= 8 }
            for _ in 1...4 {
                let before = scratch.lines(of: "told").count
                try fifo.write()
                try await eventually { scratch.lines(of: "told").count == before + 1 }
            }
            for _ in 1...8 { try fifo.write() }
            try await eventually { log.lines.count { $0.contains("script=done") } == 12 }
        }
    }

    @Test func whatItPrintsAndHowItFailsIsLogged() async throws {
        _ = try await running(try scratch.script("echo hello; exit 7")) { scripts in
            scripts.take(update(1))
            try await eventually { log.lines.count == 2 }
        }
        #expect(log.lines[0] == "info backend=10.0.0.1 update=down script=output text=hello")
        #expect(log.lines[1].hasPrefix("error backend=10.0.0.1 update=down script=failed status=7 took="))
    }

    @Test func aScriptThatIsNotThereIsAnErrorEachTime() async throws {
        _ = try await running("\(scratch.path)/none") { scripts in
            scripts.take(update(1))
            try await eventually { log.lines.count == 1 }
        }
        #expect(log.lines[0].hasPrefix("error backend=10.0.0.1 update=down script=failed text=\""))
    }

    @Test func aTimeLimitIsToldAndTheNextUpdateRuns() async throws {
        let fifo = try scratch.fifo("fifo")
        let script = try scratch.script("[ $1 = up ] || read -r line <$here/fifo")
        _ = try await running(script, timeout: .milliseconds(200)) { scripts in
            scripts.take(update(1, .down))
            scripts.take(update(1, .up))
            try await eventually { log.lines.count == 2 }
        }
        #expect(log.lines[0].contains(#"update=down script=failed text="killed, as its time was over""#))
        withExtendedLifetime(fifo) {}
    }

    @Test func anotherScriptIsInForceFromTheNextUpdateOn() async throws {
        _ = try await running(nil) { scripts in
            scripts.take(update(1))
            scripts.change(to: .init(path: try scratch.script("echo other"), timeout: .seconds(60)))
            scripts.take(update(2))
            try await eventually { log.lines.count == 2 }
        }
        #expect(log.lines.allSatisfy { $0.contains("backend=10.0.0.2") })
    }

    @Test func stoppingWaitsForNoScriptLongerThanASecond() async throws {
        let fifo = try scratch.fifo("fifo")
        let script = try scratch.script("trap '' TERM; echo $$ >>$here/pids; read -r line <$here/fifo")
        let duration = try await running(script) { scripts in
            for number in 1...20 { scripts.take(update(number)) }
            try await eventually { scratch.lines(of: "pids").count == 8 }
        }
        #expect(duration < .seconds(1))
        let pids = scratch.lines(of: "pids").compactMap { Int32($0) }
        try await eventually { pids.allSatisfy { !lives($0) } }
        #expect(scratch.lines(of: "pids").count == 8)
        #expect(log.lines.contains(#"warning script=not-run updates=12 note="dovemon stops""#), "\(log.lines)")
        withExtendedLifetime(fifo) {}
    }

    @Test func aScriptThatIsSoonDoneMayEndWhenTheDaemonStops() async throws {
        let fifo = try scratch.fifo("fifo")
        let script = try scratch.script("echo $$ >>$here/pids; read -r line <$here/fifo; echo done")
        _ = try await running(script) { scripts in
            scripts.take(update(1))
            try await eventually { scratch.lines(of: "pids").count == 1 }
            try fifo.write()
        }
        #expect(log.lines.contains { $0.contains("script=done") })
    }
}

/// Keeps what is logged, as `LEVEL TEXT`.
final class CollectedLog: Sendable {
    private let storage = Mutex<[String]>([])
    var lines: [String] { storage.withLock { $0 } }

    func tell(_ line: LogLine) { storage.withLock { $0.append("\(line.level) \(line.text)") } }
}
