internal import Glibc
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix

/// The names of users, from wherever the system has them: that may be a directory server which does not answer.
///
/// One look-up at a time, on a thread of its own, so that it holds up nobody but whoever needs the name.
final class UserNames: Sendable {
    /// The system's.
    static let system = UserNames(within: .seconds(1), lookUp: systemName)

    private let threads = NIOThreadPool(numberOfThreads: 1)
    private let limit: TimeAmount
    private let lookUp: @Sendable (uid_t) -> String?
    private let isBusy = NIOLockedValueBox(false)

    /// Names that are given within `limit`; `lookUp` may block.
    init(within limit: TimeAmount, lookUp: @escaping @Sendable (uid_t) -> String?) {
        self.limit = limit
        self.lookUp = lookUp
        threads.start()
    }

    /// A look-up that goes on is not waited for.
    deinit { threads.shutdownGracefully { _ in } }

    /// A user's name; `uid N` where there is none, or none in time.
    func name(of user: uid_t, on loop: any EventLoop) async -> String {
        let number = "uid \(user)"
        let isFree = isBusy.withLockedValue { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        // Nobody is behind one that hangs: there can be no end to those.
        guard isFree else { return number }
        return await withCheckedContinuation { continuation in
            let waiting = NIOLockedValueBox<CheckedContinuation<String, Never>?>(continuation)
            @Sendable func answer(_ name: String) {
                waiting.withLockedValue { waiting in
                    defer { waiting = nil }
                    return waiting
                }?.resume(returning: name)
            }
            let timer = loop.scheduleTask(in: limit) { answer(number) }
            threads.submit { [lookUp, isBusy] _ in
                let name = lookUp(user)
                isBusy.withLockedValue { $0 = false }
                timer.cancel()
                answer(name ?? number)
            }
        }
    }
}

private func systemName(of user: uid_t) -> String? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var space = [CChar](repeating: 0, count: 16_384)
    guard getpwuid_r(user, &entry, &space, space.count, &found) == 0, found != nil, let name = entry.pw_name else {
        return nil
    }
    return String(cString: name)
}
