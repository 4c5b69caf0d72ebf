import Rehearsal
import Site
import Testing
import Transport

@testable import Probes

/// What came of a poll: what was said, and the report.
struct Performance: Equatable {
    var said: [String] = []
    var report: PollReport
    /// How often a piece of the transcript was still there when the poll ended.
    var ended = true

    /// What stands among the words that were said for a TLS handshake.
    static let handshake = "(TLS)"

    /// The phases and their times as text: `connect 2, greeting 1`.
    var phases: String {
        report.phases.map { "\($0.phase.rawValue) \(Int($0.duration.inMilliseconds))" }.joined(separator: ", ")
    }
}

/// Holds a poll against a server's transcript, as `Rehearsal` does.
func rehearse(
    _ plan: PollPlan, _ pieces: [ArraySlice<UInt8>], then end: Interruption = .hangUp,
    transcribing: Transcribing = .nothing
) -> Performance {
    func poll(_ dialogue: some Dialogue) -> Performance {
        rehearse(Poll(dialogue, plan: plan, startedAt: .origin, date: 0, transcribing: transcribing), pieces, end)
    }
    return switch plan.service.mailProtocol {
    case .imap: poll(IMAPDialogue(plan, .test))
    case .pop3: poll(POP3Dialogue(plan, .test))
    case .lmtp: poll(LMTPDialogue(plan, .test))
    case .sieve: poll(SieveDialogue(plan))
    case .submission: poll(SubmissionDialogue(plan))
    case .banner: poll(BannerDialogue())
    }
}

private func rehearse(
    _ poll: Poll<some Dialogue>, _ pieces: [ArraySlice<UInt8>], _ end: Interruption
) -> Performance {
    let rehearsal = rehearse(poll, pieces, then: end)
    let said = rehearsal.words.map { word in
        switch word {
        case .said(let bytes): String(decoding: bytes, as: UTF8.self)
        case .handshake: Performance.handshake
        }
    }
    return Performance(said: said, report: rehearsal.outcome, ended: rehearsal.endedEarly)
}

/// Holds a poll against a transcript that arrives whole, byte by byte and split at every point, which must make no
/// difference.
func rehearse(
    _ plan: PollPlan, _ transcript: [UInt8], then end: Interruption = .hangUp,
    sourceLocation: SourceLocation = #_sourceLocation
) -> Performance {
    let whole = rehearse(plan, [transcript[...]], then: end)
    let bytewise = rehearse(plan, transcript.indices.map { transcript[$0...$0] }, then: end)
    #expect(bytewise == whole, "byte by byte", sourceLocation: sourceLocation)
    for point in 1..<max(1, transcript.count) {
        let split = rehearse(plan, [transcript[..<point], transcript[point...]], then: end)
        guard split == whole else {
            Issue.record("split at \(point): \(split), and not \(whole)", sourceLocation: sourceLocation)
            break
        }
    }
    return whole
}

/// The same for lines, to which their ends are added.
func rehearse(
    _ plan: PollPlan, _ lines: [String], then end: Interruption = .hangUp,
    sourceLocation: SourceLocation = #_sourceLocation
) -> Performance {
    rehearse(plan, lines.flatMap { Array($0.utf8) + crlf }, then: end, sourceLocation: sourceLocation)
}

extension Interruption {
    /// The server ends the connection.
    static let hangUp = Interruption.closed("connection closed by the peer")
}

extension PollPlan {
    static let joe = Account(username: "joe", password: Password("hunter2"))

    static func imap(_ account: Account? = joe, list: Bool = true) -> PollPlan {
        PollPlan(
            service: Service(.imap, port: 143), account: account, options: PollOptions(imap: IMAPChecks(lists: list)))
    }
    static func pop3(_ account: Account? = joe) -> PollPlan {
        PollPlan(service: Service(.pop3, port: 110), account: account)
    }
    static func lmtp(_ account: Account? = joe) -> PollPlan {
        PollPlan(
            service: Service(.lmtp, port: 24), account: account, options: PollOptions(clientName: "monitor.example"))
    }
}

extension Account {
    convenience init(_ username: String, _ password: String) {
        self.init(username: username, password: Password(password))
    }
}

extension MessageStamp {
    /// Saturday, 21 November 2026, 03:25:46 UTC.
    static let test = MessageStamp(seconds: 1_795_231_546, unique: 0x7f3a, pollTime: .seconds(3))
}
