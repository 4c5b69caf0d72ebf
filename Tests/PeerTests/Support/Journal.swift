import DirectorAdmin
import Monitor
import Site
import Synchronization

/// What a test saw, in one order: what the director heard and answered, and what the monitor told.
final class Journal: Sendable {
    enum Entry: Sendable {
        /// A connection to the director was accepted.
        case opened(Int)
        /// A whole line came in on it.
        case heard(Int, String)
        /// HOST-LIST was answered with these states.
        case listed(Int, [IPAddress: HostState])
        /// A command was answered; nil where the connection was closed instead.
        case replied(Int, to: String, String?)
        /// The connection is no more.
        case closed(Int)
        /// The monitor told of an event, in this line of the log.
        case told(MonitorEvent, LogLine)
    }

    private struct Waiter {
        let isDone: @Sendable ([Entry]) -> Bool
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var entries: [Entry] = []
        var waiters: [Int: Waiter] = [:]
        var waiterCount = 0
    }

    private let state = Mutex(State())

    var entries: [Entry] { state.withLock { $0.entries } }

    func add(_ entry: Entry) {
        let done = state.withLock { state in
            state.entries.append(entry)
            let done = state.waiters.filter { $0.value.isDone(state.entries) }
            for id in done.keys { state.waiters[id] = nil }
            return done.values.map(\.continuation)
        }
        for continuation in done { continuation.resume(returning: true) }
    }

    /// Waits until the entries fulfil a condition; false when they do not in time.
    func wait(within time: Duration = .seconds(30), until isDone: @escaping @Sendable ([Entry]) -> Bool) async -> Bool {
        await withCheckedContinuation { continuation in
            let id: Int? = state.withLock { state in
                guard !isDone(state.entries) else { return nil }
                state.waiterCount += 1
                state.waiters[state.waiterCount] = Waiter(isDone: isDone, continuation: continuation)
                return state.waiterCount
            }
            guard let id else { return continuation.resume(returning: true) }
            Task {
                try? await Task.sleep(for: time)
                let waiter = self.state.withLock { $0.waiters.removeValue(forKey: id) }
                waiter?.continuation.resume(returning: false)
            }
        }
    }
}

extension [Journal.Entry] {
    /// What the monitor told, in its order.
    var told: [MonitorEvent] { compactMap { if case .told(let event, _) = $0 { event } else { nil } } }

    /// The log that the monitor would have written.
    var lines: [LogLine] { compactMap { if case .told(_, let line) = $0 { line } else { nil } } }

    /// The lines of the log that hold a text.
    func lines(with text: String) -> [String] { lines.map(\.text).filter { $0.contains(text) } }

    /// The commands that the director heard, lists and handshakes not among them.
    var commands: [String] {
        compactMap {
            guard case .heard(_, let line) = $0, line.contains("\t"), !line.hasPrefix("VERSION") else { return nil }
            return line.replacing("\t", with: " ")
        }
    }

    /// How often HOST-LIST was answered.
    var lists: Int { count { if case .listed = $0 { true } else { false } } }
}
