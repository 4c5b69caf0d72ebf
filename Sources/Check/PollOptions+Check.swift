package import Probes

extension PollOptions {
    /// Has polls remove test messages alone, where all mail was to be removed; gives whether it was. Whoever looks how the
    /// backends are does not mean to empty a mailbox.
    package mutating func spareStrangers() -> Bool {
        let removesAll = imap.removal == .all || pop3.removal == .all
        if imap.removal == .all { imap.removal = .marked }
        if pop3.removal == .all { pop3.removal = .marked }
        return removesAll
    }
}
