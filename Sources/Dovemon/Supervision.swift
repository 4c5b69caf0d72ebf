internal import Monitor
internal import NIOCore
internal import Surroundings

/// Keeps the service manager informed from the event loop: what is watched, and that the loop moves.
///
/// Loop-confined: used on its loop alone. A loop that hangs sends nothing, and systemd's watchdog notices.
final class Supervision {
    private let manager: ServiceManager
    private var status = StatusLine()
    private var toldStatus: String?

    /// Tells nothing yet.
    init(_ manager: ServiceManager) { self.manager = manager }

    /// Begins to tell, and goes on for the life of the loop.
    func start(on loop: any EventLoop) {
        let loop = loop.assumeIsolated()
        tellStatus(on: loop)
        if let timeout = manager.watchdogTimeout { tellAlive(on: loop, every: timeout / 2) }
    }

    /// Takes in what happened.
    func follow(_ event: MonitorEvent) { status.follow(event) }

    /// Thousands of backends can appear at once: one line a second is enough.
    private func tellStatus(on loop: NIOIsolatedEventLoop) {
        let text = status.text
        if text != toldStatus, manager.send(.status(text)) { toldStatus = text }
        loop.scheduleTask(in: .seconds(1)) { self.tellStatus(on: loop) }
    }

    /// Twice as often as systemd wants to hear it, as sd_watchdog_enabled(3) recommends; sooner when it did not.
    private func tellAlive(on loop: NIOIsolatedEventLoop, every pause: Duration) {
        let isTold = manager.send(.watchdog)
        loop.scheduleTask(in: TimeAmount(isTold ? pause : pause / 5)) { self.tellAlive(on: loop, every: pause) }
    }
}
