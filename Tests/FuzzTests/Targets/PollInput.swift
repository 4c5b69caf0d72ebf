internal import Site
internal import Transport

@testable internal import Probes

/// A poll, and what its server says, as an input's bytes have it.
struct PollInput {
    let plan: PollPlan
    /// Of what time and number the poll's own message is.
    let stamp = MessageStamp(seconds: 1_795_231_546, unique: 0x7f3a, pollTime: .seconds(3))
    /// The most bytes that a line may have.
    let limit: Int
    /// What befalls the connection when all has been said.
    let end: Interruption
    /// How the bytes are cut into pieces.
    let cut: UInt8
    let transcript: ArraySlice<UInt8>

    /// Reads the four bytes; nil when there are fewer. Letters stand for each choice, so that an input can be written.
    init?(_ mailProtocol: MailProtocol, _ bytes: [UInt8]) {
        guard bytes.count >= 4 else { return nil }
        var options = PollOptions(clientName: "mon.example", instance: "a1")
        let (who, what) = (bytes[0], bytes[1])
        let removal = [Removal.marked, .no, .all, .marked][Int(what & 3)]
        options.imap = IMAPChecks(
            lists: what & 4 != 0, selects: what & 8 == 0, appends: what & 16 == 0, removal: removal)
        options.pop3 = POP3Checks(stats: what & 8 == 0, removal: removal)
        options.lmtp = LMTPChecks(
            tests: what & 4 != 0, delivers: what & 8 == 0, from: what & 16 != 0 ? "a b@mon.example" : "")
        plan = PollPlan(
            service: Service(mailProtocol, port: 1, tls: who & 4 != 0 ? .starttls : who & 8 != 0 ? .implicit : .none),
            account: Self.accounts[Int(who & 3)], options: options,
            expectedMessage: who & 16 != 0 ? "mon.example/a1/1/00000000000000ff" : nil)
        cut = bytes[2]
        limit = bytes[3] & 4 == 0 ? Limits.poll.line : 48
        end =
            [Interruption.closed("closed"), .deadline, .local("no memory"), .oversized("too much")][Int(bytes[3] & 3)]
        transcript = bytes.dropFirst(4)
    }

    private static let accounts: [Account?] = [
        nil, Account(username: "joe", password: Password("hunter2")),
        Account(username: "jürgen", password: Password("pässwört"), lmtpAddress: "j@mon.example"),
        Account(username: "a \"b\"", password: Password("s3cret \"pass\\word\""), masterUser: "master"),
    ]
}
