import DirectorAdmin
import Site

/// What a model director knows, and how it answers: may be changed at any time.
struct DirectorModel {
    struct Backend: Sendable {
        let address: String
        var vhosts = 100
        var users = 0
        var isUp = true

        init(_ address: String, users: Int = 0, isUp: Bool = true) {
            self.address = address
            self.users = users
            self.isUp = isUp
        }
    }

    /// What becomes of a HOST-DOWN or HOST-UP.
    enum Answer: Sendable {
        /// It is carried out: `OK`.
        case ok
        /// Another text; whether it is carried out all the same.
        case text(String, done: Bool)
        /// The connection is closed instead; whether it is carried out all the same.
        case close(done: Bool)
        /// Nothing is said, until `ModelDirector.release` says OK; whether it is carried out at once, or only then.
        case hold(done: Bool)
    }

    /// What becomes of a command that this director does not know.
    enum Ignorance: Sendable { case closes, isSilent }

    var backends: [Backend]
    /// The status of DIRECTOR-LIST's `self` line.
    var ring = "ring synced"
    /// Answers to the HOST-DOWNs and HOST-UPs to come, in their order; then all is well.
    var answers: [Answer] = []
    /// The answer to HOST-RESET-USERS and HOST-FLUSH.
    var moveAnswer = Answer.ok
    /// Set for a director that knows only HOST-LIST, HOST-DOWN and HOST-UP.
    var ignorance: Ignorance?
    /// Lines of HOST-LIST that are sent before the backends'.
    var extraRows: [String] = []

    init(_ backends: [Backend]) { self.backends = backends }
}

extension DirectorModel {
    /// What is said to a line, and what comes with it.
    struct Response {
        /// Nil for silence.
        var text: String?
        var closes = false
        /// A backend's switch that is thrown when the answer goes out.
        var change: (address: String, isUp: Bool)?
        /// Whether it can be released later.
        var isHeld = false
        /// What HOST-LIST showed.
        var shown: [IPAddress: HostState]?
    }

    /// The answer to a line; throws a switch where that comes before the answer.
    mutating func respond(to line: String) -> Response {
        let fields = line.split(separator: "\t").map(String.init)
        switch (fields.first, fields.dropFirst().first) {
        case ("HOST-LIST", nil): return Response(text: hostList, shown: states)
        case ("DIRECTOR-LIST", nil) where ignorance == nil:
            return Response(
                text: "127.0.0.12\t9090\tright\t0\tsynced\t0\n127.0.0.11\t9090\tself\t0\t\(ring)\t0\n\n")
        case ("HOST-DOWN", let address?): return change(address, isUp: false)
        case ("HOST-UP", let address?): return change(address, isUp: true)
        case ("HOST-RESET-USERS", let address?) where ignorance == nil, ("HOST-FLUSH", let address?):
            let response = apply(moveAnswer, (address, false))
            if case .ok = moveAnswer { setUsers(0, of: address) }
            return response
        default: return Response(text: nil, closes: ignorance != .isSilent)
        }
    }

    /// Throws a backend's switch.
    mutating func set(_ address: String, isUp: Bool) {
        for index in backends.indices where backends[index].address == address { backends[index].isUp = isUp }
    }

    /// The states that HOST-LIST shows now.
    private var states: [IPAddress: HostState] {
        var states: [IPAddress: HostState] = [:]
        for backend in backends {
            guard let address = IPAddress(backend.address) else { continue }
            states[address] = backend.isUp ? .up : .down
        }
        return states
    }

    private var hostList: String {
        let rows = backends.map { "\($0.address)\t\($0.vhosts)\t\($0.users)\t\t\($0.isUp ? "U" : "D")\t0" }
        return (extraRows + rows).map { $0 + "\n" }.joined() + "\n"
    }

    private mutating func setUsers(_ users: Int, of address: String) {
        for index in backends.indices where backends[index].address == address { backends[index].users = users }
    }

    private mutating func change(_ address: String, isUp: Bool) -> Response {
        guard backends.contains(where: { $0.address == address }) else { return Response(text: "NOTFOUND\n") }
        return apply(answers.isEmpty ? .ok : answers.removeFirst(), (address, isUp))
    }

    private mutating func apply(_ answer: Answer, _ change: (address: String, isUp: Bool)) -> Response {
        switch answer {
        case .ok: return Response(text: "OK\n", change: change)
        case .text(let text, let done): return Response(text: text + "\n", change: done ? change : nil)
        case .close(let done): return Response(text: nil, closes: true, change: done ? change : nil)
        case .hold(let done):
            if done { set(change.address, isUp: change.isUp) }
            return Response(text: nil, change: change, isHeld: true)
        }
    }
}
