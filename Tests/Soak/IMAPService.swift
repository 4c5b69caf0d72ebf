import FakePeers
import NIOCore

/// What is wrong with a backend.
enum Fault: Hashable, Sendable, CaseIterable {
    /// Nothing listens.
    case refuse
    /// It accepts, and says nothing.
    case hang
    /// Its greeting comes byte by byte, and never ends.
    case drip
    /// It speaks no IMAP.
    case garbage
    /// It closes, or resets, anywhere in the conversation.
    case close
    /// Each answer takes its time, and all together sometimes too much.
    case slow
    /// It rejects the account.
    case deny
}

/// One connection to a backend.
final class IMAPService: LineService {
    private let fault: Fault?
    private let slowness: TimeAmount
    /// After so many answers a connection that is to be closed is.
    private var patience: Int
    private let tellDone: () -> Void

    init(_ fault: Fault?, slowness: TimeAmount, using chance: inout Chance, done tellDone: @escaping () -> Void) {
        self.fault = fault
        self.slowness = .nanoseconds(Int64.random(in: 0...slowness.nanoseconds, using: &chance))
        patience = Int.random(in: 0...3, using: &chance)
        self.tellDone = tellDone
    }

    func opened(_ channel: any Channel) {
        switch fault {
        case .refuse, .hang: break
        case .drip: drip("* OK ", channel)
        case .garbage: channel.say(String(repeating: "\u{0}\u{7f}?\r\n+", count: 2_000))
        default: answer("* OK [CAPABILITY IMAP4rev1] ready\r\n", channel)
        }
    }

    func heard(_ line: String, _ channel: any Channel) {
        let words = line.split(separator: " ", maxSplits: 2)
        guard fault != .hang, words.count > 1 else { return }
        let tag = words[0]
        switch words[1].uppercased() {
        case "CAPABILITY": answer("* CAPABILITY IMAP4rev1\r\n\(tag) OK that is all\r\n", channel)
        case "LOGIN" where fault == .deny: answer("\(tag) NO [AUTHENTICATIONFAILED] not you\r\n", channel)
        case "LIST": answer("* LIST () \"/\" INBOX\r\n\(tag) OK listed\r\n", channel)
        case "LOGOUT":
            tellDone()
            answer("* BYE\r\n\(tag) OK bye\r\n", channel)
            if fault != .slow { channel.close(promise: nil) }
        default: answer("\(tag) OK done\r\n", channel)
        }
    }

    private func answer(_ text: String, _ channel: any Channel) {
        switch fault {
        case .close where patience == 0:
            text.utf8.count.isMultiple(of: 2) ? channel.reset() : channel.close(promise: nil)
        case .slow: channel.eventLoop.scheduleTask(in: slowness) { channel.say(text) }
        default: channel.say(text)
        }
        patience -= 1
    }

    private func drip(_ text: String, _ channel: any Channel) {
        guard channel.isActive, let first = text.first else { return }
        channel.say(String(first))
        channel.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(50)) {
            self.drip(String(text.dropFirst() + "x"), channel)
        }
    }
}
