import Glibc
import Synchronization

/// A real ring of Dovecot directors with its backends, on loopback addresses and in a temporary directory.
///
/// It is away completely when `stop()` returns, and also when the process that started it ends in any other way: see
/// `Reaper`. Several rings can run side by side, and none touches another Dovecot of the machine.
package final class Ring: Sendable {
    /// Everything lies here; `stop` in it is a script that ends the ring.
    package let directory: String
    package let directors: [Director]
    package let account: LabAccount
    /// What the start took, until all was ready.
    package let startDuration: Duration
    let reaper: Reaper
    private let network: Loopback
    private let further: FurtherServices?
    private let members: Mutex<(present: [Backend], everMade: Int)>

    /// Why no ring can run on this machine; nil when one can.
    package static let unavailableReason: String? = {
        guard access(Instance.dovecot, X_OK) == 0, access(Instance.doveadm, X_OK) == 0 else {
            return "Dovecot is not installed"
        }
        guard access("/usr/lib/dovecot/director", X_OK) == 0 else {
            return "this machine's Dovecot has no director (it was removed in Dovecot 2.4)"
        }
        for service in ["imap-login", "pop3-login", "lmtp"] where access("/usr/lib/dovecot/\(service)", X_OK) != 0 {
            return "Dovecot's \(service) is not installed"
        }
        return nil
    }()

    package var imapPort: Int { network.ports.imap }
    package var pop3Port: Int { network.ports.pop3 }
    package var lmtpPort: Int { network.ports.lmtp }

    /// The backends, in the order in which they were added.
    package var backends: [Backend] { members.withLock { $0.present } }

    /// The port of a backend's service, where the ring was started with further ones.
    package func port(_ listener: FurtherServices.Listener) -> Int { network.ports.port(listener) }

    /// Starts a ring; returns when all backends listen and all directors say `ring synced`.
    ///
    /// - Parameter further: what all backends serve besides IMAP, POP3 and LMTP in clear.
    package static func start(
        directors: Int = 3, backends: Int = 4, further: FurtherServices? = nil
    ) async throws -> Ring {
        if let unavailableReason { throw LabError.failed(unavailableReason) }
        var tries = 0
        while true {
            tries += 1
            let start = ContinuousClock.now
            let directory = try temporaryDirectory()
            let reaper = try Reaper(directory: directory)
            do {
                let network = try Loopback.choose(directors: directors, backends: backends)
                let plan = try RingPlan(
                    network: network, directory: directory, reaper: reaper, directors: directors, backends: backends,
                    further: further)
                try await plan.start()
                return Ring(plan, network: network, further: further, took: .now - start)
            } catch {
                // Somebody else may have taken an address meanwhile.
                reaper.reap()
                guard tries < 3, !(error is CancellationError) else { throw error }
            }
        }
    }

    private init(_ plan: RingPlan, network: Loopback, further: FurtherServices?, took duration: Duration) {
        directory = plan.directory
        reaper = plan.reaper
        account = plan.account
        directors = plan.directors
        members = Mutex((plan.backends, plan.backends.count))
        self.network = network
        self.further = further
        startDuration = duration
    }

    /// Kills everything and removes the directory. Also right from a signal's watcher, and harmless when repeated.
    package func stop() {
        reaper.reap()
    }

    /// Lets the ring live on after this process; `directory/stop` ends it.
    package func letGo() { reaper.letGo() }

    /// Makes a directory of its own for something that runs beside the ring: `NAME1`, `NAME2` …
    package func newDirectory(_ name: String) throws -> String {
        var number = 1
        while mkdir("\(directory)/\(name)\(number)", 0o755) != 0 {
            guard errno == EEXIST else { throw LabError.failed("\(directory)/\(name)\(number): cannot make it") }
            number += 1
        }
        return "\(directory)/\(name)\(number)"
    }

    // MARK: The ring as a whole

    /// Waits until every director says `ring synced`.
    @discardableResult
    package func waitUntilSynced(within limit: Duration = .seconds(30)) async throws -> Duration {
        try await directors.waitUntilSynced(within: limit)
    }

    /// Waits until every director lists a backend in this state, and returns how long that took.
    @discardableResult
    package func waitUntil(
        _ backend: Backend, is state: HostListEntry.State, within limit: Duration
    ) async throws -> Duration {
        try await RingLab.waitUntil("\(backend.address) \(state) on all directors", within: limit) {
            for director in directors where try await director.host(backend.address)?.state != state { return false }
            return true
        }
    }

    /// Stops all directors, then starts them: they forget who was down.
    ///
    /// They also forget backends that were added or removed meanwhile, for those are not in their configuration.
    package func restartDirectors() async throws {
        for director in directors { director.instance.child()?.signalGroup(SIGKILL) }
        for director in directors { try await director.stop() }
        try await directors.startTogether()
    }

    /// Logs users in through the first director, a moment each, so that HOST-LIST counts them.
    package func logIn(users: [String]) async throws {
        for user in users { try await directors[0].logIn(user: user, password: account.password) }
    }

    // MARK: Backends that come and go

    /// Starts one more backend and adds it to the ring.
    package func addBackend() async throws -> Backend {
        let number = members.withLock { members in
            members.everMade += 1
            return members.everMade - 1
        }
        let backend = try makeBackend(
            number, network: network, directory: directory, reaper: reaper, account: account, further: further)
        try await backend.start()
        members.withLock { $0.present.append(backend) }
        _ = try await directors[0].doveadm("director", "add", backend.address)
        return backend
    }

    /// Takes a backend out of the ring and stops it.
    package func removeBackend(_ backend: Backend) async throws {
        _ = try await directors[0].doveadm("director", "remove", backend.address)
        try await backend.stop()
        members.withLock { members in members.present.removeAll { $0 === backend } }
    }
}

/// A directory of its own with a short path, for a UNIX socket's path holds 107 bytes. Dovecot's users must be able to
/// pass through it.
func temporaryDirectory() throws -> String {
    let parent = getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.utf8.count <= 40 ? $0 : nil } ?? "/tmp"
    var name = Array("\(parent)/dovemon-ring.XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else { throw LabError.failed("no temporary directory in \(parent)") }
    let path = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    guard chmod(path, 0o711) == 0 else { throw LabError.failed("\(path): chmod") }
    return path
}
