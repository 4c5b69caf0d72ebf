internal import Rehearsal
internal import Site
internal import Transport

@testable internal import Probes

/// The dialogues, each in a real poll. The input's first four bytes choose what is polled and how its answers arrive
/// (`PollInput`); the rest is what the server says.
enum PollTarget {
    static let all = MailProtocol.allCases.filter { $0 != .banner }.map { mailProtocol in
        FuzzTarget(name: mailProtocol.rawValue) { complaints(mailProtocol, $0) }
    }

    private static func complaints(_ mailProtocol: MailProtocol, _ bytes: [UInt8]) -> [String] {
        guard let input = PollInput(mailProtocol, bytes) else { return [] }
        let cut = play(input, pieces(input.transcript, by: input.cut))
        let whole = play(input, [input.transcript])
        var complaints = Complaints()
        complaints.unless(cut == whole, "it makes a difference how the bytes arrive: \(cut), \(whole)")
        PollRules(input, whole).check(&complaints)
        return complaints.texts
    }

    private static func play(_ input: PollInput, _ pieces: [ArraySlice<UInt8>]) -> Rehearsal<PollReport> {
        func hold(_ dialogue: some Dialogue) -> Rehearsal<PollReport> {
            let poll = Poll(dialogue, plan: input.plan, startedAt: .origin, date: 0)
            return rehearse(poll, pieces, limit: input.limit, then: input.end)
        }
        let plan = input.plan
        return switch plan.service.mailProtocol {
        case .imap: hold(IMAPDialogue(plan, input.stamp))
        case .pop3: hold(POP3Dialogue(plan, input.stamp))
        case .lmtp: hold(LMTPDialogue(plan, input.stamp))
        case .sieve: hold(SieveDialogue(plan))
        case .submission: hold(SubmissionDialogue(plan))
        case .banner: hold(BannerDialogue())
        }
    }
}
