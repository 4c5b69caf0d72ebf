import Probes
import Site
import Testing

@testable import Check

@Suite struct PollOptionsTests {
    @Test func `a check removes test messages alone`() {
        for (imap, pop3) in [(Removal.all, Removal.all), (.all, .no), (.no, .all), (.marked, .all)] {
            var options = PollOptions(imap: IMAPChecks(removal: imap), pop3: POP3Checks(removal: pop3))
            let removed = options.spareStrangers()
            #expect(removed)
            #expect(options.imap.removal == (imap == .all ? .marked : imap))
            #expect(options.pop3.removal == (pop3 == .all ? .marked : pop3))
        }
        var options = PollOptions(imap: IMAPChecks(removal: .marked))
        let before = options
        let removed = options.spareStrangers()
        #expect(!removed && options == before)
    }
}
