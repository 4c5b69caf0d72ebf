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
    /// How long the end of the program does.
    private static let lastPatience = TimeAmount.milliseconds(500)
    /// When a state is written once more that could not be: nothing may change for days.
    private static let retryTime = TimeAmount.seconds(60)

    private let loop: NIOIsolatedEventLoop
    private var write: Write
    private var isWriting = false
    private var next: (state: MonitorState, version: Int)?
    /// The latest state, where it could not be written.
    private var unwritten: (state: MonitorState, version: Int)?
    private var isRetryDue = false
    private var hasFailed = false
    private var written = 0
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private var idle: [EventLoopPromise<Void>] = []
    /// Called with the version that need not be waited for any longer.
    var saved: (Int) -> Void = { _ in }
    var tell: (MonitorEvent) -> Void = { _ in }

    /// Makes a keeper that writes by `write`.
    package init(loop: any EventLoop, write: @escaping Write) {
        self.loop = loop.assumeIsolated()
        self.write = write
        thread.start()
    }

    /// A write that goes on is not waited for.
    deinit { thread.shutdownGracefully { _ in } }

    /// Succeeds when all is written, or there is no more patience. What could not be written is tried once more.
    package func settle() -> EventLoopFuture<Void> {
        retry()
        guard isWriting else { return loop.nonisolated().makeSucceededVoidFuture() }
        let promise = loop.nonisolated().makePromise(of: Void.self)
        idle.append(promise)
        loop.scheduleTask(in: Self.lastPatience) { self.settled() }
        return promise.futureResult
    }

    private func settled() {
        for promise in idle { promise.succeed() }
        idle = []
    }

    /// Writes by other means from now on. What could not be written by the former ones is not for these.
    package func change(to write: @escaping Write) {
        self.write = write
        unwritten = nil
    }

    func keep(_ state: MonitorState, _ version: Int) {
        next = (state, version)
        writeNext()
        loop.scheduleTask(in: Self.patience) { self.outOfPatience(version) }
    }

    private func outOfPatience(_ version: Int) {
        guard written < version else { return }
        failed("no answer from the disk for a second")
        saved(version)
    }

    private func writeNext() {
        guard !isWriting else { return }
        guard let (state, version) = next else { return settled() }
        next = nil
        unwritten = nil
        isWriting = true
        let write = write
        thread.runIfActive(eventLoop: loop.nonisolated()) { try write(state) }
            .assumeIsolated().whenComplete { result in
                self.isWriting = false
                self.ended(state, version, result)
                self.writeNext()
            }
    }

    private func ended(_ state: MonitorState, _ version: Int, _ result: Result<Void, any Error>) {
        switch result {
        case .success:
            if hasFailed { tell(.stateSaved(nil)) }
            hasFailed = false
        case .failure(let error):
            failed("\(error)")
            unwritten = (state, version)
            retryLater()
        }
        written = version
        saved(version)
    }

    private func retryLater() {
        guard !isRetryDue else { return }
        isRetryDue = true
        loop.scheduleTask(in: Self.retryTime) {
            self.isRetryDue = false
            self.retry()
        }
    }

    private func retry() {
        guard !isWriting, let unwritten else { return }
        next = next ?? unwritten
        writeNext()
    }

    private func failed(_ why: String) {
        if !hasFailed { tell(.stateSaved(why)) }
        hasFailed = true
    }
}
