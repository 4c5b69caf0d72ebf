package import NIOCore
internal import NIOPosix

/// Has the monitor's state written down, one write at a time, and the latest state only: while one is being written, all that
/// come but the last are left out.
///
/// Loop-confined. A disk that hangs holds nothing up for longer than `patience`: a HOST-DOWN is worth more than the memory
/// of it.
package final class StateKeeper {
    /// Writes a state durably, on a thread of its own; throws where it cannot.
    package typealias Write = @Sendable (MonitorState) throws -> Void

    /// How long a command waits for the disk.
    private static let patience = TimeAmount.seconds(1)

    private let loop: NIOIsolatedEventLoop
    private var write: Write
    private var isWriting = false
    private var next: (state: MonitorState, version: Int)?
    private var hasFailed = false
    /// Called with the version that need not be waited for any longer.
    var saved: (Int) -> Void = { _ in }
    var tell: (MonitorEvent) -> Void = { _ in }

    /// Makes a keeper that writes by `write`.
    package init(loop: any EventLoop, write: @escaping Write) {
        self.loop = loop.assumeIsolated()
        self.write = write
    }

    /// Writes by other means from now on.
    package func change(to write: @escaping Write) { self.write = write }

    func keep(_ state: MonitorState, _ version: Int) {
        next = (state, version)
        writeNext()
        loop.scheduleTask(in: Self.patience) { self.saved(version) }
    }

    private func writeNext() {
        guard !isWriting, let (state, version) = next else { return }
        next = nil
        isWriting = true
        let write = write
        NIOThreadPool.singleton.runIfActive(eventLoop: loop.nonisolated()) { try write(state) }
            .assumeIsolated().whenComplete { result in
                self.isWriting = false
                self.ended(version, result)
                self.writeNext()
            }
    }

    private func ended(_ version: Int, _ result: Result<Void, any Error>) {
        switch result {
        case .success:
            if hasFailed { tell(.stateSaved(nil)) }
            hasFailed = false
        case .failure(let error):
            if !hasFailed { tell(.stateSaved("\(error)")) }
            hasFailed = true
        }
        saved(version)
    }
}
