import DirectorAdmin
import Monitor
import NIOCore
import NIOPosix
import Probes
import Site
import Testing
import Transport

/// The monitor as the daemon runs it, but that its events go into a journal.
final class MonitorRun: Sendable {
    private let loop: any EventLoop
    private let driver: NIOLoopBoundBox<MonitorDriver?>

    private init(loop: any EventLoop, driver: NIOLoopBoundBox<MonitorDriver?>) {
        self.loop = loop
        self.driver = driver
    }

    static func start(
        _ policy: Policy, directorPath path: String, patience: DirectorClient.Patience = .init(),
        state write: StateKeeper.Write? = nil, clock: @escaping @Sendable () -> Instant = { .now() },
        into journal: Journal
    ) async throws -> MonitorRun {
        let loop = try Reactor()
        let driver: NIOLoopBoundBox<MonitorDriver?> = .makeBoxSendingValue(nil, eventLoop: loop)
        try await loop.submit {
            let connector = Connector(loop: loop)
            let monitor = MonitorDriver(
                policy, prober: Prober(connector: connector, tls: TLSContexts()),
                director: DirectorClient(connector: connector, path: path, patience: patience), loop: loop,
                keeper: write.map { StateKeeper(loop: loop, write: $0) }, clock: clock,
                tell: { journal.add(.told($0, LogLine($0))) })
            driver.value = monitor
            monitor.start()
        }.get()
        return MonitorRun(loop: loop, driver: driver)
    }

    /// So many backends are known to have failed last, as far as the places for polls go.
    func doubtful() async throws -> Int {
        try await loop.submit { [driver] in
            let failing = driver.value.flatMap { Mirror(reflecting: $0).descendant("places", "failing") }
            return failing.map { Mirror(reflecting: $0).children.count } ?? -1
        }.get()
    }

    /// Puts other settings in force.
    func change(to policy: Policy) async throws {
        try await loop.submit { [driver] in driver.value?.change(to: policy, director: nil) }.get()
    }

    /// What a timer would do that goes by the monitor's own clock.
    func wake() async throws { try await loop.submit { [driver] in driver.value?.start() }.get() }

    /// Asks it something.
    func asked<Answer: Sendable>(_ question: @escaping @Sendable (MonitorDriver) -> Answer) async throws -> Answer {
        let answer = try await loop.submit { [driver] in driver.value.map(question) }.get()
        return try #require(answer)
    }

    /// So many sentinels have read their greeting.
    func standingSentinels() async throws -> Int {
        try await loop.submit { [driver] in
            let posts = driver.value.flatMap { Mirror(reflecting: $0).descendant("machine", "sentinels", "posts") }
            return Mirror(reflecting: posts ?? [:]).children.count { child in
                Mirror(reflecting: child.value).descendant("value", "standing").map { "\($0)" != "nil" } ?? false
            }
        }.get()
    }

    func stop() async throws {
        // The loop goes on, and would hold the journal with all that was told.
        try await loop.submit { [driver] in
            driver.value?.stop()
            driver.value = nil
        }.get()
    }
}

extension DirectorClient.Patience {
    /// On a busy machine, a director that is well may take long.
    static var endless: Self {
        var patience = Self()
        patience.list = .seconds(60)
        patience.ring = .seconds(60)
        return patience
    }
}
