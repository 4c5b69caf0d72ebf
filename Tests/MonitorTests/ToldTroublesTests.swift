import Site
import Testing

@testable import Monitor

@Suite struct ToldTroublesTests {
    private var troubles = ToldTroubles()

    /// Whether a poll's own trouble is news so many seconds after the start.
    private mutating func isNews(_ text: String, _ number: Int = 1, at seconds: Double) -> Bool {
        let failure = PollFailure(phase: .connect, kind: .local, text: text)
        let now = Instant.origin + .milliseconds(Int(seconds * 1000))
        return troubles.isNews(failure, row(number).address, imap, at: now)
    }

    @Test mutating func `Two troubles of the machine that take turns neither hide one another nor flood`() {
        let (files, route) = ("Too many open files", "Network is unreachable")
        var told: [String] = []
        for second in 0..<700 {
            let text = second.isMultiple(of: 2) ? files : route
            if isNews(text, second % 50, at: Double(second)) { told.append("\(text) \(second)") }
        }
        #expect(
            told == [
                "\(files) 0", "\(route) 1", "\(files) 300", "\(route) 301", "\(files) 600", "\(route) 601",
            ])
    }

    /// A stall says how long it was, an error of the network where to.
    @Test mutating func `What differs by a number alone is the same trouble`() {
        #expect(isNews("this process was stopped or starved for some 812 ms, then: timeout", at: 0) == true)
        #expect(isNews("this process was stopped or starved for some 1033 ms, then: closed", 2, at: 1) == false)
        #expect(isNews("connection to 10.0.0.1:143 failed", at: 2) == true)
        #expect(isNews("connection to 10.0.0.2:143 failed", 2, at: 3) == false)
    }

    @Test mutating func `However many there are, they are told a few times in five minutes, and never not at all`() {
        var told = 0
        for poll in 0..<1500 where isNews("trouble \(String(repeating: "x", count: poll % 40))", at: Double(poll) / 5) {
            told += 1
        }
        #expect(told == 9)
        // None of those is left by then.
        #expect(isNews("another", at: 700) == true)
    }

    @Test mutating func `That a backend has no name is its own trouble, and is forgotten with it`() {
        let nameless = PollFailure(phase: .resolve, kind: .local, text: "no name")
        for number in 1...20 {
            #expect(troubles.isNews(nameless, row(number).address, imap, at: .origin) == true)
            #expect(troubles.isNews(nameless, row(number).address, imap, at: .origin + .seconds(299)) == false)
        }
        troubles.over(row(1).address, pop3)
        #expect(troubles.isNews(nameless, row(1).address, imap, at: .origin) == false)
        troubles.over(row(1).address, imap)
        troubles.forget(row(2).address)
        for number in 1...3 {
            #expect(troubles.isNews(nameless, row(number).address, imap, at: .origin) == (number < 3))
        }
    }
}
