internal import Monitor
internal import NIOPosix
internal import ServiceLifecycle
internal import Settings
internal import Web

/// The page, the metrics and the status by HTTP, on a thread of its own: serving must not hold up a poll.
///
/// Where nothing is to be served, there is no thread either.
actor WebService: Service {
    private let source: any StatusSource
    private let log: MonitorLog
    private var configuration: HTTPConfiguration
    private var server: HTTPServer?

    /// A service that does nothing yet.
    init(_ settings: Settings, _ source: any StatusSource, log: MonitorLog) {
        self.source = source
        self.log = log
        configuration = HTTPConfiguration(settings)
    }

    /// Serves until the program is told to stop.
    func run() async throws {
        await serve()
        try? await gracefulShutdown()
        await server?.stop()
    }

    /// Puts other settings in force; returns when it was tried.
    func change(to settings: Settings) async {
        configuration = HTTPConfiguration(settings)
        await serve()
    }

    private func serve() async {
        if server == nil, !configuration.addresses.isEmpty {
            let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
            let router = StatusRouter(source, on: loop)
            server = HTTPServer(on: loop, tell: { [log] in log.tell($0) }, router: { router.answer($0) })
        }
        await server?.change(to: configuration)
    }
}

extension HTTPConfiguration {
    /// What the settings say, and this machine's own name.
    init(_ settings: Settings) {
        let own = hostName().lowercased()
        self.init(
            addresses: settings.httpListen, allowed: settings.httpAllow,
            names: Set(settings.httpNames + [own, String(own.prefix { $0 != "." })]))
    }
}
