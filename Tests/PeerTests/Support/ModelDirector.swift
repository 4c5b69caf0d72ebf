import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A director of the tests' own at a UNIX socket: it has backends whose switches it throws as it is told, answers as its
/// model says, and listens for what no client may send to a director.
///
/// Unlike a scripted peer it reads all the time, also while it owes an answer: nothing can be pipelined unnoticed. That is
/// why each answer comes a little late.
final class ModelDirector: Sendable {
    private struct State {
        var model: DirectorModel
        var eavesdropper = Eavesdropper()
        var opened = 0
        var channels: [Int: any Channel] = [:]
        var held: [(number: Int, line: String, response: DirectorModel.Response)] = []
        var listener: (any Channel)?
    }

    let path: String
    let journal = Journal()
    /// All of it happens on one loop, so that it sees things in the order in which they happened.
    private let loop = MultiThreadedEventLoopGroup.singleton.next()
    private let state: Mutex<State>
    private static let lateness = TimeAmount.milliseconds(2)

    init(path: String, _ model: DirectorModel) {
        self.path = path
        state = Mutex(State(model: model))
        state.withLock { $0.eavesdropper.knowsRing = model.ignorance == nil }
    }

    /// Listens; again after a `stop`, as a director that was restarted.
    func start() async throws {
        let listener = try await ServerBootstrap(group: loop)
            .serverChannelOption(ChannelOptions.backlog, value: 128)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DirectorConnection(self))
                }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        state.withLock { $0.listener = listener }
    }

    /// Closes everything, and takes the socket away.
    func stop() async {
        let channels = state.withLock { state in
            let all = [state.listener].compactMap(\.self) + state.channels.values
            state.listener = nil
            return all
        }
        for channel in channels { try? await channel.close() }
        unlink(path)
    }

    /// Changes what the director knows and does.
    func change(_ body: @Sendable (inout DirectorModel) -> Void) { state.withLock { body(&$0.model) } }

    /// Answers what is held, with OK and in effect.
    func release() {
        let held = state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
        for (number, line, response) in held {
            var response = response
            response.text = "OK\n"
            let answer = response
            loop.execute { self.answer(line, answer, on: number) }
        }
    }

    /// What was sent to it that must not be sent to a director.
    var violations: [String] { state.withLock { $0.eavesdropper.violations } }
    var mostCommandConnections: Int { state.withLock { $0.eavesdropper.mostCommandConnections } }
    var openConnections: Int { state.withLock { $0.channels.count } }
}

extension ModelDirector {
    fileprivate func opened(_ channel: any Channel) -> Int {
        let number = state.withLock { state in
            state.opened += 1
            state.channels[state.opened] = channel
            state.eavesdropper.opened(state.opened)
            return state.opened
        }
        journal.add(.opened(number))
        loop.scheduleTask(in: Self.lateness) {
            self.state.withLock { $0.eavesdropper.greeted(number) }
            self.send("VERSION\tdirector-doveadm\t1\t0\n", on: number)
        }
        return number
    }

    fileprivate func received(_ bytes: [UInt8], on number: Int) {
        let lines = state.withLock { $0.eavesdropper.received(bytes, on: number) }
        for line in lines where !line.hasPrefix("VERSION") {
            journal.add(.heard(number, line))
            let response = state.withLock { $0.model.respond(to: line) }
            if response.isHeld { state.withLock { $0.held.append((number, line, response)) } }
            guard response.text != nil || response.closes else { continue }
            loop.scheduleTask(in: Self.lateness) { self.answer(line, response, on: number) }
        }
    }

    fileprivate func closed(_ number: Int) {
        state.withLock { state in
            state.eavesdropper.closed(number)
            state.channels[number] = nil
            // Like the real one: what is held is not cancelled when its client goes.
        }
        journal.add(.closed(number))
    }

    private func answer(_ line: String, _ response: DirectorModel.Response, on number: Int) {
        state.withLock { state in
            if let change = response.change, line.hasPrefix("HOST-DOWN") || line.hasPrefix("HOST-UP") {
                state.model.set(change.address, isUp: change.isUp)
            }
            state.eavesdropper.answered(number)
        }
        if let shown = response.shown {
            journal.add(.listed(number, shown))
        } else if line != "DIRECTOR-LIST" {
            journal.add(.replied(number, to: line, response.closes ? nil : response.text))
        }
        if let text = response.text { send(text, on: number) }
        if response.closes { state.withLock { $0.channels[number] }?.close(promise: nil) }
    }

    private func send(_ text: String, on number: Int) {
        state.withLock { $0.channels[number] }?.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }
}

private final class DirectorConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let director: ModelDirector
    private var number = 0

    init(_ director: ModelDirector) { self.director = director }

    func channelActive(context: ChannelHandlerContext) { number = director.opened(context.channel) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        director.received(Array(unwrapInboundIn(data).readableBytesView), on: number)
    }

    func channelInactive(context: ChannelHandlerContext) { director.closed(number) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
