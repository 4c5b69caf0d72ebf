import Glibc
import RingLab
import ScriptedPeers
import Subprocess
import Synchronization
import SystemPackage
import Testing

/// A whole `dovemon check` that is stopped by a signal in the middle of a poll, as Ctrl-Z or a suspended machine stops it.
@Suite(.timeLimit(.minutes(1))) struct StoppedProcessTests {
    /// A process that is not known before it runs.
    private final class Suspect: Sendable {
        let pid = Mutex<Int32?>(nil)

        func signal(_ number: Int32) async throws {
            try await eventually { pid.withLock { $0 } != nil }
            _ = pid.withLock { $0.map { kill($0, number) } }
        }
    }

    /// Has `dovemon check` poll a server that closes the connection instead of greeting.
    ///
    /// - Parameter stop: for how long the process is stopped before that.
    private func check(stop: Duration?) async throws -> (output: String, status: TerminationStatus) {
        let scratch = try Scratch()
        let suspect = Suspect()
        let peer = try await ScriptedPeer.start { connection in
            guard let stop else { return try await connection.close() }
            try await suspect.signal(SIGSTOP)
            // It is real time that the process has to miss.
            try await Task.sleep(for: stop)
            try await suspect.signal(SIGCONT)
            try await connection.close()
        }
        let config = try scratch.write("imap_port: \(peer.port)\ntimeout: 2.5\n", to: "config.yml")
        let accounts = try scratch.write("", to: "accounts.yml", mode: 0o600)
        let result = try await Subprocess.run(
            .path(FilePath(DovemonProcess.binary)),
            arguments: ["check", "--config", config, "--accounts", accounts, "--backend", "127.0.0.1"],
            input: .none, output: .string(limit: 10_000), error: .combinedWithOutput
        ) { execution in
            suspect.pid.withLock { $0 = execution.processIdentifier.value }
        }
        await peer.stop()
        return (result.standardOutput, result.terminationStatus)
    }

    @Test func whatWentWrongWhileItWasStoppedIsNotTheBackendsFault() async throws {
        let result = try await check(stop: .milliseconds(900))
        let output = result.output
        #expect(result.status == .exited(3), "\(output)")
        #expect(output.contains("UNKNOWN greeting local this process was stopped or starved for some "), "\(output)")
        #expect(output.contains(" ms, then: closed\n"), "\(output)")
    }

    @Test func theSameWithoutAStopIs() async throws {
        let result = try await check(stop: nil)
        #expect(result.status == .exited(2), "\(result.output)")
        #expect(result.output.contains("FAILED greeting closed "), "\(result.output)")
    }
}
