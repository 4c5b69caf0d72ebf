import Surroundings
import Synchronization
import Testing

/// Real scripts, run as `beupdatescript` is.
@Suite struct UpdateScriptTests {
    private let scratch: Scratch
    private let update = BackendUpdate(
        backend: "10.0.0.1", state: .down, tag: "east", mailProtocol: "imap", reason: "it's \"gone\" $HOME")

    init() throws { scratch = try Scratch() }

    /// Collects what scripts print.
    private final class Output: Sendable {
        private let storage = Mutex<[String]>([])
        var lines: [String] { storage.withLock { $0 } }
        func take(_ line: String) { storage.withLock { $0.append(line) } }
    }

    private func run(
        _ script: String, timeout: Duration = .seconds(60), grace: Duration = .seconds(60)
    ) async -> (ending: UpdateScript.Ending, lines: [String]) {
        let output = Output()
        let script = UpdateScript(path: script, timeout: timeout, grace: grace)
        let ending = await script.run(update, tell: output.take)
        return (ending, output.lines)
    }

    @Test func itGetsTheStateAndTheAddress() async throws {
        let result = await run(try scratch.script(#"echo "$#:$1:$2""#))
        #expect(result.ending == .exited(0))
        #expect(result.lines == ["2:down:10.0.0.1"])
    }

    @Test func itsEnvironmentIsCleanButForPathAndTheUpdate() async throws {
        // What the shell was started with, not what it adds.
        let result = await run(try scratch.script(#"tr '\0' '\n' </proc/$$/environ | sort"#))
        #expect(
            result.lines.filter { !$0.hasPrefix("PATH=/") } == [
                "DOVEMON_BACKEND=10.0.0.1", "DOVEMON_PROTOCOL=imap", #"DOVEMON_REASON=it's "gone" $HOME"#,
                "DOVEMON_STATE=down", "DOVEMON_TAG=east",
            ])
        #expect(result.lines.count == 6)
    }

    @Test func itLeadsASessionOfItsOwnWithNoOtherDescriptors() async throws {
        let result = await run(
            try scratch.script(
                #"read -r stat </proc/$$/stat; set -- $stat; echo "$(($1 == $5 && $1 == $6)) $PWD"; ls /proc/$$/fd; wc -c"#
            ))
        // 10 is the script itself, which dash holds open.
        #expect(result.lines == ["1 /", "0", "1", "10", "2", "0"])
    }

    @Test func bothStreamsAreReadInOrderAndAreFitForALog() async throws {
        let result = await run(try scratch.script(#"echo out; printf 'bad\033[31m\377\n' >&2; printf '\nno end'"#))
        #expect(result.ending == .exited(0))
        #expect(result.lines == ["out", #"bad\x1b[31m\xff"#, "no end"])
    }

    @Test func itsStatusIsKnown() async throws {
        #expect(await run(try scratch.script("exit 3")).ending == .exited(3))
        #expect(await run(try scratch.script("kill -9 $$")).ending == .killed(signal: 9))
    }

    @Test func whatCannotBeRunIsToldAndGoesThroughNoShell() async throws {
        for path in ["\(scratch.path)/none", try scratch.write("echo hello\n", to: "plain", mode: 0o755), scratch.path]
        {
            let result = await run(path)
            guard case .notStarted(let text) = result.ending else {
                Issue.record("\(path): \(result)")
                continue
            }
            #expect(!text.isEmpty)
            #expect(result.lines == [])
        }
    }

    @Test func longOutputIsCut() async throws {
        let result = await run(try scratch.script("head -c 600 /dev/zero | tr '\\0' x; echo; seq 1 1000"))
        #expect(result.ending == .exited(0))
        #expect(result.lines.count == 51)
        #expect(result.lines.first == String(repeating: "x", count: 497) + "…")
        #expect(result.lines.dropFirst().first == "1")
        #expect(result.lines.last == "… and 951 more lines")
    }

    @Test func aFloodIsNotReadForEver() async throws {
        let result = await run(try scratch.script("exec yes"), timeout: .milliseconds(300))
        #expect(result.ending == .timedOut)
        #expect(result.lines.count == 51)
    }

    @Test func itIsKilledWithItsChildrenWhenItsTimeIsOver() async throws {
        // The leader gives in to SIGTERM, its child ignores it, and only SIGKILL to the group reaches it.
        let result = await run(
            try scratch.script(
                """
                trap 'echo terminated; exit 1' TERM
                (trap '' TERM; echo $$ >/dev/null; exec sleep 1000) & echo "child $!"
                wait
                """), timeout: .seconds(1))
        #expect(result.ending == .timedOut)
        #expect(result.lines.last == "terminated")
        let child = try #require(result.lines.first?.split(separator: " ").last.flatMap { Int32($0) })
        try await eventually { !lives(child) }
    }

    @Test func itIsKilledWhenItIgnoresSIGTERM() async throws {
        let result = await run(
            try scratch.script("trap '' TERM; exec >/dev/null 2>&1; while :; do sleep 0.01; done"),
            timeout: .milliseconds(200), grace: .milliseconds(100))
        #expect(result.ending == .timedOut)
    }

    @Test func whatItLeavesInTheBackgroundHoldsUpNothing() async throws {
        let fifo = try scratch.fifo("fifo")
        let script = try scratch.script("(read -r line <$here/fifo; echo $line >$here/went-on) & echo started")
        let result = await run(script)
        #expect(result.ending == .exited(0))
        #expect(result.lines == ["started"])
        try fifo.write("on")
        try await eventually { scratch.lines(of: "went-on") == ["on"] }
    }

    @Test func aCancelledTaskKillsIt() async throws {
        let fifo = try scratch.fifo("fifo")
        let path = try scratch.script(#"trap '' TERM; echo $$ >>$here/pid; echo started; read -r line <$here/fifo"#)
        let task = Task { [update] in
            await UpdateScript(path: path, timeout: .seconds(60), grace: .seconds(60)).run(update) { _ in }
        }
        try await eventually { !scratch.lines(of: "pid").isEmpty }
        task.cancel()
        #expect(await task.value == .stopped)
        let pid = try #require(scratch.lines(of: "pid").first.flatMap { Int32($0) })
        #expect(!lives(pid))
        withExtendedLifetime(fifo) {}
    }
}
