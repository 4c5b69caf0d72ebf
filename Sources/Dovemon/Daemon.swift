internal import DirectorAdmin
internal import Glibc
internal import Monitor
internal import NIOCore
internal import NIOPosix
internal import Probes
internal import ServiceLifecycle
internal import Settings
internal import Transport

/// The monitor as a service: everything of it happens on one event loop.
final class Daemon: Service {
    private let loop: any EventLoop
    private let policy: NIOLoopBoundBox<Policy>
    private let socketPath: NIOLoopBoundBox<String>
    private let driver: NIOLoopBoundBox<MonitorDriver?>
    private let tls = TLSContexts()
    private let log: MonitorLog
    private let pollLimit: Int

    init(_ files: LoadedFiles, pollLimit: Int, log: MonitorLog) throws {
        let policy = Policy(files)
        try tls.prepare(policy.options.tls)
        self.log = log
        self.pollLimit = pollLimit
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        self.loop = loop
        driver = .makeBoxSendingValue(nil, eventLoop: loop)
        socketPath = NIOLoopBoundBox.makeBoxSendingValue(files.settings.directorAdminSocket, eventLoop: loop)
        self.policy = .makeBoxSendingValue(policy, eventLoop: loop)
    }

    /// Monitors until the program is told to stop. Returns within a second of that, with the director left as it is.
    func run() async throws {
        try await loop.submit { [self] in
            let connector = Connector(loop: loop)
            let driver = MonitorDriver(
                policy.value, prober: Prober(connector: connector, tls: tls),
                director: DirectorClient(connector: connector, path: socketPath.value), loop: loop,
                pollLimit: pollLimit,
                tell: { [log] in log.tell($0) })
            self.driver.value = driver
            driver.start()
        }.get()
        try? await gracefulShutdown()
        try await loop.submit { [driver] in driver.value?.stop() }.get()
    }

    /// Puts other settings in force; changes nothing when the certificates' issuers cannot be read.
    func reload(_ files: LoadedFiles) throws {
        let policy = Policy(files)
        try tls.prepare(policy.options.tls)
        let path = files.settings.directorAdminSocket
        loop.execute { [self] in
            let isSame = path == socketPath.value
            socketPath.value = path
            self.policy.value = policy
            driver.value?.change(
                to: policy, director: isSame ? nil : DirectorClient(connector: Connector(loop: loop), path: path))
        }
    }
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
