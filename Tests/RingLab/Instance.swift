import Glibc
import Synchronization

/// One Dovecot with a configuration, sockets and processes of its own.
final class Instance: Sendable {
    /// Where everything of this instance lies.
    let directory: String
    /// What `dovecot -c` and `doveadm -c` take.
    let configurationFile: String
    private let name: String
    private let address: String
    private let reaper: Reaper
    private let master = Mutex<Child?>(nil)

    static let dovecot = "/usr/sbin/dovecot"
    static let doveadm = "/usr/bin/doveadm"

    /// Lays out the directory `name` in `parent`.
    init(name: String, address: String, in parent: String, reaper: Reaper) throws {
        directory = "\(parent)/\(name)"
        configurationFile = "\(directory)/dovecot.conf"
        self.name = name
        self.address = address
        self.reaper = reaper
        for path in [directory, "\(directory)/run", "\(directory)/state"] { try makeDirectory(path) }
    }

    /// Writes the configuration: `special` is what this kind of instance needs beyond what each has.
    func configure(_ special: String) throws {
        let common = commonConfiguration(name: name, address: address, directory: directory)
        try writeFile(configurationFile, common + special)
    }

    /// Starts the master and returns when it listens.
    func start() async throws {
        let console = open("\(directory)/console", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer { close(console) }
        let pidFile = "\(directory)/run/master.pid"
        unlink(pidFile)
        let child = try reaper.start(
            [Self.dovecot, "-F", "-c", configurationFile], streams: .init(output: console, error: console))
        master.withLock { $0 = child }
        // The master writes its number down after it has bound all its sockets.
        try await waitUntil("\(configurationFile) to start", within: .seconds(20), every: .milliseconds(5)) {
            readFile(pidFile) != nil || child.exitStatus() != nil
        }
        if let status = child.exitStatus() {
            throw LabError.failed("\(configurationFile) does not start (\(status)): \(complaints)")
        }
    }

    /// Ends the master and all its processes, frozen ones too.
    func stop() async throws {
        guard let child = child() else { return }
        child.signalGroup(SIGCONT)
        child.signal(SIGTERM)
        let start = ContinuousClock.now
        try await waitUntil("\(configurationFile) to stop", within: .seconds(10), every: .milliseconds(5)) {
            if ContinuousClock.now - start > .seconds(1) { child.signalGroup(SIGKILL) }
            // Its services hold the listening sockets too, until the last of them has died.
            return child.exitStatus() != nil && processes(inGroup: child.pid).isEmpty
        }
        reaper.forget(child)
        master.withLock { $0 = nil }
    }

    /// The running master; nil while the instance is stopped.
    func child() -> Child? { master.withLock { $0 } }

    /// Signals the master and all its processes.
    func signalAll(_ number: Int32) throws {
        guard let child = child(), child.signalGroup(number) else { throw notRunning }
    }

    /// Signals one service's processes and returns their numbers; there may be none.
    @discardableResult
    func signal(service: String, _ number: Int32) throws -> [Int32] {
        let found = try pids(ofService: service)
        for pid in found { kill(pid, number) }
        return found
    }

    func pids(ofService service: String) throws -> [Int32] {
        guard let child = child() else { throw notRunning }
        return processes(named: service, inGroup: child.pid)
    }

    /// Runs `doveadm -c CONFIGURATION arguments…` and returns what it prints on both streams.
    /// - Throws: `LabError.failed` when it exits with another status than 0.
    func doveadm(_ arguments: [String], within limit: Duration) async throws -> String {
        let (output, status) = try await run(
            [Self.doveadm, "-c", configurationFile] + arguments, by: reaper, within: limit)
        guard status == .exited(0) else {
            throw LabError.failed("doveadm \(arguments.joined(separator: " ")): \(status): \(output)")
        }
        return output
    }

    private var notRunning: LabError { .failed("\(configurationFile) is not running") }

    private var complaints: String {
        ["console", "log"].compactMap { readFile("\(directory)/\($0)") }.joined()
    }
}
