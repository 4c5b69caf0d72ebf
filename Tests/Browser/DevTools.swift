import Foundation
import Synchronization

/// The Chrome DevTools Protocol over a pair of pipes: JSON, each message ended by a zero byte.
/// (https://chromedevtools.github.io/devtools-protocol/)
final class DevTools: Sendable {
    /// An event of the browser: its name, its parameters, and the session it belongs to.
    struct Event: Sendable {
        let method: String
        let parameters: JSONValue
        let session: String?
    }

    private struct State {
        var lastID = 0
        var waiting: [Int: (command: String, answer: CheckedContinuation<JSONValue, any Error>)] = [:]
        var listeners: [String: @Sendable (Event) -> Void] = [:]
        var isOver = false
    }

    private let commands: Int32
    private let state = Mutex(State())

    /// Speaks at `commands`, and reads `answers` until that is closed by the other side.
    init(commands: Int32, answers: Int32) {
        self.commands = commands
        Thread.detachNewThread { [weak self] in
            Self.read(answers) { self?.take($0) }
            close(answers)
            self?.giveUp()
        }
    }

    /// Has `listener` told of a session's events, on the reader's thread.
    func listen(to session: String, _ listener: @escaping @Sendable (Event) -> Void) {
        state.withLock { $0.listeners[session] = listener }
    }

    /// Sends a command and returns its result.
    /// - Throws: `BrowserError`; `timedOut` when there is no answer within `limit`.
    @discardableResult
    func send(
        _ command: String, _ parameters: JSONValue = [:], session: String? = nil, within limit: Duration = .seconds(30)
    ) async throws -> JSONValue {
        try await withCheckedThrowingContinuation { continuation in
            let id: Int? = state.withLock { state in
                if state.isOver { return nil }
                state.lastID += 1
                state.waiting[state.lastID] = (command, continuation)
                return state.lastID
            }
            guard let id else { return continuation.resume(throwing: BrowserError.gone("it has ended")) }
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(limit.inSeconds * 1_000))) {
                [weak self] in self?.answer(id, .failure(BrowserError.timedOut(command)))
            }
            var message: [String: JSONValue] = [
                "id": .number(Double(id)), "method": .string(command), "params": parameters,
            ]
            if let session { message["sessionId"] = .string(session) }
            if !write(.object(message)) { answer(id, .failure(BrowserError.gone("its pipe is closed"))) }
        }
    }

    private func write(_ message: JSONValue) -> Bool {
        guard var bytes = try? JSONEncoder().encode(message) else { return false }
        bytes.append(0)
        // Two messages must not mix.
        return state.withLock { _ in
            bytes.withUnsafeBytes { buffer in
                var rest = buffer[...]
                while !rest.isEmpty {
                    let count = Foundation.write(
                        commands, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                    guard count > 0 || errno == EINTR else { return false }
                    rest = rest.dropFirst(max(0, count))
                }
                return true
            }
        }
    }

    private func take(_ message: JSONValue) {
        if let id = message["id"].number {
            let problem = message["error"]["message"].string
            return answer(
                Int(id),
                problem.map { .failure(BrowserError.refused(command: "", message: $0)) } ?? .success(message["result"]))
        }
        guard let method = message["method"].string else { return }
        let session = message["sessionId"].string
        let listener = state.withLock { state in session.flatMap { state.listeners[$0] } }
        listener?(Event(method: method, parameters: message["params"], session: session))
    }

    private func answer(_ id: Int, _ result: Result<JSONValue, BrowserError>) {
        guard let (command, continuation) = state.withLock({ $0.waiting.removeValue(forKey: id) }) else { return }
        if case .failure(.refused(_, let message)) = result {
            continuation.resume(throwing: BrowserError.refused(command: command, message: message))
        } else {
            continuation.resume(with: result)
        }
    }

    private func giveUp() {
        let waiting = state.withLock { state in
            state.isOver = true
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for (command, continuation) in waiting {
            continuation.resume(throwing: BrowserError.gone("it ended before it answered \(command)"))
        }
    }

    private static func read(_ descriptor: Int32, _ take: (JSONValue) -> Void) {
        var pending = Data()
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            pending.append(contentsOf: chunk[..<count])
            // Only what has just come can hold the end of a message.
            guard chunk[..<count].contains(0) else { continue }
            let parts = pending.split(separator: 0, omittingEmptySubsequences: false)
            for part in parts.dropLast() {
                if let message = try? JSONDecoder().decode(JSONValue.self, from: Data(part)) { take(message) }
            }
            pending = Data(parts.last ?? Data())
        }
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
