internal import Site
internal import Transport

/// Sends one state-changing command on a connection of its own and reads its reply. Two on one connection can crash a
/// director, and one behind another can be lost.
struct CommandConversation: Conversation {
    private let command: DirectorCommand
    private var sent = false

    init(_ command: DirectorCommand) { self.command = command }

    mutating func connected(at now: Instant) {}

    mutating func opened(at now: Instant) -> Step<CommandReply> { .send(Handshake.line) }

    mutating func lineReceived(_ line: ArraySlice<UInt8>, at now: Instant) -> Step<CommandReply> {
        if sent { return .finish(CommandReply(line: line)) }
        if let objection = Handshake.objection(to: line) { return .finish(.notSent(objection)) }
        sent = true
        return .send(command.line)
    }

    mutating func interrupted(by interruption: Interruption, at now: Instant) -> CommandReply {
        guard sent else { return .notSent(interruption.directorText) }
        return interruption == .cancelled ? .abandoned : .closed
    }
}
