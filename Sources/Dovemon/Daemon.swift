internal import DirectorAdmin
internal import Glibc
internal import Monitor
internal import NIOCore
internal import Probes
internal import ServiceLifecycle
internal import Settings
internal import Surroundings
internal import Synchronization
internal import Transport

/// The monitor as a service: everything of it happens on one event loop.
final class Daemon: Service {
    let loop: Reactor
    private let policy: NIOLoopBoundBox<Policy>
    private let socketPath: NIOLoopBoundBox<String>
    private let driver: NIOLoopBoundBox<MonitorDriver?>
    private let tls = TLSContexts()
    let writer: LogWriter
    private let log: MonitorLog
    private let pollLimit: Int
    private let scripts: UpdateScripts
    private let manager: ServiceManager?
    private let supervision: NIOLoopBoundBox<Supervision?>
    private let restored: MonitorState
    private let keeper: NIOLoopBoundBox<StateKeeper?>
    private let store: Mutex<StateStore?>

    /// A daemon that does nothing yet; `manager` is nil where there is nobody to tell how it is.
    init(
        _ files: LoadedFiles, pollLimit: Int, writer: LogWriter, log: MonitorLog, scripts: UpdateScripts,
        manager: ServiceManager?
    ) throws {
        let policy = Policy(files)
        try tls.prepare(policy.options.tls)
        self.writer = writer
        self.log = log
        self.pollLimit = pollLimit
        self.scripts = scripts
        self.manager = manager
        let loop = try Reactor()
        self.loop = loop
        driver = .makeBoxSendingValue(nil, eventLoop: loop)
        socketPath = NIOLoopBoundBox.makeBoxSendingValue(files.settings.directorAdminSocket, eventLoop: loop)
        self.policy = .makeBoxSendingValue(policy, eventLoop: loop)
        let supervision = manager.map { Supervision($0) }
        self.supervision = NIOLoopBoundBox.makeBoxSendingValue(supervision, eventLoop: loop)
        let opened = StateFile(files.settings).map {
            StateStore.open($0, isDryRun: files.settings.isDryRun, origin: UnixClock.origin(), at: .now())
        }
        for remark in opened?.remarks ?? [] { log.logger.warning("\(remark)") }
        store = Mutex(opened?.store)
        restored = opened?.state ?? MonitorState()
        keeper = .makeBoxSendingValue(nil, eventLoop: loop)
    }

    /// Monitors until the program is told to stop. Returns within a second of that, with the director left as it is.
    func run() async throws {
        try await loop.submit { [self] in
            let connector = Connector(loop: loop)
            let keeper = StateKeeper(loop: loop, write: writing(store.withLock(\.self)))
            self.keeper.value = keeper
            let driver = MonitorDriver(
                policy.value, prober: Prober(connector: connector, tls: tls, transcribing: .failures),
                director: DirectorClient(connector: connector, path: socketPath.value), loop: loop,
                pollLimit: pollLimit, restored: restored, keeper: keeper,
                tell: { [unowned self] in tell($0) })
            self.driver.value = driver
            driver.start()
            supervision.value?.start(on: loop)
            loop.scheduleRepeatedTask(initialDelay: .milliseconds(100), delay: .milliseconds(100)) { [writer] _ in
                writer.retry()
            }
        }.get()
        manager?.send(.ready, waits: true)
        try? await gracefulShutdown()
        manager?.send(.stopping, waits: true)
        try await loop.submit { [driver] in driver.value?.stop() }.get()
        // What was just decided is not to be forgotten by the next run.
        try? await loop.flatSubmit { [loop, keeper] in
            keeper.value?.settle() ?? loop.makeSucceededVoidFuture()
        }.get()
        // The file may be the next one's from now on.
        store.withLock { $0 = nil }
        try await loop.submit { [keeper] in keeper.value?.change { _ in } }.get()
    }

    /// Makes ready for other settings; fails, and changes nothing, when the certificates' issuers cannot be read.
    func prepare(_ files: LoadedFiles) throws { try tls.prepare(Policy(files).options.tls) }

    /// Puts other settings in force, for which all is ready; returns when they are.
    func reload(_ files: LoadedFiles) async throws {
        let policy = Policy(files)
        let path = files.settings.directorAdminSocket
        scripts.change(to: UpdateScripts.Program(files.settings))
        let (write, found) = changeStore(to: files.settings)
        try await loop.submit { [self] in
            let former = socketPath.value
            socketPath.value = path
            if policy.deciding.minHealthy.isOff, !self.policy.value.deciding.minHealthy.isOff { log.tellGuardIsOff() }
            self.policy.value = policy
            keeper.value?.change(to: write)
            let client = path == former ? nil : DirectorClient(connector: Connector(loop: loop), path: path)
            driver.value?.change(
                to: policy, director: client, isOtherDirector: !isSameSocket(path, former), found: found)
        }.get()
    }

    private func changeStore(to settings: Settings) -> (write: StateKeeper.Write, found: MonitorState?) {
        let changed = StateStore.change(
            store.withLock(\.self), to: StateFile(settings), isDryRun: settings.isDryRun, origin: UnixClock.origin(),
            at: .now())
        for remark in changed.remarks { log.logger.warning("\(remark)") }
        store.withLock { $0 = changed.store }
        return (writing(changed.store), changed.found)
    }

    /// Asks the monitor something, on its loop; fails while it does not run.
    func asked<Answer: Sendable>(_ question: @escaping @Sendable (MonitorDriver) -> Answer) -> EventLoopFuture<Answer> {
        loop.submit { [driver] in
            guard let driver = driver.value else { throw NotRunning() }
            return question(driver)
        }
    }

    /// Logs how the last rounds of each backend went.
    func tellRecentRounds() {
        loop.execute { [self] in
            let lines = driver.value?.recentRounds.map { LogLine(backend: $0.backend, rounds: $0.rounds) }
            tell(lines ?? [])
        }
    }

    /// A few lines at a time: a log daemon that is given thousands at once loses most of them.
    private func tell(_ lines: some BidirectionalCollection<LogLine> & Sendable) {
        for line in lines.prefix(10) { log.tell(line) }
        let rest = Array(lines.dropFirst(10))
        guard !rest.isEmpty else { return }
        loop.scheduleTask(in: .milliseconds(10)) { [self] in tell(rest) }
    }

    /// Passes on what happened; on the loop.
    private func tell(_ event: MonitorEvent) {
        log.tell(event)
        supervision.value?.follow(event)
        if let update = BackendUpdate(event) { scripts.take(update) }
    }
}

/// The monitor has not begun yet.
struct NotRunning: Error {}

extension StateFile {
    /// The file that the settings name; nil where they name none.
    init?(_ settings: Settings) {
        guard let path = settings.stateFile else { return nil }
        self.init(path: path, director: settings.directorAdminSocket)
    }
}

/// How a state is written; nowhere without a store.
private func writing(_ store: StateStore?) -> StateKeeper.Write {
    { try store?.write($0, origin: UnixClock.origin()) }
}

extension Policy {
    /// What the files mean on this machine.
    init(_ files: LoadedFiles) { self.init(files.settings, files.accounts, clientName: hostName()) }
}

/// This machine's name, for LHLO; `localhost` where it has none that a server could read.
func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    let text = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let isReadable = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    return isReadable ? text : "localhost"
}
