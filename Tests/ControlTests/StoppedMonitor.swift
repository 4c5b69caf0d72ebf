import Monitor
import NIOCore

@testable import Control

/// A monitor that does not run: whoever asks it is told so.
struct StoppedMonitor: MonitorAccess {
    struct NotRunning: Error {}
    let loop: any EventLoop

    func asked<Answer: Sendable>(
        _ question: @escaping @Sendable (MonitorDriver) -> Answer
    ) -> EventLoopFuture<Answer> { loop.makeFailedFuture(NotRunning()) }
}
