internal import Rehearsal
internal import Site

@testable internal import Probes

/// What holds for a poll whatever its server says.
struct PollRules {
    private let input: PollInput
    private let rehearsal: Rehearsal<PollReport>
    /// What was said before TLS was negotiated, and after; all of it is before where it never was.
    private let clear: [[UInt8]]
    private let said: [String]

    /// What may follow another command in one packet there; IMAP's have a tag.
    private static let commandsOfLMTP = ["MAIL FROM:", "RCPT TO:", "RSET", "DATA", "QUIT"]

    init(_ input: PollInput, _ rehearsal: Rehearsal<PollReport>) {
        self.input = input
        self.rehearsal = rehearsal
        clear = rehearsal.words.prefix { $0 != .handshake }.compactMap(\.bytes)
        said = rehearsal.words.compactMap(\.bytes).map { String(decoding: $0, as: UTF8.self) }
    }

    func check(_ complaints: inout Complaints) {
        checkReport(&complaints)
        checkSecrecy(&complaints)
        checkCommands(&complaints)
        switch input.plan.service.mailProtocol {
        case .imap: checkIMAPRemoval(&complaints)
        case .pop3: checkPOP3Removal(&complaints)
        default: break
        }
    }

    private func checkReport(_ complaints: inout Complaints) {
        let report = rehearsal.outcome
        let phases = report.phases
        complaints.unless(phases.reduce(.zero) { $0 + $1.duration } == report.duration, "phases miss the duration")
        complaints.unless(phases.first?.phase == .connect, "the first phase is no connection")
        complaints.unless(Set(phases.map(\.phase)).count == phases.count, "a phase came twice: \(phases)")
        complaints.unless(report.succeeded == (phases.last?.phase == .logout), "it ended in \(phases), \(report)")
        complaints.unless(report.failure.map { $0.phase == phases.last?.phase } != false, "failed elsewhere: \(report)")
        complaints.unless(report.failure.map { isShowable($0.text, limit: 200) } != false, "not to be shown: \(report)")
        complaints.unless(
            report.failure?.code.map { isShowable($0, limit: 64) } != false, "a code not to be shown: \(report)")
        complaints.unless(report.warnings.allSatisfy { isShowable($0.text, limit: 200) }, "warnings: \(report)")
    }

    /// The password as it is and as SASL PLAIN has it, without the padding.
    private func checkSecrecy(_ complaints: inout Complaints) {
        guard let account = input.plan.account else { return }
        let encoded = String(decoding: SASL.plain(account).prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
        let quoted = String(decoding: IMAPString.quotedContent(account.password.secret.utf8), as: UTF8.self)
        let secrets = [account.password.secret, encoded, quoted]
        let report = rehearsal.outcome
        let shown = [report.failure?.text, report.failure?.code].compactMap { $0 } + report.warnings.map(\.text)
        for text in shown {
            complaints.unless(!secrets.contains { text.contains($0) }, "the password is shown: \(report)")
        }
        guard input.plan.service.tls == .starttls else { return }
        for text in clear.map({ String(decoding: $0, as: UTF8.self) }) {
            complaints.unless(!secrets.contains { text.contains($0) }, "the password goes out in clear: \(text)")
        }
    }

    /// A line is a command of its own, or behind a literal, so that nothing of a server's gets one; a message has more.
    private func checkCommands(_ complaints: inout Complaints) {
        for bytes in rehearsal.words.compactMap(\.bytes) {
            complaints.unless(bytes.suffix(2) == [13, 10], "said without a line end: \(bytes)")
            if String(decoding: bytes, as: UTF8.self).contains("\(MessageMark.field): ") { continue }
            let lines = bytes.dropLast(2).split(separator: 10, omittingEmptySubsequences: false)
            for (former, line) in zip(lines, lines.dropFirst()) where former.suffix(2) != [UInt8(ascii: "}"), 13] {
                complaints.unless(
                    line.starts(with: [UInt8(ascii: "d")])
                        || Self.commandsOfLMTP.contains { line.starts(with: $0.utf8) },
                    "a line that is no command: \(bytes)")
            }
        }
    }

    /// Only what a server shows with a mark is named to be removed, and only what was asked for.
    private func checkIMAPRemoval(_ complaints: inout Complaints) {
        let removal = input.plan.options.imap.removal
        var removed: Set<Substring> = []
        for command in said where command.contains("STORE ") || command.contains("EXPUNGE") {
            let words = command.dropLast().split(separator: " ").dropFirst()
            if words.first == "UID", words.count > 2 {
                complaints.unless(removal == .marked, "removed without being asked to: \(command)")
                removed.formUnion(words[words.startIndex + 2].split(separator: ","))
            } else {
                complaints.unless(removal == .all, "all messages removed: \(command)")
            }
        }
        let text = transcript
        for uid in removed {
            complaints.unless(text.contains("uid \(uid)"), "removed, and never shown: \(uid)")
        }
        complaints.unless(removed.count <= marks(in: text), "more removed than marked: \(removed)")
    }

    private func checkPOP3Removal(_ complaints: inout Complaints) {
        let deleted = said.compactMap { $0.hasPrefix("DELE ") ? $0.dropFirst(5) : nil }
        switch input.plan.options.pop3.removal {
        case .no: complaints.unless(deleted.isEmpty, "removed without being asked to: \(deleted)")
        case .all: complaints.unless(Set(deleted).count == deleted.count, "removed twice: \(deleted)")
        case .marked:
            for number in deleted {
                complaints.unless(
                    said.contains("TOP \(number.dropLast(1)) 0\r\n"), "removed, and never looked at: \(number)")
            }
            complaints.unless(deleted.count <= marks(in: transcript), "more removed than marked: \(deleted)")
        }
    }

    private var transcript: String { String(decoding: input.transcript, as: UTF8.self).lowercased() }

    private func marks(in text: String) -> Int { text.ranges(of: "x-dovemon-test:").count }
}

extension Rehearsal.Word {
    /// What was said; nil for a handshake.
    fileprivate var bytes: [UInt8]? {
        guard case .said(let bytes) = self else { return nil }
        return bytes
    }
}
