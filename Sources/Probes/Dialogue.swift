internal import Site

/// What one protocol says and expects, as a pure machine in lines.
///
/// The phase tells how far it has come. Once it is `.logout` the poll has succeeded, and only the goodbye is missing.
protocol Dialogue: Sendable {
    /// How far the conversation has come.
    var phase: Phase { get }
    /// The server has sent a line.
    mutating func lineReceived(_ line: ArraySlice<UInt8>) -> Turn
    /// TLS is negotiated behind `Turn.startTLS`: whatever the server has said of its capabilities is forgotten.
    mutating func encrypted() -> Turn
    /// What it has noticed that is no failure.
    var warnings: [PollWarning] { get }
    /// The id of the test message that the server took for delivery.
    var deliveredMessage: String? { get }
}

extension Dialogue {
    /// A protocol without STARTTLS never comes here.
    mutating func encrypted() -> Turn { .listen }
    /// Most have nothing to tell.
    var warnings: [PollWarning] { [] }
    /// Only LMTP delivers.
    var deliveredMessage: String? { nil }
}

/// A dialogue's answer to a line.
enum Turn: Equatable {
    /// Nothing to say: the next line is awaited.
    case listen
    /// This is said, and the next line awaited. `behind` goes before it, in the same packet: commands without a password,
    /// whose replies come first.
    case say([UInt8], behind: [[UInt8]] = [])
    /// So many bytes are read over before the next line.
    case skip(Int)
    /// The server consented to TLS, which is negotiated now.
    case startTLS
    /// So many bytes are taken as they are in place of the next line: no more than a line may have.
    case read(Int)
    /// The goodbye was heard: all went well.
    case done
    /// The server refused, or what it said makes no sense. `code` and `text` are parts of its line; `remark` is what this
    /// program has to say before them. `of` is that line where it is an earlier one than the one that is answered.
    case fail(
        FailureKind, code: ArraySlice<UInt8>? = nil, remark: String = "", text: ArraySlice<UInt8> = [],
        of: ArraySlice<UInt8>? = nil)
}

extension Turn {
    /// What a server said that is none of what it may say here.
    static func malformed(_ expected: String, got line: ArraySlice<UInt8>) -> Turn {
        .fail(.malformed, remark: "not \(expected): ", text: line)
    }
    /// TLS is wanted, and cannot be had.
    static let startTLSNotOffered = Turn.fail(.tls, remark: "STARTTLS is not offered")
    /// Asks for TLS by the protocol's own word for it, where it can be had.
    static func askForTLS(_ command: String = "STARTTLS", isOffered: Bool) -> Turn {
        isOffered ? .command(command) : .startTLSNotOffered
    }
    /// A command, its line end added.
    static func command(_ text: String) -> Turn { .say(Array(text.utf8) + crlf) }
}

let crlf: [UInt8] = [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
