import Glibc
import RingLab
import Surroundings
import Synchronization
import Testing

/// Scripts get the limit of descriptors back that dovemon was started with.
@Suite struct LaunchTests {
    private let scratch: Scratch
    private let update = BackendUpdate(backend: "10.0.0.1", state: .down)

    init() throws { scratch = try Scratch() }

    private func run(_ script: String, limit: Int) async -> (ending: UpdateScript.Ending, lines: [String]) {
        let lines = Lines()
        let script = UpdateScript(
            path: script, launcher: [DovemonProcess.binary, "launch", "\(limit)"], timeout: .seconds(60))
        let ending = await script.run(update, tell: lines.take)
        return (ending, lines.all)
    }

    @Test func theSoftLimitIsTheFormerOneAndTheHardOneStays() async throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let result = await run(try scratch.script(#"ulimit -S -n; ulimit -H -n; echo "$#:$1:$2""#), limit: 321)
        let hard = limit.rlim_max == .max ? "unlimited" : "\(limit.rlim_max)"
        #expect(result.ending == .exited(0))
        #expect(result.lines == ["321", hard, "2:down:10.0.0.1"])
    }

    @Test func theScriptIsTheProcessThatWasStartedAndNoShellReadsIt() async throws {
        let leads = #"read -r stat </proc/$$/stat; set -- $stat; echo "$(($1 == $5 && $1 == $6))""#
        let result = await run(try scratch.script(leads + "; ls /proc/$$/fd"), limit: 64)
        #expect(result.lines == ["1", "0", "1", "10", "2"])
        let text = try scratch.write("echo hello\n", to: "plain", mode: 0o755)
        let refused = await run(text, limit: 64)
        #expect(refused.ending == .exited(126))
        #expect(refused.lines == ["\(text): cannot be run: Exec format error"])
        #expect(await run("\(scratch.path)/none", limit: 64).ending == .exited(127))
    }
}

/// Collects what scripts print.
private final class Lines: Sendable {
    private let storage = Mutex<[String]>([])
    var all: [String] { storage.withLock { $0 } }
    func take(_ line: String) { storage.withLock { $0.append(line) } }
}
