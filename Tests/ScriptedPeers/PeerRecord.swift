internal import Synchronization

/// What a scripted peer saw.
final class PeerRecord: Sendable {
    private struct State {
        var received: [[UInt8]] = []
        var complaints: [String] = []
        var conversations: [Task<Void, Never>] = []
        var isStopped = false
        var ended = 0
        var waiting: [(ended: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var accepted: Int { state.withLock { $0.conversations.count } }
    var received: [[UInt8]] { state.withLock { $0.received } }
    var complaints: [String] { state.withLock { $0.complaints } }

    /// Begins a connection's conversation, which is given the connection's number; false once the peer is stopped.
    func begin(_ conversation: @escaping @Sendable (Int) async -> Void) -> Bool {
        state.withLock { state in
            guard !state.isStopped else { return false }
            let number = state.conversations.count
            state.received.append([])
            state.conversations.append(
                Task {
                    await conversation(number)
                    self.end()
                })
            return true
        }
    }

    /// Cancels all conversations and lets no more begin; gives them, to wait for.
    @discardableResult
    func stop() -> [Task<Void, Never>] {
        let conversations = state.withLock { state in
            state.isStopped = true
            return state.conversations
        }
        for conversation in conversations { conversation.cancel() }
        return conversations
    }

    func received(_ bytes: [UInt8], on number: Int) { state.withLock { $0.received[number] += bytes } }
    func complain(_ complaint: String) { state.withLock { $0.complaints.append(complaint) } }

    private func end() {
        let due = state.withLock { state in
            state.ended += 1
            let due = state.waiting.filter { $0.ended <= state.ended }
            state.waiting.removeAll { $0.ended <= state.ended }
            return due
        }
        for waiter in due { waiter.continuation.resume() }
    }

    func waitUntilEnded(_ connections: Int) async {
        await withCheckedContinuation { continuation in
            let isDue = state.withLock { state in
                if state.ended < connections { state.waiting.append((connections, continuation)) }
                return state.ended >= connections
            }
            if isDue { continuation.resume() }
        }
    }
}
