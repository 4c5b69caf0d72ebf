internal import Site
internal import Transport

/// Sends one state-changing command on a connection of its own and reads its reply. Two on one connection can crash a
/// director, and one behind another can be lost.
struct CommandConversation: Conversation {
    private let command: DirectorCommand
    private var sent = false
    private var reply = CommandReply.closed

    init(_ command: DirectorCommand) { self.command = command }

    mutating func connected(at now: Instant) {}

    mutating func opened(at now: Instant) -> Step { .send(Handshake.line) }

    mutating func lineReceived(_ line: ArraySlice<UInt8>, at now: Instant) -> Step {
        if sent {
            reply = CommandReply(line: line)
            return .finish
        }
        if let objection = Handshake.objection(to: line) {
            reply = .notSent(objection)
            return .finish
        }
        sent = true
        return .send(command.line)
    }

    mutating func concluded(at now: Instant) -> CommandReply { reply }

    mutating func interrupted(by interruption: Interruption, at now: Instant) -> CommandReply {
        guard sent else { return .notSent(interruption.directorText) }
        return interruption == .cancelled ? .abandoned : .closed
    }
}
