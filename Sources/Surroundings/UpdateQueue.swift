internal import DequeModule

/// In which order updates are handed to the script: those of one backend one after the other, those of different backends
/// side by side.
///
/// Pure: it is told what came in and what has ended, and says what to start.
package struct UpdateQueue: Sendable {
    private let runningLimit: Int
    private let waitingLimit: Int
    /// What waits, by backend, the oldest first.
    private var waiting: [String: Deque<BackendUpdate>] = [:]
    private var waitingCount = 0
    /// The backends for which something waits and nothing runs, in the order in which that became so.
    private var ready: Deque<String> = []
    private var running: Set<String> = []

    /// A queue that lets `runningLimit` scripts run and `waitingLimit` updates wait.
    package init(runningLimit: Int, waitingLimit: Int) {
        self.runningLimit = runningLimit
        self.waitingLimit = waitingLimit
    }

    /// Whether nothing runs.
    package var isIdle: Bool { running.isEmpty }

    /// Puts an update behind the others of its backend; false when there is no room left.
    package mutating func add(_ update: BackendUpdate) -> Bool {
        guard waitingCount < waitingLimit else { return false }
        waitingCount += 1
        let isFirst = waiting[update.backend]?.isEmpty ?? true
        waiting[update.backend, default: []].append(update)
        if isFirst, !running.contains(update.backend) { ready.append(update.backend) }
        return true
    }

    /// Takes the next update that is to run now; nil when there is none, or as many run as may.
    package mutating func start() -> BackendUpdate? {
        guard running.count < runningLimit, let backend = ready.popFirst(),
            let update = waiting[backend]?.popFirst()
        else { return nil }
        if waiting[backend]?.isEmpty == true { waiting[backend] = nil }
        waitingCount -= 1
        running.insert(backend)
        return update
    }

    /// The script has ended that ran for a backend; its next one may.
    package mutating func ended(_ backend: String) {
        guard running.remove(backend) != nil, waiting[backend] != nil else { return }
        ready.append(backend)
    }

    /// Forgets what waits; gives how many those were.
    package mutating func clear() -> Int {
        defer {
            waiting = [:]
            ready = []
            waitingCount = 0
        }
        return waitingCount
    }
}
