import FakePeers
import NIOCore
import NIOPosix

/// The fake director, on a thread of its own.
final class Director: Sendable {
    /// A command that it got.
    struct Command: Sendable {
        let address: String
        let isUp: Bool
        /// By CLOCK_MONOTONIC, in nanoseconds.
        let time: UInt64
    }

    let path: String
    private let loop: any EventLoop
    private let state: NIOLoopBound<State>

    private final class State {
        var director: FakeDirector?
        var commands: [Command] = []
    }

    init(_ path: String) async throws {
        self.path = path
        let loop: any EventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        self.loop = loop
        state = try await loop.submit { NIOLoopBound(State(), eventLoop: loop) }.get()
    }

    /// Lists so many backends from now on, all of them up.
    func list(_ count: Int) async throws {
        try await loop.flatSubmit { [loop, path, state] in
            state.value.director?.leave()
            let director = FakeDirector(Peers.addresses(count), needed: 0, path: path, loop: loop)
            director.changed = { state.value.commands.append(Command(address: $0, isUp: $1, time: now())) }
            state.value.director = director
            state.value.commands = []
            return director.listen()
        }.get()
    }

    func commands() async throws -> [Command] { try await loop.submit { [state] in state.value.commands }.get() }

    /// The most connections that it ever had at once since it lists these backends.
    func mostConnections() async throws -> Int {
        try await loop.submit { [state] in state.value.director?.mostConnections ?? 0 }.get()
    }
}
